import BNormCore
import BNormTensor

/// An element of a list.
struct TensorListGetItem: EagerOperation {
  static let opNames = ["TensorListGetItem"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("element_dtype") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    let declared = PartialShape(fact: inputs[2])
    guard let element = inputs[0].handleShape else { return [declared] }
    return [declared.merged(element) ?? declared]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let list = try inputs.object(0, TensorList.self, "input_handle")
    try list.require(dtype)
    let index = try inputs.integer(1, "index")
    try list.require(index: index)
    let shape = try inputs.partialShape(2, "element_shape")
    if let tensor = list.tensors[index] {
      guard shape.accepts(tensor.shape) else {
        throw BNormError.invalid(
          "element \(index) has shape \(tensor.shape), but input 2 (element_shape) is \(shape)")
      }
      return [tensor]
    }
    guard let full = try list.fullShape(shape) else {
      throw BNormError.invalid(
        "Trying to read an uninitialized element but element_shape is not fully defined "
          + "\(try list.merged(shape)) and no list element is set.")
    }
    return [Tensor(zeros: dtype, shape: try full.fitting(dtype))]
  }
}

/// A list with one element set anew.
struct TensorListSetItem: ConsumingOperation {
  static let opNames = ["TensorListSetItem"]
  private let dtype: DType
  private let grows: Bool

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("element_dtype")
    grows = try node.bool("resize_if_index_out_of_bounds")
  }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(consuming inputs: inout [Tensor], _ context: RunContext) throws -> [Tensor] {
    let index = try inputs.integer(1, "index")
    let item = inputs[2]
    do {
      let given = try inputs.object(0, TensorList.self, "input_handle")
      try given.require(dtype)
      if !grows || index < 0 { try given.require(index: index) }
      guard given.elementShape.accepts(item.shape) else {
        throw BNormError.invalid(
          "Tried to set a tensor with incompatible shape at a list index. Item element shape: "
            + "\(item.shape) list shape: \(given.elementShape)")
      }
    }
    let list = try inputs.take(0, TensorList.self, "input_handle")
    if index >= list.count {
      try TensorList.checkRoom(index + 1)
      list.tensors += [Tensor?](repeating: nil, count: index + 1 - list.count)
    }
    list.tensors[index] = item.owned
    return [list.tensor]
  }
}

/// A list with one element more.
struct TensorListPushBack: ConsumingOperation {
  static let opNames = ["TensorListPushBack"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("element_dtype") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(consuming inputs: inout [Tensor], _ context: RunContext) throws -> [Tensor] {
    let list = try inputs.take(0, TensorList.self, "input_handle")
    try list.require(dtype)
    try list.push(inputs[1])
    return [list.tensor]
  }
}

/// A tensor of lists, each with one row of a tensor more.
struct TensorListPushBackBatch: EagerOperation {
  static let opNames = ["TensorListPushBackBatch"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("element_dtype") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (handles, tensor) = (inputs[0], inputs[1])
    guard tensor.rank > 0, handles.rank > 0, handles.rank == 1, handles.shape[0] == tensor.shape[0]
    else {
      throw BNormError.invalid(
        "input 1 (tensor) has shape \(tensor.shape), but input 0 (input_handles) has shape "
          + "\(handles.shape): expected one row for each list")
    }
    let rows = tensor.unstacked()
    let lists = try handles.objects.enumerated().map { i, object -> (any TensorObject)? in
      guard let list = object as? TensorList else {
        throw BNormError.invalid("input 0 (input_handles): element \(i) is no TensorList")
      }
      try list.require(dtype)
      let copy = list.copy()
      try copy.push(rows[i])
      return copy
    }
    return [Tensor(objects: lists, dtype: .variant, shape: handles.shape)]
  }
}

/// A list without its last element, and that element.
struct TensorListPopBack: ConsumingOperation {
  static let opNames = ["TensorListPopBack"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("element_dtype") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar, PartialShape(fact: inputs[1])] }

  func run(consuming inputs: inout [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = try inputs.partialShape(1, "element_shape")
    let list = try inputs.take(0, TensorList.self, "input_handle")
    try list.require(dtype)
    guard let last = list.tensors.last else {
      throw BNormError.invalid("Trying to pop from an empty list.")
    }
    let tensor: Tensor
    if let last {
      guard shape.accepts(last.shape) else {
        throw BNormError.invalid(
          "the last element has shape \(last.shape), but input 1 (element_shape) is \(shape)")
      }
      tensor = last
    } else {
      guard let full = try list.fullShape(shape) else {
        throw BNormError.invalid(
          "Trying to read an uninitialized element but element_shape is not fully defined")
      }
      tensor = Tensor(zeros: dtype, shape: try full.fitting(dtype))
    }
    list.tensors.removeLast()
    return [list.tensor, tensor]
  }
}

/// The number of a list's elements.
struct TensorListLength: EagerOperation {
  static let opNames = ["TensorListLength"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let list = try inputs.object(0, TensorList.self, "input_handle")
    return [Tensor(scalar: Int32(clamping: list.count))]
  }
}

/// A list cut or filled up with unset elements.
struct TensorListResize: ConsumingOperation {
  static let opNames = ["TensorListResize"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(consuming inputs: inout [Tensor], _ context: RunContext) throws -> [Tensor] {
    let size = try inputs.scalarInteger(1, "size")
    guard size >= 0 else {
      throw BNormError.invalid("TensorListSlice expects size to be non-negative. Got: \(size)")
    }
    try TensorList.checkRoom(size)
    let list = try inputs.take(0, TensorList.self, "input_handle")
    if size < list.count {
      list.tensors.removeLast(list.count - size)
    } else {
      list.tensors += [Tensor?](repeating: nil, count: size - list.count)
    }
    return [list.tensor]
  }
}

/// What is known of the shape of a list's elements.
struct TensorListElementShape: EagerOperation {
  static let opNames = ["TensorListElementShape"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("shape_type") }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let list = try inputs.object(0, TensorList.self, "input_handle")
    return [list.elementShape.tensor(dtype)]
  }
}
