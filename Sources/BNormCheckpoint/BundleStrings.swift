import BNormProto
import BNormTensor
import CBNormKernels

/// The encoding of a string tensor in a bundle: lengths as varints, a checksum of the lengths, and
/// the bytes. Both checksums cover the lengths as fixed numbers.
enum BundleStrings {
  static func decode(
    _ bytes: UnsafeRawBufferPointer, count: Int, checksum: UInt32
  ) throws -> [ByteString] {
    guard count <= bytes.count else {
      throw BNormError.invalid("\(count) strings cannot lie in \(bytes.count) bytes")
    }
    var reader = WireReader(bytes)
    var crc: UInt32 = 0
    var lengths: [Int] = []
    lengths.reserveCapacity(count)
    for _ in 0..<count {
      guard let length = Int(exactly: try reader.varint()) else { throw damaged }
      extend(&crc, length: length)
      lengths.append(length)
    }
    let stored = try reader.take(4)
    guard stored.loadUnaligned(as: UInt32.self) == bnk_crc32c_mask(crc).littleEndian else {
      throw damaged
    }
    crc = bnk_crc32c(crc, stored.baseAddress, stored.count)
    var out: [ByteString] = []
    out.reserveCapacity(count)
    for length in lengths {
      let text = try reader.take(length)
      crc = bnk_crc32c(crc, text.baseAddress, text.count)
      out.append(ByteString(text))
    }
    guard bnk_crc32c_mask(crc) == checksum else { throw damaged }
    return out
  }

  static func encode(_ strings: [ByteString]) -> (bytes: [UInt8], checksum: UInt32) {
    var writer = WireWriter()
    var crc: UInt32 = 0
    for string in strings {
      writer.varint(UInt64(string.count))
      extend(&crc, length: string.count)
    }
    let lengths = withUnsafeBytes(of: bnk_crc32c_mask(crc).littleEndian) { Array($0) }
    crc = bnk_crc32c(crc, lengths, lengths.count)
    var out = writer.bytes + lengths
    for string in strings {
      crc = bnk_crc32c(crc, string.bytes, string.count)
      out += string.bytes
    }
    return (out, bnk_crc32c_mask(crc))
  }

  private static func extend(_ crc: inout UInt32, length: Int) {
    if let small = UInt32(exactly: length) {
      withUnsafeBytes(of: small.littleEndian) { crc = bnk_crc32c(crc, $0.baseAddress, $0.count) }
    } else {
      withUnsafeBytes(of: UInt64(length).littleEndian) {
        crc = bnk_crc32c(crc, $0.baseAddress, $0.count)
      }
    }
  }

  private static var damaged: BNormError { .invalid("the data is damaged: its checksum differs") }
}
