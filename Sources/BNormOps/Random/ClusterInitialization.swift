import BNormCore
import BNormTensor
import Glibc

/// Rows of a matrix of points as first centres (k-means++): each likelier the farther it is from
/// those already taken.
struct KmeansPlusPlusInitialization: EagerOperation {
  static let opNames = ["KmeansPlusPlusInitialization"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(2, "input 0 (points)")
    for i in 1..<4 { try inputs[i].shape.requireRank(0, "input \(i)") }
    return [PartialShape([max(inputs[1].integers?.first ?? -1, -1), inputs[0].shape[1] ?? -1])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = inputs[0].shape
    let numbers = inputs[1...].compactMap { $0.integers?.first }
    guard shape.rank == 2, numbers.count == 3 else {
      throw BNormError.invalid("input 0 (points) has shape \(shape), expected a matrix and scalars")
    }
    let (count, seed) = (numbers[0], numbers[1])
    guard shape[0] > 0, count > 0, count <= shape[0] else {
      throw BNormError.invalid("num_to_sample is \(count), input 0 (points) has shape \(shape)")
    }
    let retries = numbers[2] >= 0 ? numbers[2] : 2 + Int(log(Double(count)))
    var chooser = PointChooser(
      Array(inputs[0].elements(Float.self)), rows: shape[0], columns: shape[1],
      words: SingleWords(Philox(seed: UInt64(bitPattern: Int64(seed)), seed2: 0)))
    // More than this would never end.
    guard retries < 1 << 32 else {
      throw BNormError.invalid("input 3 (num_retries_per_sample) is \(retries), which is too many")
    }
    for _ in 0..<count { chooser.choose(retries: retries) }
    let out = Tensor(dtype: .float, shape: [count, shape[1]])
    for (i, row) in chooser.chosen.enumerated() {
      let bytes = shape[1] * 4
      (out.storage.pointer + i * bytes).copyMemory(
        from: inputs[0].pointer + row * bytes, byteCount: bytes)
    }
    return [out]
  }
}

private struct PointChooser {
  private let points: [Float]
  private let rows: Int
  private let columns: Int
  private var words: SingleWords
  private let halfNorms: [Float]
  /// Half the squared distance to the nearest chosen point, and its running sums.
  private var distances: [Float]
  private var sums: [Float] = []
  private(set) var chosen: [Int] = []

  init(_ points: [Float], rows: Int, columns: Int, words: SingleWords) {
    self.points = points
    self.rows = rows
    self.columns = columns
    self.words = words
    halfNorms = (0..<rows).map { i in
      0.5 * points[i * columns..<(i + 1) * columns].reduce(0) { $0 + $1 * $1 }
    }
    distances = [Float](repeating: .infinity, count: rows)
  }

  mutating func choose(retries: Int) {
    var total: Float = 0
    sums = distances.map {
      total += $0
      return total
    }
    var best: (row: Int, potential: Float, distances: [Float])?
    for _ in 0...retries {
      let row = draw()
      let next = zip(distances, toPoint(row)).map { $1 < $0 ? $1 : $0 }
      let potential = next.reduce(0, +)
      if retries == 0 || best == nil || potential < best!.potential {
        best = (row, potential, next)
      }
    }
    distances = best!.distances
    chosen.append(best!.row)
  }

  private mutating func draw() -> Int {
    if chosen.isEmpty { return Int(words.below(UInt64(rows))) }
    let total = sums[rows - 1]
    // Points that cannot come are not waited for.
    for _ in 0..<100_000 {
      var row = 0
      if total > 0 {
        let target = words.float() * total
        row = min(sums.firstIndex { $0 > target } ?? rows - 1, rows - 1)
      } else {
        row = Int(words.below(UInt64(rows)))
      }
      if !chosen.contains(row) { return row }
    }
    return (0..<rows).first { !chosen.contains($0) } ?? 0
  }

  private func toPoint(_ row: Int) -> [Float] {
    (0..<rows).map { i in
      var product: Float = 0
      for k in 0..<columns { product += points[i * columns + k] * points[row * columns + k] }
      return halfNorms[i] - product + halfNorms[row]
    }
  }
}

/// The last state of a Markov chain over candidates, which moves to farther ones (k-MC²).
struct KMC2ChainInitialization: EagerOperation {
  static let opNames = ["KMC2ChainInitialization"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(1, "input 0 (distances)")
    try inputs[1].shape.requireRank(0, "input 1 (seed)")
    return [.scalar]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let distances = inputs[0].elements(Float.self)
    guard !distances.isEmpty, let seed = inputs[1].integers?.first else {
      throw BNormError.invalid("input 0 (distances) has shape \(inputs[0].shape), which is empty")
    }
    var words = SingleWords(Philox(seed: UInt64(bitPattern: Int64(seed)), seed2: 0))
    var selected = 0
    for i in 1..<max(1, distances.count)
    where distances[i] > words.float() * distances[selected] {
      selected = i
    }
    return [Tensor(scalar: Int64(selected))]
  }
}
