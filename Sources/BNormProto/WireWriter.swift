import BNormTensor

/// Writes the fields of one protobuf message.
public struct WireWriter {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  private mutating func tag(_ field: Int, _ wireType: UInt64) {
    varint(UInt64(field) << 3 | wireType)
  }

  public mutating func varint(_ field: Int, _ value: UInt64) {
    tag(field, 0)
    varint(value)
  }
  public mutating func integer(_ field: Int, _ value: Int) {
    varint(field, UInt64(bitPattern: Int64(value)))
  }
  public mutating func bool(_ field: Int, _ value: Bool) { varint(field, value ? 1 : 0) }
  public mutating func fixed64(_ field: Int, _ value: UInt64) {
    tag(field, 1)
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
  public mutating func fixed32(_ field: Int, _ value: UInt32) {
    tag(field, 5)
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
  public mutating func float(_ field: Int, _ value: Float) { fixed32(field, value.bitPattern) }

  public mutating func data(_ field: Int, _ value: some Collection<UInt8>) {
    tag(field, 2)
    varint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }
  public mutating func string(_ field: Int, _ value: String) { data(field, value.utf8) }

  /// A nested message that `body` writes.
  public mutating func message(
    _ field: Int, _ body: (inout WireWriter) throws -> Void
  ) rethrows {
    var inner = WireWriter()
    try body(&inner)
    data(field, inner.bytes)
  }

  /// The tag and length of a field whose `count` bytes the caller writes elsewhere.
  public mutating func header(_ field: Int, count: Int) {
    tag(field, 2)
    varint(UInt64(count))
  }
}
