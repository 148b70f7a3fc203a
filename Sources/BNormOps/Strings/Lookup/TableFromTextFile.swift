import BNormCore
import BNormTensor
import Glibc

/// Fills a table from the lines of a file: keys and values are columns, whole lines or line numbers.
struct InitializeTableFromTextFile: EagerOperation {
  static let opNames = ["InitializeTableFromTextFile", "InitializeTableFromTextFileV2"]
  let keyIndex: Int
  let valueIndex: Int
  let vocabularySize: Int
  let delimiter: UInt8
  let offset: Int

  private static let lineNumber = -1
  private static let wholeLine = -2

  init(_ node: NodeContext) throws {
    keyIndex = try node.int("key_index")
    valueIndex = try node.int("value_index")
    vocabularySize = try node.int("vocab_size")
    let text = try node.bytes("delimiter")
    guard text.count == 1 else {
      throw BNormError.invalid("attribute delimiter is \"\(text)\", expected one character")
    }
    delimiter = text.bytes[0]
    offset = try node.int("offset")
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let table = try inputs[0].table()
    if table.isInitialized { return [] }
    var path = try inputs[1].scalarString("input 1 (filename)").string
    if !path.hasPrefix("/"), let folder = context.session.assetFolder { path = folder + "/" + path }
    var lines = try TextFile.lines(path)
    guard offset >= 0, offset <= lines.count else {
      throw BNormError.invalid("\(path) has \(lines.count) lines, offset is \(offset)")
    }
    lines.removeFirst(offset)
    if vocabularySize > 0 {
      guard lines.count >= vocabularySize else {
        throw BNormError.invalid("\(path) has \(lines.count) lines, vocab_size is \(vocabularySize)")
      }
      lines.removeLast(lines.count - vocabularySize)
    }
    let keys = try column(keyIndex, lines, table.keyDType, path)
    try table.initialize(keys, try column(valueIndex, lines, table.valueDType, path))
    return []
  }

  private func column(_ index: Int, _ lines: [ByteString], _ dtype: DType, _ path: String) throws -> Tensor {
    let count = lines.count
    if index == InitializeTableFromTextFile.lineNumber {
      guard dtype == .int64 else {
        throw BNormError.invalid("line numbers need dtype int64, the table has \(dtype.name)")
      }
      return Tensor((0..<count).map { Int64($0) })
    }
    let texts = try lines.enumerated().map { i, line -> ByteString in
      if index == InitializeTableFromTextFile.wholeLine { return line }
      let parts = line.bytes.split(separator: delimiter, omittingEmptySubsequences: false)
      guard index < parts.count else {
        throw BNormError.invalid("\(path) line \(i + offset + 1) has \(parts.count) columns, column \(index) is asked for")
      }
      return ByteString(parts[index])
    }
    func numbers<T: Element>(_ read: (String) -> T?) throws -> Tensor {
      Tensor(
        try texts.map { text in
          guard let value = read(NumberText.trim(text)) else {
            throw BNormError.invalid("\(path): \"\(text)\" is no number of dtype \(dtype.name)")
          }
          return value
        })
    }
    switch dtype {
    case .string: return Tensor(strings: texts, shape: [count])
    case .int32: return try numbers { NumberText.integer($0) as Int32? }
    case .int64: return try numbers { NumberText.integer($0) as Int64? }
    case .float: return try numbers(NumberText.float)
    case .double: return try numbers(NumberText.double)
    default: throw BNormError.unsupported("a text file column of dtype \(dtype.name)")
    }
  }
}

/// Text files by lines.
enum TextFile {
  static func lines(_ path: String) throws -> [ByteString] {
    guard let file = fopen(path, "rb") else {
      throw BNormError.invalid("cannot read \(path): \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let n = fread(&buffer, 1, buffer.count, file)
      if n == 0 { break }
      bytes += buffer[0..<n]
    }
    var lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map { line in
      ByteString(line.last == 13 ? line.dropLast() : line)
    }
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }
}
