import BNormCore
import BNormTensor
import CBNormKernels

/// Batch normalization with given statistics or with those of the batch.
///
/// Inputs: x, scale, offset, mean, variance [, side input]. Outputs: y, mean, variance, and what
/// the gradient needs.
struct FusedBatchNorm: PlannedOperation {
  static let opNames = [
    "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "_FusedBatchNormEx",
  ]
  let epsilon: Float
  let averagingFactor: Float
  let isTraining: Bool
  let layout: Layout
  let hasThirdReserve: Bool
  var epilogue = Epilogue.none

  init(_ node: NodeContext) throws {
    epsilon = try node.float("epsilon")
    averagingFactor = try node.float("exponential_avg_factor")
    isTraining = try node.bool("is_training")
    layout = try Layout(node.string("data_format"))
    hasThirdReserve = node.outputDTypes.count == 6
    guard node.op == "_FusedBatchNormEx" else { return }
    switch try node.string("activation_mode") {
    case "Identity": break
    case "Relu": epilogue.activation = .relu
    case let other: throw BNormError.unsupported("attribute activation_mode = \(other)")
    }
    switch try node.int("num_side_inputs") {
    case 0: break
    case 1: epilogue.hasResidual = true
    case let other: throw BNormError.unsupported("attribute num_side_inputs = \(other)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let x = inputs[0].shape
    if let rank = x.rank, rank != 4, rank != 5 {
      throw BNormError.invalid("input 0 (x) has shape \(x), expected rank 4 or 5")
    }
    let dimensions = layout.toLast(x).dimensions
    var channels = dimensions.flatMap { $0[$0.count - 1] >= 0 ? $0[$0.count - 1] : nil }
    let names = ["x", "scale", "offset", "mean", "variance"]
    for i in 1..<5 {
      try inputs[i].shape.requireRank(1, "input \(i) (\(names[i]))")
      guard let count = inputs[i].shape[0] else { continue }
      if i > 2, isTraining, averagingFactor == 1 { continue }
      guard channels == nil || channels == count else {
        throw BNormError.invalid(
          "input \(i) (\(names[i])) has shape \(inputs[i].shape), but input 0 has \(channels!) "
            + "channels")
      }
      channels = count
    }
    var y = x
    if epilogue.hasResidual {
      guard let merged = x.merged(inputs[5].shape) else {
        throw BNormError.invalid(
          "input 5 (side_input) has shape \(inputs[5].shape), but input 0 has shape \(x)")
      }
      y = merged
    }
    let vector = PartialShape.vector(channels)
    return [y, vector, vector, vector, vector] + (hasThirdReserve ? [.scalar] : [])
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let images = epilogue.hasResidual ? [0, 5] : [0]
    return try layout.lower(context, inputs: images, outputs: [0]) { context in
      try HalfBridge.lower(context) { kernel($0) }
    }
  }

  private func kernel(_ context: Lowering) -> Kernel {
    let shape = context.inputShape(0)
    let channels = shape[shape.rank - 1]
    let rows = shape.product(0..<(shape.rank - 1))
    let (epsilon, factor, isTraining) = (epsilon, averagingFactor, isTraining)
    let (epilogue, hasThirdReserve) = (epilogue, hasThirdReserve)
    let outputs = hasThirdReserve ? 6 : 5
    let workspace = isTraining ? bnk_batch_norm_workspace_bytes(rows, channels) : 0
    return .function(
      KernelFunction(
        scratchBytes: max(channels * 4 + workspace, 4), label: isTraining ? "training" : "inference"
      ) { io in
        func input(_ i: Int) -> UnsafePointer<Float> {
          io.input(i).assumingMemoryBound(to: Float.self)
        }
        func output(_ i: Int) -> UnsafeMutablePointer<Float> {
          io.output(i).assumingMemoryBound(to: Float.self)
        }
        if hasThirdReserve { output(5)[0] = 0 }
        let (outMean, outVariance) = (output(1), output(2))
        let (savedMean, savedVariance) = (output(3), output(4))
        guard rows > 0 else {
          for c in 0..<channels {
            (outMean[c], outVariance[c]) = (.nan, .nan)
            (savedMean[c], savedVariance[c]) = (0, 0)
          }
          return
        }
        let scratch = io.scratch(outputs: outputs)
        var mean = input(3)
        var variance = input(4)
        if isTraining {
          bnk_batch_norm_moments(
            BNK_FLOAT, rows, channels, io.input(0), savedMean, savedVariance,
            scratch + channels * 4)
          let correction = Float(rows) / Float(max(rows - 1, 1))
          for c in 0..<channels {
            let (m, v) = (savedMean[c], savedVariance[c] * correction)
            if factor == 1 {
              (outMean[c], outVariance[c]) = (m, v)
            } else {
              outMean[c] = (1 - factor) * mean[c] + factor * m
              outVariance[c] = (1 - factor) * variance[c] + factor * v
            }
          }
          mean = UnsafePointer(savedMean)
          variance = UnsafePointer(savedVariance)
        } else {
          for c in 0..<channels {
            (outMean[c], outVariance[c]) = (mean[c], variance[c])
            (savedMean[c], savedVariance[c]) = (0, 0)
          }
        }
        let scale = scratch.assumingMemoryBound(to: Float.self)
        for c in 0..<channels { scale[c] = input(1)[c] / (variance[c] + epsilon).squareRoot() }
        bnk_nn_normalize_f32(input(0), rows, channels, mean, scale, input(2), output(0))
        EpiloguePointers<Float>(epilogue, io, firstInput: 5, residualStride: channels).apply(
          row: 0, column: 0, rows: rows, columns: channels, output(0), stride: channels)
      })
  }
}
