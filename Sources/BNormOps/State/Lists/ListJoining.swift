import BNormCore
import BNormTensor

/// All elements of a list along a new dimension 0.
struct TensorListStack: EagerOperation {
  static let opNames = ["TensorListStack"]
  private let dtype: DType
  private let expected: Int

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("element_dtype")
    expected = try node.int("num_elements")
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    [PartialShape(fact: inputs[1]).stacked(expected >= 0 ? expected : nil)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let list = try inputs.object(0, TensorList.self, "input_handle")
    try list.require(dtype)
    guard expected < 0 || list.count == expected else {
      throw BNormError.invalid(
        "Operation expected a list with \(expected) elements but got a list with \(list.count) "
          + "elements.")
    }
    let shape = try inputs.partialShape(1, "element_shape")
    return [try list.stack(Array(list.tensors.indices), shape, "stack")]
  }
}

/// Chosen elements of a list along a new dimension 0.
struct TensorListGather: EagerOperation {
  static let opNames = ["TensorListGather"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("element_dtype") }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    [PartialShape(fact: inputs[2]).stacked(inputs[1].shape[0])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let list = try inputs.object(0, TensorList.self, "input_handle")
    try list.require(dtype)
    let indices = try inputs.integers(1, "indices")
    for index in indices { try list.require(index: index) }
    return [try list.stack(indices, try inputs.partialShape(2, "element_shape"), "gather")]
  }
}

extension TensorList {
  /// Elements `indices` along a new dimension 0; unset ones are zeros.
  func stack(_ indices: [Int], _ shape: PartialShape, _ verb: String) throws -> Tensor {
    let merged = try merged(shape)
    guard merged.full != nil || !indices.isEmpty else {
      throw BNormError.invalid(
        "Tried to \(verb) elements of an empty list with non-fully-defined element_shape: \(merged)")
    }
    guard let full = try fullShape(shape) else {
      throw BNormError.invalid(
        "Tried to \(verb) list which only contains uninitialized tensors and has a "
          + "non-fully-defined element_shape: \(merged)")
    }
    let chosen = indices.map { tensors[$0] }
    for (i, tensor) in zip(indices, chosen) {
      if let tensor, tensor.shape != full {
        throw BNormError.invalid(
          "element \(i) has shape \(tensor.shape), but the element shape is \(full)")
      }
    }
    return try Tensor.joining(
      chosen, gaps: { _ in full.count }, dtype: dtype,
      shape: try Shape(checking: [indices.count] + full.dimensions))
  }
}

/// All elements of a list along their dimension 0, and their lengths there.
struct TensorListConcat: EagerOperation {
  static let opNames = ["TensorListConcat", "TensorListConcatV2"]
  private let dtype: DType
  private let declared: PartialShape?

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("element_dtype")
    declared = node.op == "TensorListConcat" ? try node.shape("element_shape") : nil
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    let shape = declared ?? PartialShape(fact: inputs[1])
    return [
      PartialShape(shape.dimensions.map { [-1] + $0.dropFirst() }), PartialShape.unknown(rank: 1),
    ]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let list = try inputs.object(0, TensorList.self, "input_handle")
    try list.require(dtype)
    let given = try declared ?? inputs.partialShape(1, "element_shape")
    let leading = declared == nil ? try inputs.integers(2, "leading_dims") : []
    let merged = try list.merged(given)
    if let rank = merged.rank, rank < 1 {
      throw BNormError.invalid("Concat requires elements to be at least vectors, found scalars instead.")
    }
    // The shape of an element but for dimension 0.
    var rest = PartialShape(merged.dimensions.map { Array($0.dropFirst()) })
    var lengths: [Int] = []
    for (i, tensor) in list.tensors.enumerated() {
      guard let tensor else {
        guard let length = merged[0] ?? (i < leading.count ? leading[i] : nil), length >= 0 else {
          throw BNormError.invalid(
            "Concat saw \(merged.dimensions == nil ? "an" : "a partially defined") uninitialized "
              + "tensor at list index \(i) whose leading dimension is unknown")
        }
        lengths.append(length)
        continue
      }
      guard tensor.rank > 0, merged.accepts(tensor.shape),
        let next = rest.merged(PartialShape(Array(tensor.shape.dimensions.dropFirst())))
      else {
        throw BNormError.invalid(
          "Concat saw an element of shape \(tensor.shape) at list index \(i), but expected shape "
            + "\(rest.stacked(nil))")
      }
      rest = next
      lengths.append(tensor.shape[0])
    }
    guard !(list.count == 0 && PartialShape(merged.dimensions.map { Array($0.dropFirst()) }).full == nil),
      let full = rest.full
    else {
      throw BNormError.invalid(
        "All except the first dimension must be fully defined when concating an empty tensor list. "
          + "element_shape: \(merged)")
    }
    let total = lengths.reduce(0) { $0 &+ $1 }
    let shape = try Shape(checking: [total] + full.dimensions)
    return [
      try Tensor.joining(
        list.tensors, gaps: { lengths[$0] * full.count }, dtype: dtype, shape: shape),
      Tensor(lengths.map { Int64($0) }),
    ]
  }
}

/// The elements of one list after those of another.
struct TensorListConcatLists: EagerOperation {
  static let opNames = ["TensorListConcatLists"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("element_dtype") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    [inputs[0].shape.merged(inputs[1].shape) ?? .unknown]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].shape == inputs[1].shape else {
      throw BNormError.invalid(
        "Incompatible input TensorList tensors: input 0 (input_a) has shape \(inputs[0].shape), "
          + "input 1 (input_b) has \(inputs[1].shape)")
    }
    let joined = try zip(inputs[0].objects, inputs[1].objects).map { a, b -> (any TensorObject)? in
      guard let a = a as? TensorList, let b = b as? TensorList else {
        throw BNormError.invalid("both inputs must hold TensorLists")
      }
      try a.require(dtype)
      try b.require(dtype)
      let shape = a.elementShape == b.elementShape ? a.elementShape : .unknown
      return TensorList(dtype: dtype, elementShape: shape, tensors: a.tensors + b.tensors)
    }
    return [Tensor(objects: joined, dtype: .variant, shape: inputs[0].shape)]
  }
}
