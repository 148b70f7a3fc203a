import BNormCore
import BNormTensor

/// The centers nearest to each point, and their squared distances, nearest first.
struct NearestNeighbors: EagerOperation {
  static let opNames = ["NearestNeighbors"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(2, "input 0 (points)")
    try inputs[1].shape.requireRank(2, "input 1 (centers)")
    return [.unknown(rank: 2), .unknown(rank: 2)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (points, centers) = (inputs[0], inputs[1])
    guard points.rank == 2, centers.rank == 2, points.shape[1] == centers.shape[1] else {
      throw BNormError.invalid(
        "input 0 (points) has shape \(points.shape), input 1 (centers) has shape \(centers.shape), "
          + "expected matrices of one width")
    }
    guard inputs[2].rank == 0, let wanted = inputs[2].integers?[0], wanted > 0 else {
      throw BNormError.invalid(
        "input 2 (k) is \(inputs[2].integers ?? []), expected one number greater than zero")
    }
    let (count, width) = (points.shape[0], points.shape[1])
    let k = min(wanted, centers.shape[0])
    let (x, y) = (points.elements(Float.self), centers.elements(Float.self))
    let indices = Tensor(dtype: .int64, shape: [count, k])
    let distances = Tensor(dtype: .float, shape: [count, k])
    for i in 0..<count {
      let all = (0..<centers.shape[0]).map { c -> Float in
        var sum: Float = 0
        for d in 0..<width {
          let difference = x[i * width + d] - y[c * width + d]
          sum += difference * difference
        }
        return sum
      }
      let nearest = all.indices.sorted { (all[$0], $0) < (all[$1], $1) }
      for (place, c) in nearest.prefix(k).enumerated() {
        indices.mutableElements(Int64.self)[i * k + place] = Int64(c)
        distances.mutableElements(Float.self)[i * k + place] = all[c]
      }
    }
    return [indices, distances]
  }
}
