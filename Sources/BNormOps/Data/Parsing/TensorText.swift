import BNormCore
import BNormProto
import BNormTensor

/// A tensor as a serialised `TensorProto`.
struct SerializeTensor: EagerOperation {
  static let opNames = ["SerializeTensor"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    [Tensor(strings: [ByteString(try TensorProtoEncoder.encode(inputs[0]))], shape: .scalar)]
  }
}

/// The tensor of a serialised `TensorProto`.
struct ParseTensor: EagerOperation {
  static let opNames = ["ParseTensor"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("out_type") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(0, "input 0 (serialized)")
    return [.unknown]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank == 0 else {
      throw BNormError.invalid(
        "input 0 (serialized) has shape \(inputs[0].shape), expected a scalar")
    }
    let tensor = try inputs[0].strings[0].bytes.withUnsafeBytes {
      try TensorProtoDecoder.decode($0)
    }
    guard tensor.dtype == dtype else {
      throw BNormError.invalid(
        "Type mismatch between parsed tensor (\(tensor.dtype.name)) and dtype (\(dtype.name))")
    }
    return [tensor]
  }
}
