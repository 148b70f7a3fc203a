import BNormTensor
import CProtobufC

/// Refuses messages that are nested so deeply that unpacking them would exhaust the stack.
enum NestingCheck {
  static let limit = 100
  /// A nested message takes two bytes at least, so a shorter one cannot reach the limit by itself.
  private static let harmlessSize = 2 * limit

  static func check(
    _ bytes: UnsafeRawBufferPointer, _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>,
    depth: Int = 0
  ) throws {
    guard bytes.count > harmlessSize else { return }
    guard depth < limit else {
      throw BNormError.invalid("malformed protobuf: messages nested more than \(limit) deep")
    }
    var reader = WireReader(bytes)
    while let (number, value) = try reader.next() {
      guard case .bytes(let inner) = value, inner.count > harmlessSize,
        let number = UInt32(exactly: number),
        let field = protobuf_c_message_descriptor_get_field(descriptor, number),
        field.pointee.type == PROTOBUF_C_TYPE_MESSAGE, let type = field.pointee.descriptor
      else { continue }
      try check(
        inner, type.assumingMemoryBound(to: ProtobufCMessageDescriptor.self), depth: depth + 1)
    }
  }
}
