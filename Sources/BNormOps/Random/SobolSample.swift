import BNormCore
import BNormTensor
import Glibc

/// Points of a Sobol sequence, which fills the unit cube evenly.
struct SobolSample: EagerOperation {
  static let opNames = ["SobolSample"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("dtype") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    for (i, name) in ["dim", "num_results", "skip"].enumerated() {
      try inputs[i].shape.requireRank(0, "input \(i) (\(name))")
    }
    let size = inputs.prefix(2).map { max($0.integers?.first ?? -1, -1) }
    return [PartialShape([size[1], size[0]])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let numbers = inputs.compactMap { $0.integers?.first }
    guard numbers.count == 3, numbers[0] >= 1, numbers[1] >= 1, numbers[2] >= 0,
      numbers[1] < Int(Int32.max) - numbers[2]
    else {
      throw BNormError.invalid(
        "dim, num_results and skip are \(numbers), expected at least 1, 1 and 0")
    }
    let (dim, count, skip) = (numbers[0], numbers[1], numbers[2])
    guard dim <= SobolNumbers.rows.count + 1 else {
      throw BNormError.unsupported(
        "SobolSample of \(dim) dimensions, at most \(SobolNumbers.rows.count + 1)")
    }
    let digits = Int.bitWidth - (skip + count + 1).leadingZeroBitCount
    let out = Tensor(dtype: dtype, shape: try Shape(checking: [count, dim]).fitting(dtype))
    let scale = 1 / Double(1 << digits)
    for d in 0..<dim {
      let directions = Self.directions(d, digits)
      var point = directions[0]
      if skip > 0 {
        let code = (skip + 1) ^ ((skip + 1) >> 1)
        point = 0
        for k in 0..<digits where code >> k & 1 == 1 { point ^= directions[k] }
      }
      for i in 0..<count {
        if i > 0 { point ^= directions[(~(i + skip)).trailingZeroBitCount] }
        if dtype == .float {
          out.mutableElements(Float.self)[i * dim + d] = Float(point) * Float(scale)
        } else {
          out.mutableElements(Double.self)[i * dim + d] = Double(point) * scale
        }
      }
    }
    return [out]
  }

  /// The direction numbers of a dimension, shifted to `digits` binary places.
  private static func directions(_ dimension: Int, _ digits: Int) -> [Int] {
    var m = [Int](repeating: 1, count: digits)
    if dimension > 0 {
      let row = SobolNumbers.rows[dimension - 1]
      let (degree, inner) = (row[0], row[1])
      for k in 0..<digits {
        if k < degree {
          m[k] = row[2 + k]
          continue
        }
        m[k] = m[k - degree] ^ (m[k - degree] << degree)
        for i in 1..<max(1, degree) where inner >> (degree - 1 - i) & 1 == 1 {
          m[k] ^= m[k - i] << i
        }
      }
    }
    return m.enumerated().map { $1 << (digits - $0 - 1) }
  }
}
