import BNormTensor
import CProtobufC

/// Strings as TensorFlow writes them into one buffer: all lengths as varints, then all bytes.
public enum StringList {
  public static func decode(_ bytes: UnsafeRawBufferPointer, count: Int) throws -> [ByteString] {
    guard count <= bytes.count else {
      throw BNormError.invalid("\(count) strings cannot lie in \(bytes.count) bytes")
    }
    var reader = WireReader(bytes)
    var lengths: [Int] = []
    lengths.reserveCapacity(count)
    for _ in 0..<count {
      guard let length = Int(exactly: try reader.varint()), length <= bytes.count else {
        throw BNormError.invalid("a string is longer than its buffer of \(bytes.count) bytes")
      }
      lengths.append(length)
    }
    var offset = reader.offset
    var out: [ByteString] = []
    out.reserveCapacity(count)
    for length in lengths {
      guard length <= bytes.count - offset else {
        throw BNormError.invalid("strings are longer than their buffer of \(bytes.count) bytes")
      }
      out.append(ByteString(bytes[offset..<offset + length]))
      offset += length
    }
    return out
  }
}

extension ByteString {
  /// The bytes of a protobuf-C field.
  public init(_ data: ProtobufCBinaryData) {
    self.init(UnsafeRawBufferPointer(start: data.data, count: data.data == nil ? 0 : data.len))
  }
}
