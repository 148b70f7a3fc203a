import BNormTensor

/// Reads the fields of one protobuf message, without a description of it.
public struct WireReader {
  public enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(UnsafeRawBufferPointer)
  }

  public let bytes: UnsafeRawBufferPointer
  public private(set) var offset = 0

  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  public var isAtEnd: Bool { offset >= bytes.count }

  /// The next field, or nil at the end.
  @inline(__always)
  public mutating func next() throws -> (field: Int, value: Value)? {
    guard offset < bytes.count else { return nil }
    let start = offset
    let tag = try varint()
    guard tag >> 3 != 0, tag >> 3 < 1 << 29 else {
      throw WireReader.malformed("no field number", start)
    }
    let field = Int(tag >> 3)
    switch tag & 7 {
    case 0: return (field, .varint(try varint()))
    case 1: return (field, .fixed64(try fixed(UInt64.self)))
    case 2: return (field, .bytes(try lengthDelimited()))
    case 5: return (field, .fixed32(try fixed(UInt32.self)))
    default: throw WireReader.malformed("wire type \(tag & 7)", start)
    }
  }

  @inline(__always)
  public mutating func varint() throws -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    let start = offset
    while offset < bytes.count, shift < 70 {
      let byte = bytes[offset]
      offset += 1
      value |= UInt64(byte & 0x7f) &<< shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw WireReader.malformed("a number without an end", start)
  }

  private mutating func fixed<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
    let size = MemoryLayout<T>.size
    guard bytes.count - offset >= size else {
      throw WireReader.malformed("the end inside a field", offset)
    }
    defer { offset += size }
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// The next `count` bytes.
  public mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
    guard count >= 0, count <= bytes.count - offset else {
      throw WireReader.malformed("\(count) bytes where \(bytes.count - offset) are left", offset)
    }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }

  private mutating func lengthDelimited() throws -> UnsafeRawBufferPointer {
    let start = offset
    let length = try varint()
    guard length <= UInt64(bytes.count - offset) else {
      throw WireReader.malformed(
        "a length of \(length) bytes where \(bytes.count - offset) are left", start)
    }
    defer { offset += Int(length) }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(length)])
  }

  static func malformed(_ what: String, _ offset: Int) -> BNormError {
    BNormError.invalid("malformed protobuf: \(what) at byte \(offset)")
  }
}
