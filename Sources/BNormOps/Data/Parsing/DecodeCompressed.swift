import BNormCore
import BNormTensor

/// Strings that ZLIB or GZIP compressed.
struct DecodeCompressed: EagerOperation {
  static let opNames = ["DecodeCompressed"]
  private let windowBits: Int32?

  init(_ node: NodeContext) throws {
    windowBits = try Inflate.windowBits(try node.string("compression_type"))
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard let windowBits else { return inputs }
    return [
      Tensor(
        strings: try inputs[0].strings.map { ByteString(try Inflate.bytes($0.bytes, windowBits)) },
        shape: inputs[0].shape)
    ]
  }
}
