import BNormCore
import BNormTensor

/// A constant.
struct Const: ConstantOperation {
  static let opNames = ["Const", "HostConst", "ImmutableConst"]
  let value: Tensor

  init(_ node: NodeContext) throws {
    guard node.op != "ImmutableConst" else {
      throw BNormError.unsupported("ImmutableConst reads a memory region of another process")
    }
    value = try node.tensor("value")
    let dtype = try node.dtype("dtype")
    guard value.dtype == dtype else {
      throw BNormError.invalid(
        "attribute value has dtype \(value.dtype.name), but attribute dtype is \(dtype.name)")
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [PartialShape(value.shape)] }
}
