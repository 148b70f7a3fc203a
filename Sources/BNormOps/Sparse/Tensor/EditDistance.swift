import BNormCore
import BNormTensor

/// The Levenshtein distances of the sequences in the last dimension of two sparse tensors.
struct EditDistance: EagerOperation {
  static let opNames = ["EditDistance"]
  private let normalizes: Bool

  init(_ node: NodeContext) throws { normalizes = try node.bool("normalize") }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let hypothesis = try SparseInput(inputs)
    let truth = try SparseInput(inputs, 3)
    guard hypothesis.rank == truth.rank, truth.rank >= 1 else {
      throw BNormError.invalid(
        "hypothesis has shape \(hypothesis.shape), but truth has shape \(truth.shape)")
    }
    let dims = zip(hypothesis.shape, truth.shape).map { max($0, $1) }
    let lead = try Shape(checking: Array(dims.dropLast()))
    try MemoryLimit.check(.float, lead)
    let wanted = try sequences(hypothesis, dims, "input 0 (hypothesis_indices)")
    let actual = try sequences(truth, dims, "input 3 (truth_indices)")
    // Equal elements have equal numbers.
    let numbers = numbered(hypothesis.values, truth.values)
    let out = Tensor(zeros: .float, shape: lead)
    let elements = out.mutableElements(Float.self)
    for key in Set(wanted.keys).union(actual.keys) {
      let a = (wanted[key] ?? []).map { numbers.0[$0] }
      let b = (actual[key] ?? []).map { numbers.1[$0] }
      let distance = Float(levenshtein(a, b))
      let empty: Float = a.isEmpty ? 0 : .infinity
      elements[key] = !normalizes ? distance : b.isEmpty ? empty : distance / Float(b.count)
    }
    return [out]
  }

  /// The positions of the entries by sequence.
  private func sequences(_ sparse: SparseInput, _ dims: [Int], _ what: String) throws -> [Int:
    [Int]]
  {
    try sparse.requireInside(what)
    let whole = SparseInput(cells: sparse.cells, values: sparse.values, shape: dims)
    var out: [Int: [Int]] = [:]
    for (i, key) in whole.keys(Array(0..<sparse.rank - 1)).enumerated() {
      out[key, default: []].append(i)
    }
    return out
  }

  private func numbered(_ a: Tensor, _ b: Tensor) -> ([Int], [Int]) {
    var known: [ByteString: Int] = [:]
    func number(_ tensor: Tensor) -> [Int] {
      if let integers = tensor.integers { return integers }
      let keys: [ByteString] =
        tensor.dtype == .string
        ? tensor.strings
        : (0..<tensor.count).map { i in
          let size = tensor.dtype.size
          let bytes = UnsafeRawBufferPointer(start: tensor.pointer + i * size, count: size)
          return ByteString(bytes)
        }
      return keys.map { key in
        let number = known[key] ?? known.count
        known[key] = number
        return number
      }
    }
    return (number(a), number(b))
  }

  private func levenshtein(_ a: [Int], _ b: [Int]) -> Int {
    if a.isEmpty { return b.count }
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let changed = diagonal + (x == y ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(changed, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }
}
