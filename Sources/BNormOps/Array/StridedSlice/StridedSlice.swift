import BNormCore
import BNormTensor

/// `input[begin:end:strides]` with TensorFlow's masks.
struct StridedSlice: PlannedOperation {
  static let opNames = ["StridedSlice"]
  let masks: SliceMasks

  init(_ node: NodeContext) throws { masks = try SliceMasks(node) }

  var valueInputs: [Int] { [1, 2, 3] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try StridedSlice.checkBounds(inputs, first: 1)
    guard let strides = inputs[3].integers, let dims = inputs[0].shape.dimensions else {
      return [.unknown]
    }
    let spec = try SliceSpec(
      dims: dims, begin: inputs[1].integers, end: inputs[2].integers, strides: strides, masks: masks)
    return [PartialShape(spec.final)]
  }

  /// Requires begin, end and strides to be vectors of one length.
  static func checkBounds(_ inputs: [Fact], first: Int) throws {
    var length: Int?
    for (i, name) in ["begin", "end", "strides"].enumerated() {
      let shape = inputs[first + i].shape
      try shape.requireRank(1, "input \(first + i) (\(name))")
      guard let count = shape[0] else { continue }
      guard length == nil || length == count else {
        throw BNormError.invalid(
          "input \(first + i) (\(name)) has \(count) elements, but the inputs before it have \(length!)")
      }
      length = count
    }
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let spec = try SliceSpec(
      dims: shape.dimensions, begin: context.integers(1), end: context.integers(2),
      strides: context.integers(3), masks: masks)
    if spec.counts == shape.dimensions, zip(spec.strides, spec.counts).allSatisfy({ $0 > 0 || $1 <= 1 }) {
      return .alias(input: 0)
    }
    let copy = try StridedCopy(
      size: context.inputDType(0).size, spec.counts, from: spec.view(in: shape),
      to: StridedView(spec.denseStrides))
    return .run { io in copy.run(io.input(0), io.output(0)) }
  }
}

/// The gradient of a strided slice: `dy` at its places in a tensor of zeros.
struct StridedSliceGrad: PlannedOperation {
  static let opNames = ["StridedSliceGrad"]
  let masks: SliceMasks

  init(_ node: NodeContext) throws { masks = try SliceMasks(node) }

  var valueInputs: [Int] { [0, 1, 2, 3] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].requireVector("input 0 (shape)")
    try StridedSlice.checkBounds(inputs, first: 1)
    guard let dims = inputs[0].integers else { return [.unknown(rank: inputs[0].shape[0])] }
    let shape = try Shape(checking: dims)
    if let strides = inputs[3].integers, let begin = inputs[1].integers, let end = inputs[2].integers {
      let spec = try SliceSpec(dims: dims, begin: begin, end: end, strides: strides, masks: masks)
      if inputs[4].shape.merged(PartialShape(spec.final)) == nil {
        throw BNormError.invalid(
          "input 4 (dy) has shape \(inputs[4].shape), but the slice has shape \(Shape.text(spec.final))")
      }
    }
    return [PartialShape(shape)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.outputShape(0)
    let size = context.outputDType(0).size
    let spec = try SliceSpec(
      dims: shape.dimensions, begin: context.integers(1), end: context.integers(2),
      strides: context.integers(3), masks: masks)
    let copy = try StridedCopy(
      size: size, spec.counts, from: StridedView(spec.denseStrides), to: spec.view(in: shape))
    let bytes = shape.count * size
    return .run { io in
      io.output(0).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      copy.run(io.input(4), io.output(0))
    }
  }
}
