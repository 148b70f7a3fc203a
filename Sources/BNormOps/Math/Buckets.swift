import BNormCore
import BNormTensor
import CBNormKernels

/// The number of `boundaries` that are at most the element.
struct Bucketize: PlannedOperation {
  static let opNames = ["Bucketize"]
  private let boundaries: [Float]

  init(_ node: NodeContext) throws {
    boundaries = try node.floats("boundaries")
    guard zip(boundaries, boundaries.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw BNormError.invalid("attribute boundaries is not sorted: \(boundaries)")
    }
    guard [.int32, .int64, .float, .double].contains(node.inputDTypes[0]) else {
      throw BNormError.unsupported("Bucketize of \(node.inputDTypes[0].name)")
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) -> Kernel {
    let boundaries = boundaries
    let count = context.inputShape(0).count
    func kernel<T: Comparable & Sendable>(
      _ type: T.Type, _ isBelow: @escaping @Sendable (T, Float) -> Bool
    ) -> Kernel {
      .run { io in
        let x = io.input(0).assumingMemoryBound(to: T.self)
        let y = io.output(0).assumingMemoryBound(to: Int32.self)
        parallelFor(count, grain: 8192) { range in
          for i in range {
            var low = 0
            var high = boundaries.count
            while low < high {
              let middle = (low + high) / 2
              if isBelow(x[i], boundaries[middle]) { high = middle } else { low = middle + 1 }
            }
            y[i] = Int32(low)
          }
        }
      }
    }
    switch context.inputDType(0) {
    case .int32: return kernel(Int32.self) { Float($0) < $1 }
    case .int64: return kernel(Int64.self) { Float($0) < $1 }
    case .double: return kernel(Double.self) { $0 < Double($1) }
    default: return kernel(Float.self) { $0 < $1 }
    }
  }
}

/// Counts elements in `nbins` equal parts of a range; what lies outside goes to the outer bins.
struct HistogramFixedWidth: PlannedOperation {
  static let opNames = ["HistogramFixedWidth"]

  init(_ node: NodeContext) throws {
    let dtype = node.inputDTypes[0]
    guard dtype.isPlain, !dtype.isComplex, dtype != .bool,
      [.int32, .int64].contains(node.outputDTypes[0])
    else {
      throw BNormError.unsupported(
        "HistogramFixedWidth of \(dtype.name) to \(node.outputDTypes[0].name)")
    }
  }

  var valueInputs: [Int] { [2] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if let shape = inputs[1].shape.full, shape != [2] {
      throw BNormError.invalid("input 1 (value_range) has shape \(shape), expected [2]")
    }
    if let shape = inputs[2].shape.full, shape.count != 1 {
      throw BNormError.invalid("input 2 (nbins) has shape \(shape), expected a scalar")
    }
    if let bins = inputs[2].integers?.first, bins <= 0 {
      throw BNormError.invalid("input 2 (nbins) is \(bins), expected more than 0")
    }
    return [.vector(inputs[2].integers?.first)]
  }

  func lower(_ context: Lowering) -> Kernel {
    let count = context.inputShape(0).count
    let from = context.inputDType(0).kernel
    let to = context.outputDType(0)
    let bins = context.outputShape(0).count
    let bytes = (count + 2) * 8 + bins * 8
    return .function(
      KernelFunction(scratchBytes: bytes) { io in
        let x = io.scratch(outputs: 1).assumingMemoryBound(to: Double.self)
        bnk_cast(from, BNK_DOUBLE, 0, io.input(0), x, count)
        let range = x + count
        bnk_cast(from, BNK_DOUBLE, 0, io.input(1), range, 2)
        let (low, high) = (range[0], range[1])
        guard low < high else {
          throw BNormError.invalid(
            "input 1 (value_range) is [\(low), \(high)], expected the first below the second")
        }
        let counts = UnsafeMutableRawPointer(range + 2).assumingMemoryBound(to: Int64.self)
        counts.initialize(repeating: 0, count: bins)
        let step = (high - low) / Double(bins)
        for i in 0..<count {
          let position = (x[i] - low) / step
          let bin = position > 0 ? (position < Double(bins) ? Int(position) : bins - 1) : 0
          counts[bin] += 1
        }
        bnk_cast(BNK_INT64, to.kernel, 0, counts, io.output(0), bins)
      })
  }
}
