import BNormCore
import BNormTensor
import Glibc

/// Class numbers drawn from rows of unnormalised log-probabilities.
struct Multinomial: EagerOperation {
  static let opNames = ["Multinomial", "StatelessMultinomial"]
  /// nil: input 2 is the seed.
  let seeds: Seeds?
  let dtype: DType

  init(_ node: NodeContext) throws {
    seeds = node.op == "Multinomial" ? try Seeds(node) : nil
    dtype = try node.dtype("output_dtype")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(2, "input 0 (logits)")
    try inputs[1].shape.requireRank(0, "input 1 (num_samples)")
    if seeds == nil { try StatelessSeed.checkSeed(inputs[2].shape) }
    let samples = inputs[1].integers?.first
    if let samples, samples < 0 { throw negative(samples) }
    return [PartialShape([inputs[0].shape[0] ?? -1, samples ?? -1])]
  }

  private func negative(_ samples: Int) -> BNormError {
    .invalid("input 1 (num_samples) is \(samples), expected at least 0")
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let logits = inputs[0]
    guard logits.rank == 2 else {
      throw BNormError.invalid("input 0 (logits) has shape \(logits.shape), expected rank 2")
    }
    guard inputs[1].rank == 0, let samples = inputs[1].integers?.first else {
      throw BNormError.invalid("input 1 (num_samples) has shape \(inputs[1].shape), expected []")
    }
    guard samples >= 0 else { throw negative(samples) }
    let (rows, classes) = (logits.shape[0], logits.shape[1])
    guard classes > 0 else {
      throw BNormError.invalid("input 0 (logits) has shape \(logits.shape), which has no classes")
    }
    let given = seeds == nil ? try StatelessSeed.philox(inputs[2]) : nil
    let out = Tensor(dtype: dtype, shape: try Shape(checking: [rows, samples]).fitting(dtype))
    guard out.count > 0 else { return [out] }
    let reserved = rows &* ((samples + 3) / 4 * 4) &* 2
    let philox = try given ?? seeds!.state(context).reserve(reserved)
    var words = SingleWords(philox)
    let values = logits.doubles ?? []
    var sums = [Double](repeating: 0, count: classes)
    for row in 0..<rows {
      let total = accumulate(values[row * classes..<(row + 1) * classes], &sums, logits.dtype)
      for s in 0..<samples {
        let target = words.double() * total
        let found = firstIndex(above: target, sums)
        if dtype == .int32 {
          out.mutableElements(Int32.self)[row * samples + s] = Int32(truncatingIfNeeded: found)
        } else {
          out.mutableElements(Int64.self)[row * samples + s] = Int64(found)
        }
      }
    }
    return [out]
  }

  /// Running sums of probabilities over their greatest one; returns the total.
  private func accumulate(
    _ row: ArraySlice<Double>, _ sums: inout [Double], _ dtype: DType
  ) -> Double {
    let greatest = row.filter(\.isFinite).max() ?? 0
    var total = 0.0
    for (i, x) in row.enumerated() {
      if x.isFinite { total += exp(x - greatest) }
      sums[i] = total
    }
    return total
  }

  private func firstIndex(above target: Double, _ sums: [Double]) -> Int {
    var low = 0
    var high = sums.count
    while low < high {
      let middle = (low + high) / 2
      if target < sums[middle] { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
