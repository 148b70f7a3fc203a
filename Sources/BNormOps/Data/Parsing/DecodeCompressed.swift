import BNormCore
import BNormTensor
import CZlib

/// Strings that ZLIB or GZIP compressed.
struct DecodeCompressed: EagerOperation {
  static let opNames = ["DecodeCompressed"]
  private let windowBits: Int32?

  init(_ node: NodeContext) throws {
    switch try node.string("compression_type") {
    case "": windowBits = nil
    case "ZLIB": windowBits = 15
    case "GZIP": windowBits = 31
    case let type:
      throw BNormError.invalid(
        "Only ZLIB, GZIP or NONE are supported compressions, got compression_type = \(type)")
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard let windowBits else { return inputs }
    return [
      Tensor(
        strings: try inputs[0].strings.map { try inflated($0.bytes, windowBits) },
        shape: inputs[0].shape)
    ]
  }

  private func inflated(_ bytes: [UInt8], _ windowBits: Int32) throws -> ByteString {
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
            "input 0 (bytes) holds a string of \(bytes.count) bytes that is not compressed data "
              + "(zlib error \(status))")
        }
        if stream.avail_in == 0, made == 0 { return }
      }
    }
    return ByteString(out)
  }
}
