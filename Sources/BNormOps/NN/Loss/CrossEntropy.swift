import BNormCore
import BNormTensor
import CBNormKernels

/// The cross entropy of the softmax of logits, and its gradient.
///
/// Inputs: logits, labels (one distribution a row, or one class a row). Outputs: loss, gradient.
struct CrossEntropy: PlannedOperation {
  static let opNames = ["SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits"]
  let isSparse: Bool

  init(_ node: NodeContext) { isSparse = node.op.hasPrefix("Sparse") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard !isSparse else { return try inferSparse(inputs) }
    guard let a = inputs[0].shape.dimensions, let b = inputs[1].shape.dimensions else {
      return [.vector(nil), .unknown(rank: 2)]
    }
    let rank = max(a.count, b.count)
    guard rank == 2 else {
      throw BNormError.invalid(
        "input 0 (features) has shape \(inputs[0].shape) and input 1 (labels) \(inputs[1].shape), "
          + "expected rank 2")
    }
    let pad = { (d: [Int]) in [Int](repeating: 1, count: rank - d.count) + d }
    let shape = try zip(pad(a), pad(b)).map { p, q in
      if p == q || q == 1 { return p }
      if p == 1 { return q }
      guard p < 0 || q < 0 else {
        throw BNormError.invalid(
          "input 0 (features) has shape \(inputs[0].shape), which does not fit input 1 (labels) of "
            + "shape \(inputs[1].shape)")
      }
      return max(p, q)
    }
    return [.vector(shape[0] < 0 ? nil : shape[0]), PartialShape(shape)]
  }

  private func inferSparse(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(2, "input 0 (features)")
    try inputs[1].shape.requireRank(1, "input 1 (labels)")
    if let rows = inputs[0].shape[0], let labels = inputs[1].shape[0], rows != labels {
      throw BNormError.invalid(
        "input 1 (labels) has shape \(inputs[1].shape), but input 0 has \(rows) rows")
    }
    let rows = inputs[0].shape[0] ?? inputs[1].shape[0]
    if inputs[0].shape[1] == 0, rows != 0 {
      throw BNormError.invalid("input 0 (features) has shape \(inputs[0].shape): no classes")
    }
    return [.vector(rows), PartialShape([rows ?? -1, inputs[0].shape[1] ?? -1])]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    try HalfBridge.lower(context) { context in
      let isDouble = context.inputDType(0) == .double
      if isSparse {
        return isDouble ? sparse(context, of: Double.self) : sparse(context, of: Float.self)
      }
      return isDouble
        ? dense(context, of: Double.self) { bnk_nn_cross_entropy_f64($0, $1, $2, $3, $4, $5) }
        : dense(context, of: Float.self) { bnk_nn_cross_entropy_f32($0, $1, $2, $3, $4, $5) }
    }
  }

  private func dense<T: BinaryFloatingPoint & Element>(
    _ context: Lowering, of type: T.Type,
    _ entropy: @escaping @Sendable (
      UnsafePointer<T>, UnsafePointer<T>, Int, Int, UnsafeMutablePointer<T>,
      UnsafeMutablePointer<T>
    ) -> Void
  ) -> Kernel {
    let shape = context.outputShape(1)
    let (rows, columns) = (shape[0], shape[1])
    let logits = Broadcast(context.inputShape(0), to: shape)
    let labels = Broadcast(context.inputShape(1), to: shape)
    let bytes = (shape.count * MemoryLayout<T>.stride + 63) & ~63
    let dtype = T.dtype == .double ? BNK_DOUBLE : BNK_FLOAT
    return .function(
      KernelFunction(scratchBytes: bytes * 3 + 64) { io in
        let loss = io.output(0).assumingMemoryBound(to: T.self)
        guard columns > 0 else {
          loss.update(repeating: .zero, count: rows)
          return
        }
        let scratch = io.scratch(outputs: 2)
        let x = logits.expanded(io.input(0), scratch + bytes, as: T.self)
        let y = labels.expanded(io.input(1), scratch + 2 * bytes, as: T.self)
        _ = bnk_softmax(dtype, 1, x, scratch, rows, columns)
        _ = bnk_softmax(dtype, 0, x, io.output(1), rows, columns)
        entropy(
          UnsafePointer(scratch.assumingMemoryBound(to: T.self)), y, rows, columns, loss,
          io.output(1).assumingMemoryBound(to: T.self))
      })
  }

  private func sparse<T: BinaryFloatingPoint & Element>(
    _ context: Lowering, of type: T.Type
  ) -> Kernel {
    let shape = context.inputShape(0)
    let (rows, columns) = (shape[0], shape[1])
    let isWide = context.inputDType(1) == .int64
    let dtype = T.dtype == .double ? BNK_DOUBLE : BNK_FLOAT
    return .function(
      KernelFunction(scratchBytes: shape.count * MemoryLayout<T>.stride + 64) { io in
        guard rows > 0 else { return }
        let logs = io.scratch(outputs: 2).assumingMemoryBound(to: T.self)
        let loss = io.output(0).assumingMemoryBound(to: T.self)
        let gradient = io.output(1).assumingMemoryBound(to: T.self)
        let wide = io.input(1).assumingMemoryBound(to: Int64.self)
        let narrow = io.input(1).assumingMemoryBound(to: Int32.self)
        for r in 0..<rows {
          let label = isWide ? Int(wide[r]) : Int(narrow[r])
          guard label >= 0, label < columns else {
            throw BNormError.invalid(
              "input 1 (labels) holds \(label), which is outside of [0, \(columns))")
          }
        }
        _ = bnk_softmax(dtype, 1, io.input(0), logs, rows, columns)
        _ = bnk_softmax(dtype, 0, io.input(0), gradient, rows, columns)
        for r in 0..<rows {
          let label = r * columns + (isWide ? Int(wide[r]) : Int(narrow[r]))
          loss[r] = -logs[label]
          gradient[label] -= 1
        }
      })
  }

  /// Rows and columns of a matrix that may be repeated.
  private struct Broadcast {
    let rows: Int
    let columns: Int
    let rowStride: Int
    let columnStride: Int

    init(_ shape: Shape, to target: Shape) {
      let d = [Int](repeating: 1, count: 2 - shape.rank) + shape.dimensions
      (rows, columns) = (target[0], target[1])
      columnStride = d[1] == 1 ? 0 : 1
      rowStride = d[0] == 1 ? 0 : d[1]
    }

    func expanded<T>(
      _ source: UnsafeRawPointer, _ space: UnsafeMutableRawPointer, as type: T.Type
    ) -> UnsafePointer<T> {
      let source = source.assumingMemoryBound(to: T.self)
      if rowStride == columns || rows == 1, columnStride == 1 || columns == 1 { return source }
      let target = space.assumingMemoryBound(to: T.self)
      for r in 0..<rows {
        for c in 0..<columns {
          target[r * columns + c] = source[r * rowStride + c * columnStride]
        }
      }
      return UnsafePointer(target)
    }
  }
}
