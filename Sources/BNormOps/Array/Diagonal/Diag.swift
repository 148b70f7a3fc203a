import BNormCore
import BNormTensor

/// A tensor of twice the rank with the input on its diagonal.
struct Diag: PlannedOperation {
  static let opNames = ["Diag"]
  init(_ node: NodeContext) throws {}

  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 1, "input 0")
    guard let dims = inputs[0].shape.dimensions else { return [.unknown] }
    let out = dims + dims
    return [out.contains(-1) ? PartialShape(out) : PartialShape(try Shape(checking: out))]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let count = context.inputShape(0).count
    let size = context.inputDType(0).size
    let copy = try StridedCopy(
      size: size, [count], from: StridedView([1]), to: StridedView([count + 1]))
    return .run { io in
      io.output(0).initializeMemory(as: UInt8.self, repeating: 0, count: count * count * size)
      copy.run(io.input(0), io.output(0))
    }
  }
}

/// The diagonal of a tensor of even rank whose halves have one shape.
struct DiagPart: PlannedOperation {
  static let opNames = ["DiagPart"]
  init(_ node: NodeContext) throws {}

  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard let dims = inputs[0].shape.dimensions else { return [.unknown] }
    let half = dims.count / 2
    guard dims.count % 2 == 0, dims.count > 0,
      let both = PartialShape(Array(dims[..<half])).merged(PartialShape(Array(dims[half...])))
    else {
      throw BNormError.invalid(
        "input 0 has shape \(inputs[0].shape), expected an even rank and equal halves")
    }
    return [both]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let count = context.outputShape(0).count
    let copy = try StridedCopy(
      size: context.inputDType(0).size, [count], from: StridedView([count + 1]),
      to: StridedView([1]))
    return .run { io in copy.run(io.input(0), io.output(0)) }
  }
}

/// Matrices with zeros outside of a band around the diagonal.
struct MatrixBandPart: PlannedOperation {
  static let opNames = ["MatrixBandPart", "BatchMatrixBandPart"]
  init(_ node: NodeContext) throws {}

  var valueInputs: [Int] { [1, 2] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 2, "input 0")
    for (i, name) in [(1, "num_lower"), (2, "num_upper")] {
      try inputs[i].requireScalar("input \(i) (\(name))")
      guard let limit = inputs[i].integer, let dims = inputs[0].shape.dimensions else { continue }
      let size = dims[dims.count - 3 + i]
      guard size < 0 || limit <= size else {
        throw BNormError.invalid(
          "input \(i) (\(name)) is \(limit), but the matrices have shape \(inputs[0].shape)")
      }
    }
    return [inputs[0].shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let size = context.inputDType(0).size
    let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
    let lower = try context.integers(1)[0]
    let upper = try context.integers(2)[0]
    let batch = shape.product(0..<shape.rank - 2)
    return .run(inPlace: [InPlace(input: 0, output: 0)]) { io in
      let isSame = io.input(0) == UnsafeRawPointer(io.output(0))
      for row in 0..<batch * rows {
        let r = row % rows
        let from = lower < 0 ? 0 : min(max(r - lower, 0), columns)
        let to = upper < 0 ? columns : max(min(r + upper + 1, columns), from)
        let out = io.output(0) + row * columns * size
        out.initializeMemory(as: UInt8.self, repeating: 0, count: from * size)
        if !isSame {
          (out + from * size).copyMemory(
            from: io.input(0) + (row * columns + from) * size, byteCount: (to - from) * size)
        }
        (out + to * size).initializeMemory(as: UInt8.self, repeating: 0, count: (columns - to) * size)
      }
    }
  }
}
