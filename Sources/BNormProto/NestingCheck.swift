import BNormTensor
import CProtobufC

/// Refuses messages that are nested so deeply that unpacking them would exhaust the stack, or that
/// repeat a single field so often that merging the occurrences would take forever.
enum NestingCheck {
  static let limit = 100
  private static let repetitionLimit = 256
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
    var singular = 0
    while let (number, value) = try reader.next() {
      guard case .bytes(let inner) = value, let number = UInt32(exactly: number),
        let field = protobuf_c_message_descriptor_get_field(descriptor, number),
        field.pointee.type == PROTOBUF_C_TYPE_MESSAGE, let type = field.pointee.descriptor
      else { continue }
      if field.pointee.label != PROTOBUF_C_LABEL_REPEATED {
        singular += 1
        guard singular <= repetitionLimit else {
          throw BNormError.invalid("malformed protobuf: a single field occurs again and again")
        }
      }
      try check(
        inner, type.assumingMemoryBound(to: ProtobufCMessageDescriptor.self), depth: depth + 1)
    }
  }
}
