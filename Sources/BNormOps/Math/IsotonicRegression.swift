import BNormCore
import BNormTensor

/// The falling sequence nearest to each row in least squares, and the numbers of its steps.
struct IsotonicRegression: EagerOperation {
  static let opNames = ["IsotonicRegression"]
  private let dtype: DType

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("output_dtype")
    let expected: DType =
      switch node.inputDTypes[0] {
      case .int8, .int16: .float
      case .int32, .int64: .double
      default: node.inputDTypes[0]
      }
    guard dtype == expected, dtype.isFloating else {
      throw BNormError.unsupported(
        "IsotonicRegression of \(node.inputDTypes[0].name) to \(dtype.name)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 1, "input 0")
    return [inputs[0].shape, inputs[0].shape]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = inputs[0].shape
    let out = Tensor(dtype: dtype, shape: shape)
    let segments = Tensor(dtype: .int32, shape: shape)
    guard shape.count > 0, let values = inputs[0].doubles else { return [out, segments] }
    func solve<T: Element>(_ round: (Double) -> Double, _ store: (Double) -> T) {
      let steps = segments.mutableElements(Int32.self)
      let target = out.mutableElements(T.self)
      let columns = shape[shape.rank - 1]
      for row in stride(from: 0, to: shape.count, by: columns) {
        for (number, pool) in pools(values[row..<row + columns], round).enumerated() {
          for i in pool.range {
            target[i] = store(pool.mean)
            steps[i] = Int32(truncatingIfNeeded: number)
          }
        }
      }
    }
    switch dtype {
    case .float: solve({ Double(Float($0)) }, { Float($0) })
    case .double: solve({ $0 }, { $0 })
    case .half: solve({ Double(Float16(Float($0))) }, { Float16(Float($0)) })
    default: solve({ Double(BFloat16(Float($0)).float) }, { BFloat16(Float($0)) })
    }
    return [out, segments]
  }

  private struct Pool {
    var range: Range<Int>
    var sum: Double
    var mean: Double
  }

  /// Neighbours that rise are pooled until none does.
  private func pools(_ row: ArraySlice<Double>, _ round: (Double) -> Double) -> [Pool] {
    var pools: [Pool] = []
    for (i, value) in zip(row.indices, row) {
      let start = round(value)
      pools.append(Pool(range: i..<i + 1, sum: start, mean: start))
      while pools.count > 1, pools[pools.count - 1].mean > pools[pools.count - 2].mean {
        let last = pools.removeLast()
        var pool = pools.removeLast()
        pool.range = pool.range.lowerBound..<last.range.upperBound
        pool.sum = round(pool.sum + last.sum)
        pool.mean = round(pool.sum / round(Double(pool.range.count)))
        pools.append(pool)
      }
    }
    return pools
  }
}
