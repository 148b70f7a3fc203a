import BNormCore
import BNormTensor

/// Counts of infinities, NaN and signs, or the shape, as TensorFlow's debugger records them.
struct DebugNumericSummaryV2: EagerOperation {
  static let opNames = ["DebugNumericSummaryV2"]
  private let dtype: DType
  private let mode: Int
  private let id: Int

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("output_dtype")
    mode = try node.int("tensor_debug_mode")
    id = try node.int("tensor_id")
    guard [2, 3, 4, 5, 8].contains(mode) else {
      throw BNormError.unsupported("attribute tensor_debug_mode \(mode)")
    }
    guard mode == 8 || id <= 1 << (dtype == .float ? 24 : 53) else {
      throw BNormError.invalid("attribute tensor_id is \(id), which \(dtype.name) does not hold")
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    [.vector([2: 2, 3: 5, 4: 11, 5: 10, 8: 3][mode])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let summary = summary(of: inputs[0])
    let out = Tensor(dtype: dtype, shape: [summary.count])
    if dtype == .float {
      let target = out.mutableElements(Float.self)
      for (i, x) in summary.enumerated() { target[i] = Float(x) }
    } else {
      let target = out.mutableElements(Double.self)
      for (i, x) in summary.enumerated() { target[i] = x }
    }
    return [out]
  }

  private func summary(of x: Tensor) -> [Double] {
    let (id, size) = (Double(id), Double(x.count))
    let type = Double(x.dtype.rawValue)
    if mode == 5 {
      let dims = x.shape.dimensions.suffix(6).map { Double($0) }
      return [id, type, Double(x.rank), size] + dims
        + [Double](repeating: 0, count: 6 - dims.count)
    }
    var count = (below: 0.0, above: 0.0, nan: 0.0, negative: 0.0, zero: 0.0, positive: 0.0)
    // Numbers without an exponent count as zero.
    let least =
      switch x.dtype {
      case .float, .bfloat16: Double(Float.leastNormalMagnitude)
      case .double: Double.leastNormalMagnitude
      default: 0.0
      }
    for value in x.doubles ?? [] {
      if value.isNaN {
        count.nan += 1
      } else if value.isInfinite {
        if value < 0 { count.below += 1 } else { count.above += 1 }
      } else if abs(value) < least || value == 0 {
        count.zero += 1
      } else if value < 0 {
        count.negative += 1
      } else {
        count.positive += 1
      }
    }
    let odd = [count.below, count.above, count.nan]
    switch mode {
    case 2: return [id, odd.contains { $0 > 0 } ? 1 : 0]
    case 3: return [id, size] + odd
    case 4:
      return [id, -1, type, Double(x.rank), size] + odd
        + [count.negative, count.zero, count.positive]
    default:
      return [
        count.below > 0 ? -Double.infinity : 0, count.above > 0 ? .infinity : 0,
        count.nan > 0 ? .nan : 0,
      ]
    }
  }
}
