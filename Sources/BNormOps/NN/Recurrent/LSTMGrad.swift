import BNormCore
import BNormTensor
import CBNormKernels

/// The gradient of one step of an LSTM.
///
/// Inputs: those of the step, its outputs but the last, gradients of state and output. Outputs:
/// gradients of the state before, of the gates, of the peepholes.
struct LSTMCellGrad: PlannedOperation {
  static let opNames = ["LSTMBlockCellGrad"]
  private let usesPeephole: Bool

  init(_ node: NodeContext) throws { usesPeephole = try node.bool("use_peephole") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let (_, batch, cell) = try LSTMSizes.check(
      inputs, first: 0, rank: 2, usesPeephole: usesPeephole)
    let state = PartialShape([batch, cell])
    for i in 8..<16 where inputs[i].shape.merged(state) == nil {
      throw BNormError.invalid("input \(i) has shape \(inputs[i].shape), expected \(state)")
    }
    return [state, PartialShape([batch, cell < 0 ? -1 : 4 * cell])] + (4...6).map { inputs[$0].shape }
  }

  func lower(_ context: Lowering) throws -> Kernel {
    try HalfBridge.lower(context) { context in
      let sizes = LSTMSizes(context, first: 0, forgetSecond: false)
      let counts = (4...6).map { context.inputShape($0).count }
      let usesPeephole = usesPeephole
      return .run { io in
        func input(_ i: Int) -> UnsafePointer<Float> {
          io.input(i).assumingMemoryBound(to: Float.self)
        }
        func output(_ i: Int) -> UnsafeMutablePointer<Float> {
          io.output(i).assumingMemoryBound(to: Float.self)
        }
        for i in 0..<3 { output(2 + i).update(repeating: 0, count: counts[i]) }
        var part = bnk_nn_lstm_grad()
        (part.batch, part.cell) = (sizes.batch, sizes.cell)
        (part.c_gate, part.f_gate) = (sizes.cellGate, sizes.forgetGate)
        part.cs_prev = input(1)
        if usesPeephole {
          (part.wci, part.wcf, part.wco) = (input(4), input(5), input(6))
          (part.wci_grad, part.wcf_grad, part.wco_grad) = (output(2), output(3), output(4))
        }
        (part.i, part.cs, part.f) = (input(8), input(9), input(10))
        (part.o, part.ci, part.co) = (input(11), input(12), input(13))
        (part.cs_grad, part.h_grad) = (input(14), input(15))
        (part.gates_grad, part.cs_prev_grad) = (output(1), output(0))
        bnk_nn_lstm_grad_f32(&part)
      }
    }
  }
}

/// The gradient of an LSTM over a sequence.
///
/// Inputs: those of the LSTM, its outputs, gradients of state and output. Outputs: gradients of x,
/// of state and output before, of the weights, the peepholes and the bias.
struct LSTMSequenceGrad: PlannedOperation {
  static let opNames = ["BlockLSTMGrad", "BlockLSTMGradV2"]
  private let forgetSecond: Bool
  private let usesPeephole: Bool

  init(_ node: NodeContext) throws {
    forgetSecond = node.op == "BlockLSTMGradV2"
    usesPeephole = try node.bool("use_peephole")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(0, "input 0 (seq_len_max)")
    let (steps, batch, cell) = try LSTMSizes.check(
      inputs, first: 1, rank: 3, usesPeephole: usesPeephole)
    let states = PartialShape([steps, batch, cell])
    for i in 9..<18 where inputs[i].shape.merged(states) == nil {
      throw BNormError.invalid("input \(i) has shape \(inputs[i].shape), expected \(states)")
    }
    return (1...8).map { inputs[$0].shape }
  }

  func lower(_ context: Lowering) throws -> Kernel {
    try HalfBridge.lower(context) { try kernel($0) }
  }

  private func kernel(_ context: Lowering) throws -> Kernel {
    let sizes = LSTMSizes(context, first: 1, forgetSecond: forgetSecond)
    let counts = (0..<8).map { context.outputShape($0).count }
    let (batch, cell, depth, usesPeephole) = (sizes.batch, sizes.cell, sizes.inputs, usesPeephole)
    let state = batch * cell
    try Gemm.prepare(sizes.steps * batch, 4 * cell, depth + cell)
    let gateCount = try Shape(checking: [max(sizes.steps, 1), batch, 4, cell]).count
    return .function(
      KernelFunction(scratchBytes: max(gateCount * 4, 64)) { io in
        func input(_ i: Int) -> UnsafePointer<Float> {
          io.input(i).assumingMemoryBound(to: Float.self)
        }
        func output(_ i: Int) -> UnsafeMutablePointer<Float> {
          io.output(i).assumingMemoryBound(to: Float.self)
        }
        for i in 0..<8 { output(i).update(repeating: 0, count: counts[i]) }
        let given = io.input(0).assumingMemoryBound(to: Int64.self)[0]
        guard given >= 0, given <= Int64(sizes.steps) else {
          throw BNormError.invalid(
            "input 0 (seq_len_max) is \(given), but input 1 (x) has \(sizes.steps) steps")
        }
        let steps = Int(given)
        guard state > 0, steps > 0 else { return }
        let gates = io.scratch(outputs: 8).assumingMemoryBound(to: Float.self)
        let weights = MatrixView(pointer: input(4), rowStride: 4 * cell)
        var turned = weights
        turned.isTransposed = true
        let turnedRest = turned.dropping(rows: 0, columns: depth)
        for step in stride(from: steps - 1, through: 0, by: -1) {
          let at = step * state
          let current = gates + 4 * at
          var part = bnk_nn_lstm_grad()
          (part.batch, part.cell) = (batch, cell)
          (part.c_gate, part.f_gate) = (sizes.cellGate, sizes.forgetGate)
          part.cs_prev = step == 0 ? input(2) : input(10) + (at - state)
          if usesPeephole {
            (part.wci, part.wcf, part.wco) = (input(5), input(6), input(7))
            (part.wci_grad, part.wcf_grad, part.wco_grad) = (output(4), output(5), output(6))
          }
          (part.i, part.cs, part.f) = (input(9) + at, input(10) + at, input(11) + at)
          (part.o, part.ci, part.co) = (input(12) + at, input(13) + at, input(14) + at)
          (part.cs_grad, part.h_grad) = (input(16) + at, input(17) + at)
          (part.cs_more, part.h_more) = (UnsafePointer(output(1)), UnsafePointer(output(2)))
          (part.gates_grad, part.cs_prev_grad) = (current, output(1))
          part.b_grad = output(7)
          bnk_nn_lstm_grad_f32(&part)
          Gemm.multiply(
            batch, cell, 4 * cell, MatrixView(pointer: UnsafePointer(current), rowStride: 4 * cell),
            turnedRest, output(2), ldc: cell)
        }
        let rows = steps * batch
        let all = MatrixView(pointer: UnsafePointer(gates), rowStride: 4 * cell)
        Gemm.multiply(rows, depth, 4 * cell, all, turned, output(0), ldc: max(depth, 1))
        // Weights of x: x transposed times the gates' gradients; weights of h: the outputs before.
        Gemm.multiply(
          depth, 4 * cell, rows,
          MatrixView(pointer: input(1), rowStride: max(depth, 1), isTransposed: true), all,
          output(3), ldc: 4 * cell)
        let rest = output(3) + depth * 4 * cell
        Gemm.multiply(
          cell, 4 * cell, batch, MatrixView(pointer: input(3), rowStride: cell, isTransposed: true),
          all, rest, ldc: 4 * cell)
        Gemm.multiply(
          cell, 4 * cell, rows - batch,
          MatrixView(pointer: input(15), rowStride: cell, isTransposed: true),
          all.dropping(rows: batch, columns: 0), rest, ldc: 4 * cell, accumulate: true)
      })
  }
}
