import BNormCore
import BNormTensor
import CBNormKernels
import CBNormLinalg

/// Einstein summation over one or two inputs.
///
/// The labels fall into groups: batch, rows of the product, columns, and summed. Where a group lies
/// in memory as one stride, the product reads and writes it in place; otherwise it is copied.
struct Einsum: PlannedOperation {
  static let opNames = ["Einsum"]
  let equation: EinsumEquation

  init(_ node: NodeContext) throws {
    equation = try EinsumEquation(node.string("equation"), inputCount: node.inputDTypes.count)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    var ranks: [Int] = []
    for input in inputs {
      guard let rank = input.shape.rank else { return [.unknown] }
      ranks.append(rank)
    }
    let (labels, output) = try equation.labels(ranks: ranks)
    let sizes = try equation.sizes(labels, inputs.map { $0.shape.dimensions ?? [] })
    return [PartialShape(output.map { sizes[$0] ?? 1 })]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shapes = (0..<equation.inputs.count).map { context.inputShape($0) }
    let (labels, output) = try equation.labels(ranks: shapes.map(\.rank))
    let sizes = try equation.sizes(labels, shapes.map(\.dimensions))
    let operands = zip(labels, shapes).map { StridedOperand($0, $1) }
    let result = StridedOperand(output, context.outputShape(0))
    let dtype = context.inputDType(0)
    let isSmall = dtype == .half || dtype == .bfloat16
    let plan = try EinsumPlan(
      operands, result, sizes: sizes, outputCount: context.outputShape(0).count,
      dtype: isSmall ? .float : dtype)
    if !isSmall, let kernel = plan.packedKernel(context) { return kernel }
    guard isSmall else {
      return .function(
        KernelFunction(scratchBytes: plan.scratchBytes, label: plan.label) { io in
          plan.run(
            (0..<operands.count).map { io.input($0) }, io.output(0), io.scratch(outputs: 1))
        })
    }
    return halfKernel(plan, shapes.map(\.count), context.outputShape(0).count, dtype)
  }

  /// Half precision computes in float.
  private func halfKernel(
    _ plan: EinsumPlan, _ counts: [Int], _ outputCount: Int, _ dtype: DType
  ) -> Kernel {
    var offsets: [Int] = []
    var bytes = (plan.scratchBytes + 63) & ~63
    for count in counts + [outputCount] {
      offsets.append(bytes)
      bytes += (count * 4 + 63) & ~63
    }
    let places = offsets
    return .function(
      KernelFunction(scratchBytes: bytes, label: plan.label) { io in
        let scratch = io.scratch(outputs: 1)
        for (i, count) in counts.enumerated() {
          bnk_real_to_f32(
            bnk_dtype(rawValue: UInt32(dtype.rawValue)), io.input(i), count,
            (scratch + places[i]).assumingMemoryBound(to: Float.self))
        }
        let result = scratch + places[counts.count]
        plan.run(counts.indices.map { UnsafeRawPointer(scratch + places[$0]) }, result, scratch)
        bnk_real_from_f32(
          bnk_dtype(rawValue: UInt32(dtype.rawValue)), result.assumingMemoryBound(to: Float.self),
          outputCount, io.output(0))
      })
  }
}

/// An array whose dimensions have labels; a label that occurs twice walks the diagonal.
struct StridedOperand {
  /// Each label once, in the order of its first dimension.
  private(set) var labels: [EinsumEquation.Label] = []
  private(set) var strides: [EinsumEquation.Label: Int] = [:]
  private(set) var hasDiagonal = false
  /// Dimensions of 1 that spread over a larger size.
  private var sizes: [EinsumEquation.Label: Int] = [:]

  init(_ dimensionLabels: [EinsumEquation.Label], _ shape: Shape) {
    var stride = 1
    var found: [Int] = [Int](repeating: 0, count: shape.rank)
    for d in (0..<shape.rank).reversed() {
      found[d] = stride
      stride *= max(shape[d], 1)
    }
    for (d, label) in dimensionLabels.enumerated() {
      if let known = strides[label] {
        strides[label] = known + found[d]
        hasDiagonal = true
      } else {
        labels.append(label)
        strides[label] = found[d]
        sizes[label] = shape[d]
      }
    }
  }

  /// The stride of `label`; 0 where a dimension of 1 spreads, or where the label does not occur.
  func stride(_ label: EinsumEquation.Label, _ all: [EinsumEquation.Label: Int]) -> Int {
    guard let stride = strides[label], let size = sizes[label] else { return 0 }
    return size == 1 && all[label] != 1 ? 0 : stride
  }

  func has(_ label: EinsumEquation.Label) -> Bool { strides[label] != nil }
}
