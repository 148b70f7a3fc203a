import BNormCore
import BNormProto
import BNormTensor

/// A `Summary` with the distribution of a tensor's elements.
struct HistogramSummary: EagerOperation {
  static let opNames = ["HistogramSummary"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  /// The upper ends of the buckets: each 10 % beyond the one before.
  private static let limits: [Double] = {
    var positive: [Double] = []
    var limit = 1e-12
    while limit < 1e20 {
      positive.append(limit)
      limit *= 1.1
    }
    positive.append(.greatestFiniteMagnitude)
    return positive.reversed().map { -$0 } + [0] + positive
  }()

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank == 0 else { throw BNormError.invalid("tags must be scalar") }
    let tag = inputs[0].strings[0]
    guard let values = inputs[1].doubles else {
      throw BNormError.unsupported("dtype \(inputs[1].dtype.name)")
    }
    let limits = HistogramSummary.limits
    var counts = [Double](repeating: 0, count: limits.count)
    var (low, high) = (limits.last!, -limits.last!)
    var (sum, squares) = (0.0, 0.0)
    for value in values {
      guard !value.isNaN else { throw BNormError.invalid("Nan in summary histogram for: \(tag)") }
      guard value.isFinite else {
        throw BNormError.invalid("Infinity in summary histogram for: \(tag)")
      }
      counts[min(HistogramSummary.bucket(of: value), limits.count - 1)] += 1
      low = min(low, value)
      high = max(high, value)
      sum += value
      squares += value * value
    }
    var writer = WireWriter()
    writer.message(1) { summary in
      summary.tag(tag.bytes)
      summary.message(5) { histogram in
        for (field, number) in [(1, low), (2, high), (3, Double(values.count)), (4, sum), (5, squares)]
        where number != 0 || number.sign == .minus {
          histogram.fixed64(field, number.bitPattern)
        }
        let (ends, filled) = HistogramSummary.collapsed(counts)
        histogram.data(6, HistogramSummary.packed(ends))
        histogram.data(7, HistogramSummary.packed(filled))
      }
    }
    return [.summary(writer)]
  }

  /// The first bucket whose end lies above `value`.
  private static func bucket(of value: Double) -> Int {
    var low = 0
    var high = limits.count
    while low < high {
      let middle = (low + high) / 2
      if limits[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Ends and counts of the buckets, with each run of empty ones made one.
  private static func collapsed(_ counts: [Double]) -> (ends: [Double], counts: [Double]) {
    var (ends, filled): ([Double], [Double]) = ([], [])
    var i = 0
    while i < counts.count {
      var end = limits[i]
      let count = counts[i]
      i += 1
      if count <= 0 {
        while i < counts.count, counts[i] <= 0 {
          end = limits[i]
          i += 1
        }
      }
      ends.append(end)
      filled.append(count)
    }
    return (ends, filled)
  }

  private static func packed(_ values: [Double]) -> [UInt8] {
    values.flatMap { value in
      withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
    }
  }
}
