import BNormCore
import BNormTensor
import CBNormKernels

/// Input 0 limited to inputs 1 and 2, which are scalars or of its shape.
struct ClipByValue: PlannedOperation {
  static let opNames = ["ClipByValue"]

  init(_ node: NodeContext) throws {
    let dtype = node.inputDTypes[0]
    guard dtype.isPlain, dtype != .bool else {
      throw BNormError.unsupported("ClipByValue of \(dtype.name)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try checkScalarOrSame(inputs, from: 1, shape: inputs[0].shape)
    return [inputs[0].shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let count = context.inputShape(0).count
    let steps = (1...2).map { context.inputShape($0).count == count ? 1 : 0 }
    if context.inputDType(0).isComplex { return clipParts(context, count, steps) }
    let dtype = context.inputDType(0).kernel
    return .run(inPlace: [InPlace(input: 0, output: 0)]) { io in
      if count > 0 {
        _ = bnk_clip(
          dtype, io.input(0), io.input(1), steps[0], io.input(2), steps[1], io.output(0), count)
      }
    }
  }
}

/// Limits real and imaginary parts of complex numbers, each by itself.
private func clipParts(_ context: Lowering, _ count: Int, _ steps: [Int]) -> Kernel {
  func clip<T: BinaryFloatingPoint>(_: T.Type) -> Kernel {
    .run { io in
      let x = io.input(0).assumingMemoryBound(to: T.self)
      let low = io.input(1).assumingMemoryBound(to: T.self)
      let high = io.input(2).assumingMemoryBound(to: T.self)
      let out = io.output(0).assumingMemoryBound(to: T.self)
      for i in 0..<2 * count {
        let (part, element) = (i & 1, i >> 1)
        let limited = min(x[i], high[2 * element * steps[1] + part])
        out[i] = max(limited, low[2 * element * steps[0] + part])
      }
    }
  }
  return context.inputDType(0) == .complex64 ? clip(Float.self) : clip(Double.self)
}

/// The regularised incomplete beta function of inputs of one shape or scalars.
struct Betainc: PlannedOperation {
  static let opNames = ["Betainc"]

  init(_ node: NodeContext) throws {
    guard [.float, .double].contains(node.inputDTypes[0]) else {
      throw BNormError.unsupported("Betainc of \(node.inputDTypes[0].name)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if inputs.contains(where: { $0.shape.rank == nil }) { return [.unknown] }
    let shape = inputs.first { $0.shape.rank != 0 }?.shape ?? .scalar
    try checkScalarOrSame(inputs, from: 0, shape: shape)
    return [shape]
  }

  func lower(_ context: Lowering) -> Kernel {
    let dtype = context.inputDType(0).kernel
    let size = context.inputDType(0).size
    let count = context.outputShape(0).count
    let steps = (0...2).map { context.inputShape($0).count == count ? 1 : 0 }
    return .run { io in
      let a = io.input(0)
      let b = io.input(1)
      let x = io.input(2)
      let y = io.output(0)
      parallelFor(count, grain: 256) { range in
        let start = range.lowerBound * size
        bnk_betainc_loop(
          dtype, a + start * steps[0], steps[0], b + start * steps[1], steps[1],
          x + start * steps[2], steps[2], y + start, range.count)
      }
    }
  }
}

/// Inputs from `from` on are scalars or may have `shape`.
private func checkScalarOrSame(_ inputs: [Fact], from: Int, shape: PartialShape) throws {
  for i in from..<inputs.count where inputs[i].shape.rank != 0 {
    guard shape.merged(inputs[i].shape) != nil else {
      throw BNormError.invalid(
        "input \(i) has shape \(inputs[i].shape), expected a scalar or shape \(shape)")
    }
  }
}
