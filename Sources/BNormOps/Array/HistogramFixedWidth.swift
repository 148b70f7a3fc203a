import BNormCore
import BNormTensor

/// Counts values in bins of equal width; what lies outside goes into the first or the last one.
struct HistogramFixedWidth: EagerOperation {
  static let opNames = ["HistogramFixedWidth"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if let shape = inputs[1].shape.full, shape != [2] {
      throw BNormError.invalid("input 1 (value_range) has shape \(shape), expected [2]")
    }
    try inputs[2].requireScalar("input 2 (nbins)")
    guard let count = inputs[2].integer else { return [.unknown(rank: 1)] }
    guard count > 0 else { throw BNormError.invalid("input 2 (nbins) is \(count), expected more than 0") }
    return [.vector(count)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[1].shape == [2], inputs[2].rank == 0 else {
      throw BNormError.invalid(
        "input 1 (value_range) has shape \(inputs[1].shape) and input 2 (nbins) \(inputs[2].shape), "
          + "expected [2] and a scalar")
    }
    guard let count = inputs[2].integers?.first, count > 0 else {
      throw BNormError.invalid("input 2 (nbins) must be more than 0")
    }
    let bins = try inputs[0].dtype.visitNumeric(
      Counter(values: inputs[0], range: inputs[1], count: count))
    return [Tensor(integers: bins, dtype: context.outputDTypes[0])]
  }

  private struct Counter: NumericVisitor {
    let values: Tensor
    let range: Tensor
    let count: Int

    func visit<T: Element & Numeric & Comparable>(_ type: T.Type) throws -> [Int] {
      let bounds = range.elements(T.self)
      let (low, high) = (bounds[0], bounds[1])
      guard low < high, let from = double(low), let to = double(high) else {
        throw BNormError.invalid("input 1 (value_range) holds (\(low),\(high)), expected low < high")
      }
      let step = (to - from) / Double(count)
      var bins = [Int](repeating: 0, count: count)
      for value in values.elements(T.self) {
        guard value == value else { throw BNormError.invalid("input 0 (values) contains NaN") }
        // Values at or above the upper bound are set apart: their distance may overflow.
        guard value < high else {
          bins[count - 1] += 1
          continue
        }
        let distance = value > low ? double(value - low) ?? 0 : 0
        bins[Int(min(max(distance / step, 0), Double(count - 1)))] += 1
      }
      return bins
    }

    private func double<T>(_ value: T) -> Double? {
      switch value {
      case let x as Float: Double(x)
      case let x as Double: x
      case let x as Float16: Double(x)
      case let x as any FixedWidthInteger: Double(exactly: x) ?? Double("\(x)")
      default: nil
      }
    }
  }
}
