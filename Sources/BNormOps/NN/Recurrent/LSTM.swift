import BNormCore
import BNormTensor
import CBNormKernels

/// One step of an LSTM, or all steps of a sequence.
///
/// Inputs: [length of the longest sequence,] x, state and output before, weights, three peepholes,
/// bias. Outputs: input gate, state, forget gate, output gate, cell input, tanh of the state, output.
struct LSTM: PlannedOperation {
  static let opNames = ["LSTMBlockCell", "BlockLSTM", "BlockLSTMV2"]
  private let isSequence: Bool
  private let forgetSecond: Bool
  private let forgetBias: Float
  private let clip: Float
  private let usesPeephole: Bool

  init(_ node: NodeContext) throws {
    isSequence = node.op != "LSTMBlockCell"
    forgetSecond = node.op == "BlockLSTMV2"
    forgetBias = forgetSecond ? 0 : try node.float("forget_bias")
    clip = try node.float("cell_clip")
    usesPeephole = try node.bool("use_peephole")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if isSequence { try inputs[0].shape.requireRank(0, "input 0 (seq_len_max)") }
    let (steps, batch, cell) = try LSTMSizes.check(
      inputs, first: isSequence ? 1 : 0, rank: isSequence ? 3 : 2, usesPeephole: usesPeephole)
    let shape = PartialShape(isSequence ? [steps, batch, cell] : [batch, cell])
    return [PartialShape](repeating: shape, count: 7)
  }

  func lower(_ context: Lowering) throws -> Kernel {
    try HalfBridge.lower(context) { try kernel($0) }
  }

  private func kernel(_ context: Lowering) throws -> Kernel {
    let first = isSequence ? 1 : 0
    let sizes = LSTMSizes(context, first: first, forgetSecond: forgetSecond)
    let (isSequence, forgetBias, clip, usesPeephole) = (isSequence, forgetBias, clip, usesPeephole)
    let (batch, cell, depth) = (sizes.batch, sizes.cell, sizes.inputs)
    try Gemm.prepare(sizes.steps * batch, 4 * cell, depth + cell)
    let gateCount = try Shape(checking: [max(sizes.steps, 1), batch, 4, cell]).count
    return .function(
      KernelFunction(scratchBytes: max(gateCount * 4, 64)) { io in
        guard batch * cell > 0 else { return }
        func input(_ i: Int) -> UnsafePointer<Float> {
          io.input(first + i).assumingMemoryBound(to: Float.self)
        }
        func output(_ i: Int, _ step: Int) -> UnsafeMutablePointer<Float> {
          io.output(i).assumingMemoryBound(to: Float.self) + step * batch * cell
        }
        var steps = 1
        if isSequence {
          let given = io.input(0).assumingMemoryBound(to: Int64.self)[0]
          guard given >= 0, given <= Int64(sizes.steps) else {
            throw BNormError.invalid(
              "input 0 (seq_len_max) is \(given), but input 1 (x) has \(sizes.steps) steps")
          }
          steps = Int(given)
        }
        let gates = io.scratch(outputs: 7).assumingMemoryBound(to: Float.self)
        let weights = MatrixView(pointer: input(3), rowStride: 4 * cell)
        let rest = weights.dropping(rows: depth, columns: 0)
        Gemm.multiply(
          steps * batch, 4 * cell, depth,
          MatrixView(pointer: input(0), rowStride: max(depth, 1)), weights, gates, ldc: 4 * cell)
        for step in 0..<steps {
          let before = step == 0 ? input(2) : UnsafePointer(output(6, step - 1))
          let current = gates + step * batch * 4 * cell
          Gemm.multiply(
            batch, 4 * cell, cell, MatrixView(pointer: before, rowStride: cell), rest, current,
            ldc: 4 * cell, accumulate: true,
            EpiloguePointers<Float>(bias: input(7)))
          var part = bnk_nn_lstm()
          (part.batch, part.cell) = (batch, cell)
          (part.c_gate, part.f_gate) = (sizes.cellGate, sizes.forgetGate)
          (part.forget_bias, part.clip) = (forgetBias, clip)
          part.gates = UnsafePointer(current)
          part.cs_prev = step == 0 ? input(1) : UnsafePointer(output(1, step - 1))
          if usesPeephole { (part.wci, part.wcf, part.wco) = (input(4), input(5), input(6)) }
          (part.i, part.cs, part.f) = (output(0, step), output(1, step), output(2, step))
          (part.o, part.ci, part.co) = (output(3, step), output(4, step), output(5, step))
          part.h = output(6, step)
          bnk_nn_lstm_f32(&part)
        }
        for i in 0..<7 {
          output(i, steps).update(repeating: 0, count: (sizes.steps - steps) * batch * cell)
        }
      })
  }
}
