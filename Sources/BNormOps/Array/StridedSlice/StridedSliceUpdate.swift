import BNormCore
import BNormTensor
import CBNormKernels

/// A copy of a tensor whose slice has the elements of input 4.
struct TensorStridedSliceUpdate: PlannedOperation {
  static let opNames = ["TensorStridedSliceUpdate"]
  let masks: SliceMasks

  init(_ node: NodeContext) throws { masks = try SliceMasks(node) }

  var valueInputs: [Int] { [1, 2, 3] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try StridedSlice.checkBounds(inputs, first: 1)
    if let dims = inputs[0].shape.dimensions, let strides = inputs[3].integers {
      let spec = try SliceSpec(
        dims: dims, begin: inputs[1].integers, end: inputs[2].integers, strides: strides,
        masks: masks)
      try spec.check(value: inputs[4].shape)
    }
    return [inputs[0].shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let size = context.inputDType(0).size
    let spec = try SliceSpec(
      dims: shape.dimensions, begin: context.integers(1), end: context.integers(2),
      strides: context.integers(3), masks: masks)
    let copy = try StridedCopy(
      size: size, spec.counts, from: StridedView(spec.denseStrides), to: spec.view(in: shape))
    let bytes = shape.count * size
    return .run(inPlace: [InPlace(input: 0, output: 0)]) { io in
      if io.input(0) != UnsafeRawPointer(io.output(0)) { bnk_copy_bytes(io.output(0), io.input(0), bytes) }
      copy.run(io.input(4), io.output(0))
    }
  }
}

/// Writes the slice of a variable.
struct StridedSliceAssign: EagerOperation {
  static let opNames = ["StridedSliceAssign", "ResourceStridedSliceAssign"]
  let masks: SliceMasks
  let returnsReference: Bool

  init(_ node: NodeContext) throws {
    masks = try SliceMasks(node)
    returnsReference = node.op == "StridedSliceAssign"
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try StridedSlice.checkBounds(inputs, first: 1)
    return returnsReference ? [inputs[0].shape] : []
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let value = inputs[4]
    try Variable.of(inputs[0]).update { tensor in
      guard tensor.dtype == value.dtype else {
        throw BNormError.invalid(
          "input 4 (value) has dtype \(value.dtype.name), but the variable is \(tensor.dtype.name)")
      }
      let spec = try SliceSpec(
        dims: tensor.shape.dimensions, begin: inputs[1].integers ?? [],
        end: inputs[2].integers ?? [], strides: inputs[3].integers ?? [], masks: masks)
      try spec.check(value: PartialShape(value.shape))
      try spec.assign(value, to: tensor)
    }
    return returnsReference ? [inputs[0]] : []
  }
}

extension SliceSpec {
  /// Throws unless `value` may be the elements of the slice. An empty slice takes anything, and one
  /// of unknown size may be empty.
  func check(value: PartialShape) throws {
    guard counts.allSatisfy({ $0 > 0 }), value.merged(PartialShape(final)) == nil else { return }
    throw BNormError.invalid(
      "input 4 (value) has shape \(value), but the slice has shape \(Shape.text(final))")
  }

  /// Writes `value` into the slice of `tensor`, whose elements nobody else sees.
  func assign(_ value: Tensor, to tensor: Tensor) throws {
    guard !counts.contains(0) else { return }
    let view = view(in: tensor.shape)
    if tensor.dtype.isPlain {
      let copy = try StridedCopy(
        size: tensor.dtype.size, counts, from: StridedView(denseStrides), to: view)
      copy.run(value.pointer, tensor.storage.pointer)
      return
    }
    // The places of the slice's elements, by moving every element's index.
    let places = Tensor((0..<tensor.count).map { Int64($0) })
    let picked = Tensor(dtype: .int64, shape: [value.count])
    let copy = try StridedCopy(size: 8, counts, from: view, to: StridedView(denseStrides))
    copy.run(places.pointer, picked.storage.pointer)
    for (i, place) in picked.elements(Int64.self).enumerated() {
      if tensor.dtype == .string { tensor.storage.strings[Int(place)] = value.strings[i] }
      else { tensor.storage.objects[Int(place)] = value.objects[i] }
    }
  }
}
