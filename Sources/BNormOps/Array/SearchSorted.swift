import BNormCore
import BNormTensor

/// Where values would be inserted into sorted rows: before equal elements (LowerBound) or after.
struct SearchSorted: EagerOperation {
  static let opNames = ["LowerBound", "UpperBound"]
  private let isUpper: Bool

  init(_ node: NodeContext) throws { isUpper = node.op == "UpperBound" }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(2, "input 0 (sorted_inputs)")
    try inputs[1].shape.requireRank(2, "input 1 (values)")
    if let a = inputs[0].shape[0], let b = inputs[1].shape[0], a != b {
      throw BNormError.invalid(
        "input 0 has shape \(inputs[0].shape), but input 1 has \(inputs[1].shape): rows must match")
    }
    return [inputs[1].shape]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (sorted, values) = (inputs[0], inputs[1])
    guard sorted.rank == 2, values.rank == 2, sorted.shape[0] == values.shape[0] else {
      throw BNormError.invalid(
        "input 0 has shape \(sorted.shape), but input 1 has \(values.shape): rows must match")
    }
    let places: [Int]
    if sorted.dtype == .bfloat16 {
      places = SearchSorted.search(
        sorted.elements(BFloat16.self).map(\.float), values.elements(BFloat16.self).map(\.float),
        rows: sorted.shape[0], isUpper: isUpper)
    } else {
      places = try sorted.dtype.visitNumeric(
        Visitor(sorted: sorted, values: values, isUpper: isUpper))
    }
    return [Tensor(integers: places, dtype: context.outputDTypes[0], shape: values.shape)]
  }

  private struct Visitor: NumericVisitor {
    let sorted: Tensor
    let values: Tensor
    let isUpper: Bool

    func visit<T: Element & Numeric & Comparable>(_ type: T.Type) throws -> [Int] {
      SearchSorted.search(
        sorted.elements(T.self), values.elements(T.self), rows: sorted.shape[0], isUpper: isUpper)
    }
  }

  private static func search<C: RandomAccessCollection>(
    _ sorted: C, _ values: C, rows: Int, isUpper: Bool
  ) -> [Int] where C.Element: Comparable, C.Index == Int {
    guard rows > 0 else { return [] }
    let (n, m) = (sorted.count / rows, values.count / rows)
    var out: [Int] = []
    out.reserveCapacity(values.count)
    for i in 0..<values.count {
      let start = i / m * n
      let value = values[i]
      var (low, count) = (0, n)
      while count > 0 {
        let half = count / 2
        let middle = sorted[start + low + half]
        if isUpper ? !(value < middle) : middle < value {
          low += half + 1
          count -= half + 1
        } else {
          count = half
        }
      }
      out.append(low)
    }
    return out
  }
}

/// Coordinates of flat indices in an array of given dimensions.
struct UnravelIndex: EagerOperation {
  static let opNames = ["UnravelIndex"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[1].requireVector("input 1 (dims)")
    guard let rank = inputs[0].shape.rank else { return [.unknown] }
    guard rank <= 1 else {
      throw BNormError.invalid("input 0 (indices) has shape \(inputs[0].shape), expected at most rank 1")
    }
    let dims = inputs[1].shape[0] ?? -1
    return [rank == 0 ? PartialShape([dims]) : PartialShape([dims, inputs[0].shape[0] ?? -1])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank <= 1, inputs[1].rank == 1 else {
      throw BNormError.invalid(
        "input 0 has shape \(inputs[0].shape) and input 1 \(inputs[1].shape), expected vectors")
    }
    let dims = inputs[1].integers ?? []
    let indices = inputs[0].integers ?? []
    guard !indices.isEmpty else {
      throw BNormError.invalid("input 0 (indices) has shape \(inputs[0].shape), which is empty")
    }
    guard dims.allSatisfy({ $0 > 0 }) else {
      throw BNormError.invalid("input 1 (dims) holds \(dims), expected positive sizes")
    }
    var total = 1
    for d in dims {
      let (product, overflow) = total.multipliedReportingOverflow(by: d)
      guard !overflow, inputs[1].dtype == .int64 || product <= Int(Int32.max) else {
        throw BNormError.invalid("the product of input 1 (dims), \(dims), is too large")
      }
      total = product
    }
    var out = [Int](repeating: 0, count: dims.count * indices.count)
    for (i, index) in indices.enumerated() {
      guard index >= 0, index < total else {
        throw BNormError.invalid("input 0 holds \(index), out of bounds for dimensions \(dims)")
      }
      var rest = index
      for d in stride(from: dims.count - 1, through: 0, by: -1) {
        out[d * indices.count + i] = rest % dims[d]
        rest /= dims[d]
      }
    }
    let shape: Shape = inputs[0].rank == 0 ? [dims.count] : [dims.count, indices.count]
    return [Tensor(integers: out, dtype: inputs[0].dtype, shape: shape)]
  }
}
