import BNormTensor

/// Decompresses Snappy blocks.
enum Snappy {
  static func decode(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
    var position = 0
    let count = try length(bytes, &position)
    // Two bytes make 64 at most.
    guard count <= bytes.count * 32 + 64 else { throw damaged }
    var out: [UInt8] = []
    out.reserveCapacity(count)
    while position < bytes.count {
      let tag = bytes[position]
      position += 1
      if tag & 3 == 0 {
        let length = try number(Int(tag >> 2), 60, bytes, &position) + 1
        guard length <= bytes.count - position, length <= count - out.count else { throw damaged }
        out.append(contentsOf: bytes[position..<position + length])
        position += length
      } else {
        try copy(tag, bytes, &position, &out, limit: count)
      }
    }
    guard out.count == count else { throw damaged }
    return out
  }

  private static func copy(
    _ tag: UInt8, _ bytes: UnsafeRawBufferPointer, _ position: inout Int, _ out: inout [UInt8],
    limit: Int
  ) throws {
    var length = Int(tag >> 2) + 1
    let offset: Int
    switch tag & 3 {
    case 1:
      length = Int(tag >> 2) & 7 + 4
      offset = Int(tag >> 5) << 8 | (try little(1, bytes, &position))
    case 2: offset = try little(2, bytes, &position)
    default: offset = try little(4, bytes, &position)
    }
    guard offset > 0, offset <= out.count, length <= limit - out.count else { throw damaged }
    for _ in 0..<length { out.append(out[out.count - offset]) }
  }

  /// A number that is `small` itself below `limit`, and else lies in `small - limit + 1` bytes.
  private static func number(
    _ small: Int, _ limit: Int, _ bytes: UnsafeRawBufferPointer, _ position: inout Int
  ) throws -> Int {
    small < limit ? small : try little(small - limit + 1, bytes, &position)
  }

  private static func little(
    _ size: Int, _ bytes: UnsafeRawBufferPointer, _ position: inout Int
  ) throws -> Int {
    guard size <= bytes.count - position else { throw damaged }
    defer { position += size }
    return (0..<size).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
  }

  private static func length(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) throws -> Int {
    var value = 0
    for shift in stride(from: 0, to: 35, by: 7) {
      guard position < bytes.count else { throw damaged }
      let byte = bytes[position]
      position += 1
      value |= Int(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw damaged
  }

  private static var damaged: BNormError { .invalid("damaged Snappy data") }
}
