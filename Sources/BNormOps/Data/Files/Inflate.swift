import BNormTensor
import CZlib

/// Decompression of what ZLIB or GZIP made.
enum Inflate {
  /// zlib's code for a compression that TensorFlow names; nil for none.
  static func windowBits(_ type: String) throws -> Int32? {
    switch type {
    case "": return nil
    case "ZLIB": return 15
    case "GZIP": return 31
    default:
      throw BNormError.invalid(
        "Only ZLIB, GZIP or NONE are supported compressions, got compression_type = \(type)")
    }
  }

  static func bytes(_ bytes: [UInt8], _ windowBits: Int32) throws -> [UInt8] {
    var stream = z_stream()
    guard
      inflateInit2_(&stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw BNormError.invalid("zlib cannot be started") }
    defer { inflateEnd(&stream) }
    var out: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var input = bytes
    try input.withUnsafeMutableBufferPointer { input in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(clamping: input.count)
      while true {
        let (status, made) = chunk.withUnsafeMutableBufferPointer { chunk -> (Int32, Int) in
          stream.next_out = chunk.baseAddress
          stream.avail_out = UInt32(chunk.count)
          let status = inflate(&stream, Z_NO_FLUSH)
          return (status, chunk.count - Int(stream.avail_out))
        }
        out += chunk[..<made]
        try MemoryLimit.check(bytes: out.count)
        if status == Z_STREAM_END || (status == Z_BUF_ERROR && stream.avail_in == 0) { return }
        guard status == Z_OK else {
          throw BNormError.invalid(
            "\(bytes.count) bytes are not compressed data "
              + "(zlib error \(status))")
        }
        if stream.avail_in == 0, made == 0 { return }
      }
    }
    return out
  }
}
