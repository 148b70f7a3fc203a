import BNormCore
import BNormTensor
import CBNormKernels

/// One step of a GRU. Inputs: x, output before, weights of the gates and of the candidate, biases.
/// Outputs: reset gate, update gate, candidate, output.
struct GRU: PlannedOperation {
  static let opNames = ["GRUBlockCell"]

  init(_ node: NodeContext) throws {}

  /// Checks the six inputs of a step.
  static func check(_ inputs: [Fact]) throws -> (batch: Int, depth: Int, cell: Int) {
    let names = ["x", "h_prev", "w_ru", "w_c", "b_ru", "b_c"]
    for (i, name) in names.enumerated() {
      try inputs[i].shape.requireRank(i < 4 ? 2 : 1, "input \(i) (\(name))")
    }
    let batch = inputs[0].shape[0] ?? -1
    let depth = inputs[0].shape[1] ?? -1
    let cell = inputs[1].shape[1] ?? -1
    let rows = depth >= 0 && cell >= 0 ? depth + cell : -1
    let twice = cell >= 0 ? 2 * cell : -1
    let expected = [[batch, depth], [batch, cell], [rows, twice], [rows, cell], [twice], [cell]]
    for (i, shape) in expected.enumerated() {
      guard inputs[i].shape.merged(PartialShape(shape)) != nil else {
        throw BNormError.invalid(
          "input \(i) (\(names[i])) has shape \(inputs[i].shape), expected \(PartialShape(shape))")
      }
    }
    return (batch, depth, cell)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let (batch, _, cell) = try GRU.check(inputs)
    return [PartialShape](repeating: PartialShape([batch, cell]), count: 4)
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (batch, depth, cell) = try GRU.check(context.inputs)
    try Gemm.prepare(batch, depth + cell, 2 * cell)
    let count = try Shape(checking: [max(batch, 1), 3, max(cell, 1)]).count
    return .function(
      KernelFunction(scratchBytes: count * 4) { io in
        guard batch * cell > 0 else { return }
        func input(_ i: Int) -> UnsafePointer<Float> {
          io.input(i).assumingMemoryBound(to: Float.self)
        }
        func output(_ i: Int) -> UnsafeMutablePointer<Float> {
          io.output(i).assumingMemoryBound(to: Float.self)
        }
        let gates = io.scratch(outputs: 4).assumingMemoryBound(to: Float.self)
        let reset = gates + batch * 2 * cell
        let x = MatrixView(pointer: input(0), rowStride: max(depth, 1))
        let gateWeights = MatrixView(pointer: input(2), rowStride: 2 * cell)
        let weights = MatrixView(pointer: input(3), rowStride: cell)
        Gemm.multiply(batch, 2 * cell, depth, x, gateWeights, gates, ldc: 2 * cell)
        Gemm.multiply(
          batch, 2 * cell, cell, MatrixView(pointer: input(1), rowStride: cell),
          gateWeights.dropping(rows: depth, columns: 0), gates, ldc: 2 * cell, accumulate: true)
        bnk_nn_gru_gates_f32(batch, cell, gates, input(4), input(1), output(0), output(1), reset)
        Gemm.multiply(batch, cell, depth, x, weights, output(2), ldc: cell)
        Gemm.multiply(
          batch, cell, cell, MatrixView(pointer: UnsafePointer(reset), rowStride: cell),
          weights.dropping(rows: depth, columns: 0), output(2), ldc: cell, accumulate: true)
        bnk_nn_gru_state_f32(batch, cell, input(5), input(1), output(1), output(2), output(3))
      })
  }
}

/// The gradient of a GRU step. Inputs: those of the step, its outputs but the last, the gradient of
/// the output. Outputs: gradients of x and of the output before, of the candidate and of the gates.
struct GRUGrad: PlannedOperation {
  static let opNames = ["GRUBlockCellGrad"]

  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let (batch, depth, cell) = try GRU.check(inputs)
    let state = PartialShape([batch, cell])
    for i in 6..<10 where inputs[i].shape.merged(state) == nil {
      throw BNormError.invalid("input \(i) has shape \(inputs[i].shape), expected \(state)")
    }
    return [
      PartialShape([batch, depth]), state, state, PartialShape([batch, cell < 0 ? -1 : 2 * cell]),
    ]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (batch, depth, cell) = try GRU.check(context.inputs)
    try Gemm.prepare(batch, depth + cell, 2 * cell)
    let width = depth + cell
    let count = try Shape(checking: [2, max(batch, 1), max(width, 1)]).count
    return .function(
      KernelFunction(scratchBytes: count * 4) { io in
        guard batch * cell > 0 else { return }
        func input(_ i: Int) -> UnsafePointer<Float> {
          io.input(i).assumingMemoryBound(to: Float.self)
        }
        func output(_ i: Int) -> UnsafeMutablePointer<Float> {
          io.output(i).assumingMemoryBound(to: Float.self)
        }
        let (h, r, u, c, dh) = (input(1), input(6), input(7), input(8), input(9))
        let (dx, dhPrev, dc, gates) = (output(0), output(1), output(2), output(3))
        let fromGates = io.scratch(outputs: 4).assumingMemoryBound(to: Float.self)
        let fromCandidate = fromGates + batch * width
        for i in 0..<(batch * cell) {
          dc[i] = dh[i] * (1 - u[i]) * (1 - c[i] * c[i])
        }
        Gemm.multiply(
          batch, width, cell, MatrixView(pointer: UnsafePointer(dc), rowStride: cell),
          MatrixView(pointer: input(3), rowStride: cell, isTransposed: true), fromCandidate,
          ldc: width)
        for b in 0..<batch {
          for k in 0..<cell {
            let i = b * cell + k
            let toReset = fromCandidate[b * width + depth + k]
            gates[b * 2 * cell + k] = toReset * h[i] * r[i] * (1 - r[i])
            gates[b * 2 * cell + cell + k] = dh[i] * (h[i] - c[i]) * u[i] * (1 - u[i])
          }
        }
        Gemm.multiply(
          batch, width, 2 * cell, MatrixView(pointer: UnsafePointer(gates), rowStride: 2 * cell),
          MatrixView(pointer: input(2), rowStride: 2 * cell, isTransposed: true), fromGates,
          ldc: width)
        for b in 0..<batch {
          let row = b * width
          for k in 0..<depth { dx[b * depth + k] = fromGates[row + k] + fromCandidate[row + k] }
          for k in 0..<cell {
            let i = b * cell + k
            dhPrev[i] =
              fromGates[row + depth + k] + fromCandidate[row + depth + k] * r[i] + dh[i] * u[i]
          }
        }
      })
  }
}
