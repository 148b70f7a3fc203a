import BNormCore
import BNormTensor
import CBNormKernels

/// Pooling to a given fraction of the size, with cells of random sizes.
///
/// Outputs: the pooled images, and where the cells begin along rows and columns.
struct FractionalPool: EagerOperation, UnfoldableOperation {
  static let opNames = ["FractionalAvgPool", "FractionalMaxPool"]
  private let averages: Bool
  private let ratios: [Float]
  private let isPseudoRandom: Bool
  private let overlaps: Bool
  private let seeds: (UInt64, UInt64)?

  init(_ node: NodeContext) throws {
    averages = node.op == "FractionalAvgPool"
    ratios = try node.floats("pooling_ratio")
    guard ratios.count == 4, ratios.allSatisfy({ $0 >= 1 && $0.isFinite }) else {
      throw BNormError.invalid(
        "attribute pooling_ratio is \(ratios), expected four numbers of at least 1")
    }
    guard ratios[0] == 1, ratios[3] == 1 else {
      throw BNormError.unsupported(
        "attribute pooling_ratio \(ratios) pools over the batch or the channels")
    }
    isPseudoRandom = try node.bool("pseudo_random")
    overlaps = try node.bool("overlapping")
    let (seed, seed2) = (try node.int("seed"), try node.int("seed2"))
    guard try node.bool("deterministic") || (seed == 0 && seed2 == 0) else {
      throw BNormError.invalid(
        "attributes seed and seed2 are \(seed) and \(seed2), but deterministic is false")
    }
    seeds =
      seed == 0 && seed2 == 0
      ? nil : (UInt64(bitPattern: Int64(seed)), UInt64(bitPattern: Int64(seed2)))
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(4, "input 0 (value)")
    guard let d = inputs[0].shape.dimensions else {
      return [.unknown(rank: 4), .vector(nil), .vector(nil)]
    }
    let out = try outputSize(d)
    return [
      PartialShape([d[0], out[0], out[1], d[3]]), .vector(out[0] < 0 ? nil : out[0] + 1),
      .vector(out[1] < 0 ? nil : out[1] + 1),
    ]
  }

  private func outputSize(_ input: [Int]) throws -> [Int] {
    try (1...2).map { d in
      guard input[d] >= 0 else { return -1 }
      let size = Int((Float(input[d]) / ratios[d]).rounded(.down))
      guard size > 0 else {
        throw BNormError.invalid(
          "input 0 has shape \(Shape.text(input)): nothing is left with ratios \(ratios)")
      }
      return size
    }
  }

  /// The generator of a node, which goes on from step to step.
  private final class Generator: @unchecked Sendable {
    private let lock = Lock()
    private var stream: PhiloxStream

    init(_ seeds: (UInt64, UInt64)?) {
      let chosen =
        seeds ?? (UInt64.random(in: 0...UInt64.max), UInt64.random(in: 0...UInt64.max))
      stream = PhiloxStream(seed: chosen.0, seed2: chosen.1)
    }
    func reserve(_ count: Int) -> PhiloxStream { lock.withLock { stream.reserve(count) } }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let input = inputs[0]
    let d = input.shape.dimensions
    guard d.count == 4 else {
      throw BNormError.invalid("input 0 (value) has shape \(input.shape), expected rank 4")
    }
    let out = try outputSize(d)
    let generator = try context.session.object(context.nodeKey) { Generator(seeds) }
    let rows = borders(d[1], out[0], generator)
    let columns = borders(d[2], out[1], generator)
    let pooled = Tensor(
      dtype: input.dtype, shape: try Shape(checking: [d[0], out[0], out[1], d[3]]))
    FractionalPool.withCells(d, rows, columns, overlaps) {
      bnk_nn_fractional_pool(
        bnk_dtype(rawValue: UInt32(input.dtype.rawValue)), $0, averages ? 1 : 0, input.pointer,
        pooled.storage.pointer)
    }
    return [pooled, Tensor(rows), Tensor(columns)]
  }

  static func withCells<R>(
    _ input: [Int], _ rows: [Int64], _ columns: [Int64], _ overlaps: Bool,
    _ body: (UnsafePointer<bnk_nn_cells>) -> R
  ) -> R {
    rows.withUnsafeBufferPointer { rows in
      columns.withUnsafeBufferPointer { columns in
        var cells = bnk_nn_cells(
          batch: input[0], height: input[1], width: input[2], channels: input[3],
          out_rows: rows.count - 1, out_columns: columns.count - 1, rows: rows.baseAddress!,
          columns: columns.baseAddress!, overlapping: overlaps ? 1 : 0)
        return body(&cells)
      }
    }
  }

  /// Where `output` cells of an input of size `input` begin, and where the last one ends.
  private func borders(_ input: Int, _ output: Int, _ generator: Generator) -> [Int64] {
    var sizes: [Int]
    if input == output {
      sizes = [Int](repeating: 1, count: output)
    } else if isPseudoRandom {
      sizes = pseudoRandomSizes(input, output, generator)
    } else {
      sizes = (0..<output).map { input / output + ($0 < input % output ? 1 : 0) }
      var stream = generator.reserve(output)
      for i in 0..<max(output - 1, 0) {
        sizes.swapAt(i, i + Int(stream.next() % UInt32(output - i)))
      }
    }
    var out: [Int64] = [0]
    for size in sizes { out.append(out[out.count - 1] + Int64(size)) }
    return out
  }

  private func pseudoRandomSizes(_ input: Int, _ output: Int, _ generator: Generator) -> [Int] {
    let alpha = Double(input) / Double(output)
    let k = Double(input / output)
    let limit = min(
      (k + 2) / alpha - 1, (Double(input) + 1 - k) / alpha - (Double(output) - 1))
    var stream = generator.reserve(2)
    let u = stream.nextDouble() * limit
    var starts = [1]
    for i in 1..<max(output, 1) { starts.append(Int((alpha * (Double(i) + u)).rounded(.up))) }
    starts.append(input + 1)
    return (0..<output).map { starts[$0 + 1] - starts[$0] }
  }
}

/// Gradients of `FractionalAvgPool` and `FractionalMaxPool`.
struct FractionalPoolGrad: PlannedOperation {
  static let opNames = ["FractionalAvgPoolGrad", "FractionalMaxPoolGrad"]
  private let averages: Bool
  private let overlaps: Bool

  init(_ node: NodeContext) throws {
    averages = node.op == "FractionalAvgPoolGrad"
    overlaps = try node.bool("overlapping")
  }

  var valueInputs: [Int] { averages ? [0] : [] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let gradient = averages ? 1 : 2
    try inputs[gradient].shape.requireRank(4, "input \(gradient) (out_backprop)")
    try inputs[gradient + 1].shape.requireRank(1, "input \(gradient + 1)")
    try inputs[gradient + 2].shape.requireRank(1, "input \(gradient + 2)")
    for d in 0..<2 {
      guard let size = inputs[gradient].shape[1 + d],
        let borders = inputs[gradient + 1 + d].shape[0], size + 1 != borders
      else { continue }
      throw BNormError.invalid(
        "input \(gradient + 1 + d) has \(borders) elements, but out_backprop has shape "
          + "\(inputs[gradient].shape)")
    }
    guard averages else {
      try inputs[0].shape.requireRank(4, "input 0 (orig_input)")
      guard inputs[1].shape.merged(inputs[2].shape) != nil else {
        throw BNormError.invalid(
          "input 2 (out_backprop) has shape \(inputs[2].shape), but input 1 has "
            + "\(inputs[1].shape)")
      }
      return [inputs[0].shape]
    }
    try inputs[0].shape.requireRank(1, "input 0 (orig_input_tensor_shape)")
    guard let sizes = inputs[0].integers else { return [.unknown(rank: 4)] }
    guard sizes.count == 4 else {
      throw BNormError.invalid("input 0 (orig_input_tensor_shape) is \(sizes), expected rank 4")
    }
    return [PartialShape(try Shape(checking: sizes))]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.outputShape(0)
    let d = shape.dimensions
    let gradient = averages ? 1 : 2
    let pooled = context.inputShape(gradient).dimensions
    guard pooled[0] == d[0], pooled[3] == d[3] else {
      throw BNormError.invalid(
        "out_backprop has shape \(Shape.text(pooled)), which does not fit images of shape \(shape)")
    }
    let dtype = bnk_dtype(rawValue: UInt32(context.outputDType(0).rawValue))
    let (averages, overlaps) = (averages, overlaps)
    return .function(
      KernelFunction(scratchBytes: averages ? max(shape.count * 8, 64) : 64) { io in
        func borders(_ i: Int, _ count: Int, _ size: Int) throws -> [Int64] {
          let values = UnsafeBufferPointer(
            start: io.input(i).assumingMemoryBound(to: Int64.self), count: count)
          for (k, value) in values.enumerated() {
            guard value >= 0, value <= Int64(size), k == 0 || value >= values[k - 1] else {
              throw BNormError.invalid("input \(i) holds \(value), which is no border of \(size)")
            }
          }
          return Array(values)
        }
        let rows = try borders(gradient + 1, pooled[1] + 1, d[1])
        let columns = try borders(gradient + 2, pooled[2] + 1, d[2])
        let fits = FractionalPool.withCells(d, rows, columns, overlaps) { cells -> Bool in
          if averages {
            bnk_nn_fractional_avg_grad(
              dtype, cells, io.input(gradient),
              io.scratch(outputs: 1).assumingMemoryBound(to: Double.self), io.output(0))
            return true
          }
          return bnk_nn_fractional_max_grad(
            dtype, cells, io.input(0), io.input(1), io.input(2), io.output(0)) != 0
        }
        guard fits else {
          throw BNormError.invalid("input 1 (orig_output) is not what input 0 pools to")
        }
      })
  }
}
