import BNormCore
import BNormTensor

/// For each row, the numbers from a start to a limit by a step.
struct RaggedRange: EagerOperation {
  static let opNames = ["RaggedRange"]
  private let splitsType: DType

  init(_ node: NodeContext) throws { splitsType = node.outputDTypes[0] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    var rows: Int?
    for (i, input) in inputs.enumerated() {
      guard let rank = input.shape.rank else { continue }
      guard rank <= 1 else {
        throw BNormError.invalid("input \(i) has shape \(input.shape), expected at most rank 1")
      }
      guard rank == 1, let count = input.shape[0] else { continue }
      if let rows, rows != count {
        throw BNormError.invalid("input \(i) has \(count) elements, but others have \(rows)")
      }
      rows = count
    }
    let isKnown = rows != nil || inputs.allSatisfy { $0.shape.rank == 0 }
    return [.vector(isKnown ? (rows ?? 1) + 1 : nil), .vector(nil)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let rows = inputs.first { $0.rank == 1 }?.count ?? 1
    switch inputs[0].dtype {
    case .float: return try ranges(inputs, rows, Float.self, floatingCount)
    case .double: return try ranges(inputs, rows, Double.self, floatingCount)
    case .int32: return try ranges(inputs, rows, Int32.self, integerCount)
    case .int64: return try ranges(inputs, rows, Int64.self, integerCount)
    case let dtype: throw BNormError.unsupported("RaggedRange of \(dtype.name)")
    }
  }

  private func ranges<T: Element & RangeNumber>(
    _ inputs: [Tensor], _ rows: Int, _ type: T.Type, _ count: (T, T, T) throws -> Int
  ) throws -> [Tensor] {
    let columns = inputs.map { $0.elements(T.self) }
    func value(_ input: Int, _ row: Int) -> T { columns[input][inputs[input].rank == 0 ? 0 : row] }
    var splits = [0]
    for row in 0..<rows {
      let (start, limit, step) = (value(0, row), value(1, row), value(2, row))
      guard step != .zero else { throw BNormError.invalid("input 2 (deltas) contains 0") }
      let isEmpty = step > .zero ? limit < start : limit > start
      let (end, overflow) = splits[row].addingReportingOverflow(
        isEmpty ? 0 : try count(start, limit, step))
      guard !overflow else { throw BNormError.invalid("the ranges have too many elements") }
      splits.append(end)
    }
    let shape = try Shape(checking: [splits[rows]])
    try MemoryLimit.check(T.dtype, shape)
    let out = Tensor(dtype: T.dtype, shape: shape)
    let target = out.mutableElements(T.self)
    for row in 0..<rows {
      var x = value(0, row)
      let step = value(2, row)
      for i in splits[row]..<splits[row + 1] {
        target[i] = x
        x = x.advancedWrapping(step)
      }
    }
    return [Tensor(splits: splits, dtype: splitsType), out]
  }
}

/// Steps of a range: integers wrap around.
private protocol RangeNumber: Comparable, Numeric {
  func advancedWrapping(_ step: Self) -> Self
}

extension Float: RangeNumber {
  fileprivate func advancedWrapping(_ step: Float) -> Float { self + step }
}
extension Double: RangeNumber {
  fileprivate func advancedWrapping(_ step: Double) -> Double { self + step }
}
extension Int32: RangeNumber {
  fileprivate func advancedWrapping(_ step: Int32) -> Int32 { self &+ step }
}
extension Int64: RangeNumber {
  fileprivate func advancedWrapping(_ step: Int64) -> Int64 { self &+ step }
}

private func floatingCount<T: BinaryFloatingPoint>(_ start: T, _ limit: T, _ step: T) throws -> Int
{
  let count = abs((limit - start) / step).rounded(.up)
  guard count < 9.2e18 else {
    throw BNormError.invalid("a range from \(start) to \(limit) by \(step) has no end")
  }
  return Int(count)
}

private func integerCount<T: FixedWidthInteger>(_ start: T, _ limit: T, _ step: T) throws -> Int {
  let (distance, overflow) = Int(limit).subtractingReportingOverflow(Int(start))
  guard !overflow else {
    throw BNormError.invalid("a range from \(start) to \(limit) has too many elements")
  }
  let (whole, rest) = distance.magnitude.quotientAndRemainder(dividingBy: Int(step).magnitude)
  return Int(clamping: whole) + (rest > 0 ? 1 : 0)
}
