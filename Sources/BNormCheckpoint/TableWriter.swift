import BNormTensor

/// Writes a sorted table of keys and values in LevelDB's format, not compressed.
final class TableWriter {
  private static let blockSize = 256 << 10
  private static let restartInterval = 16

  private let output: OutputFile
  private var block = Block(restartInterval: restartInterval)
  private var index = Block(restartInterval: 1)

  init(_ output: OutputFile) { self.output = output }

  /// Adds an entry; keys must come in ascending order.
  func add(_ key: [UInt8], _ value: [UInt8]) throws {
    block.add(key, value)
    if block.bytes.count >= TableWriter.blockSize { try flush() }
  }

  func finish() throws {
    if !block.isEmpty { try flush() }
    let meta = try write(Block(restartInterval: 1))
    let handle = try write(index)
    var footer = meta + handle
    footer += [UInt8](repeating: 0, count: 40 - footer.count)
    footer += [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]
    try output.write(footer)
    try output.close()
  }

  private func flush() throws {
    let last = block.lastKey
    index.add(last, try write(block))
    block = Block(restartInterval: TableWriter.restartInterval)
  }

  /// Writes a block; its handle.
  private func write(_ block: Block) throws -> [UInt8] {
    var bytes = block.finished()
    let handle = varint(output.offset) + varint(bytes.count)
    bytes.append(0)
    let checksum = bytes.withUnsafeBytes { Checksum.masked($0) }
    bytes += withUnsafeBytes(of: checksum.littleEndian) { Array($0) }
    try output.write(bytes)
    return handle
  }
}

private struct Block {
  private(set) var bytes: [UInt8] = []
  private(set) var lastKey: [UInt8] = []
  private var restarts: [UInt32] = [0]
  private var sinceRestart = 0
  private let restartInterval: Int

  init(restartInterval: Int) { self.restartInterval = restartInterval }

  var isEmpty: Bool { bytes.isEmpty }

  mutating func add(_ key: [UInt8], _ value: [UInt8]) {
    var shared = 0
    if sinceRestart == restartInterval {
      restarts.append(UInt32(bytes.count))
      sinceRestart = 0
    } else if !bytes.isEmpty {
      shared = zip(key, lastKey).prefix { $0 == $1 }.count
    }
    bytes += varint(shared) + varint(key.count - shared) + varint(value.count)
    bytes += key[shared...]
    bytes += value
    lastKey = key
    sinceRestart += 1
  }

  func finished() -> [UInt8] {
    var out = bytes
    for word in restarts + [UInt32(restarts.count)] {
      out += withUnsafeBytes(of: word.littleEndian) { Array($0) }
    }
    return out
  }
}

private func varint(_ value: Int) -> [UInt8] {
  var out: [UInt8] = []
  var rest = UInt(bitPattern: value)
  while rest >= 0x80 {
    out.append(UInt8(rest & 0x7f) | 0x80)
    rest >>= 7
  }
  return out + [UInt8(rest)]
}
