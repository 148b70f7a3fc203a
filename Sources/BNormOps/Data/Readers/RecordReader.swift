import BNormCore
import BNormTensor

/// Gives the records of files, whose names it takes from a queue.
final class RecordReader: TensorObject, @unchecked Sendable {
  enum Form: Sendable {
    case identity
    case wholeFile
    case textLines(skipping: Int)
    case records(windowBits: Int32?)
    case fixedLength(header: Int, length: Int, footer: Int, hop: Int, windowBits: Int32?)
  }

  let form: Form
  private let lock = Lock()
  private var name = ByteString.empty
  private var current: [(key: ByteString, value: ByteString)] = []
  private var next = 0
  private var isOpen = false
  private var produced = 0
  private var completed = 0

  init(_ form: Form) { self.form = form }

  var typeName: String { "Reader" }
  var recordsProduced: Int { lock.withLock { produced } }
  var unitsCompleted: Int { lock.withLock { completed } }

  func reset() {
    lock.withLock {
      (current, next, isOpen) = ([], 0, false)
      (produced, completed) = (0, 0)
    }
  }

  /// The next record; files are taken from `queue` as they are needed.
  func read(
    _ queue: any StringQueue, _ context: RunContext
  ) throws -> (key: ByteString, value: ByteString) {
    try lock.withLock {
      while next >= current.count {
        try open(queue, context)
      }
      return take()
    }
  }

  /// At most `count` records, as many as the open file has if it has any.
  func read(
    upTo count: Int, _ queue: any StringQueue, _ context: RunContext
  ) throws -> [(key: ByteString, value: ByteString)] {
    try lock.withLock {
      var out: [(key: ByteString, value: ByteString)] = []
      while out.count < count {
        if next >= current.count {
          if !out.isEmpty { break }
          try open(queue, context)
          continue
        }
        out.append(take())
      }
      return out
    }
  }

  private func take() -> (key: ByteString, value: ByteString) {
    next += 1
    produced += 1
    // Where a file is one record its end is known with it; else the next read finds it.
    switch form {
    case .identity, .wholeFile: finish()
    default: break
    }
    return current[next - 1]
  }

  private func finish() {
    if isOpen { completed += 1 }
    isOpen = false
  }

  private func open(_ queue: any StringQueue, _ context: RunContext) throws {
    finish()
    name = try queue.takeString()
    (current, next, isOpen) = ([], 0, true)
    current = try records(RecordFile.resolve(name, context))
  }

  private func records(_ path: String) throws -> [(key: ByteString, value: ByteString)] {
    func keyed(_ number: Int, _ value: ByteString) -> (key: ByteString, value: ByteString) {
      (ByteString(name.bytes + Array(":\(number)".utf8)), value)
    }
    switch form {
    case .identity: return [(name, name)]
    case .wholeFile: return [(name, ByteString(try RecordFile.read(path)))]
    case .textLines(let skipped):
      let lines = RecordFile.lines(try RecordFile.read(path))
      return lines.enumerated().dropFirst(skipped).map { keyed($0 + 1, $1) }
    case .records(let bits):
      var offset = 0
      return try RecordFile.records(try RecordFile.read(path, bits), path).map { record in
        defer { offset += record.count + 16 }
        return keyed(offset, record)
      }
    case .fixedLength(let header, let length, let footer, let hop, let bits):
      let records = try RecordFile.records(
        try RecordFile.read(path, bits), header: header, length: length, footer: footer, hop: hop,
        path)
      return records.enumerated().map { keyed($0, $1) }
    }
  }
}
