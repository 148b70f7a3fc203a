import BNormCore
import BNormTensor

/// Lays the windows of an image or a volume into the last dimension, without arithmetic.
struct ExtractPatches: PlannedOperation {
  static let opNames = ["ExtractImagePatches", "ExtractVolumePatches"]
  private let sizes: [Int]
  private let strides: [Int]
  private let rates: [Int]
  private let isSame: Bool

  init(_ node: NodeContext) throws {
    let rank = node.op == "ExtractImagePatches" ? 4 : 5
    func read(_ key: String) throws -> [Int] {
      let values = try node.ints(key)
      guard values.count == rank, values.allSatisfy({ $0 > 0 && $0 < 1 << 31 }), values[0] == 1,
        values[rank - 1] == 1
      else {
        throw BNormError.invalid(
          "attribute \(key) is \(values), expected \(rank) positive values with 1 at both ends")
      }
      return Array(values[1..<rank - 1])
    }
    sizes = try read("ksizes")
    strides = try read("strides")
    rates = rank == 4 ? try read("rates") : [1, 1, 1]
    isSame = try node.string("padding") == "SAME"
  }

  /// Output size and padding before, for dimension `i` of the space.
  private func window(_ input: Int, _ i: Int) throws -> (count: Int, before: Int) {
    let extent = (sizes[i] - 1) * rates[i] + 1
    if isSame {
      let count = (input + strides[i] - 1) / strides[i]
      let missing = (count - 1) * strides[i] + extent - input
      // Windows of a volume that leave elements over begin inside, as TensorFlow's do.
      return (count, (sizes.count == 2 ? max(missing, 0) : missing) / 2)
    }
    // A window larger than its input leaves nothing, or is refused.
    let room = input - extent + strides[i]
    guard room >= 0 else {
      throw BNormError.invalid("a window of \(extent) does not fit into dimension \(i + 1) of \(input)")
    }
    return (room / strides[i], 0)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(sizes.count + 2, "input 0")
    guard let dims = inputs[0].shape.dimensions else { return [.unknown(rank: sizes.count + 2)] }
    var out = dims
    var depth = dims[dims.count - 1]
    for (i, size) in sizes.enumerated() {
      out[i + 1] = dims[i + 1] < 0 ? -1 : try window(dims[i + 1], i).count
      let (product, overflow) = depth.multipliedReportingOverflow(by: size)
      guard !overflow else { throw BNormError.invalid("attribute ksizes is too large") }
      depth = depth < 0 ? -1 : product
    }
    out[dims.count - 1] = depth
    return [out.contains(-1) ? PartialShape(out) : PartialShape(try Shape(checking: out))]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let out = context.outputShape(0)
    let size = context.inputDType(0).size
    let n = sizes.count
    let windows = try (0..<n).map { try window(shape[$0 + 1], $0) }
    let source = shape.strides
    let target = out.strides
    let channels = shape[shape.rank - 1]
    guard out.count > 0 else { return .run { _ in } }
    if windows.allSatisfy({ $0.before == 0 }), covers(shape, out) {
      // Every window lies inside: one copy of overlapping views.
      let inner = Shape(sizes + [channels])
      let copy = try StridedCopy(
        size: size, out.dimensions.dropLast() + inner.dimensions,
        from: StridedView(
          [source[0]] + (0..<n).map { source[$0 + 1] * strides[$0] }
            + (0..<n).map { source[$0 + 1] * rates[$0] } + [1]),
        to: StridedView(target.dropLast() + inner.strides))
      return .run { io in copy.run(io.input(0), io.output(0)) }
    }
    var copies: [StridedCopy] = []
    let places = Shape(sizes)
    guard places.count <= 1 << 20 else {
      throw BNormError.unsupported("windows of \(places.count) elements beyond the border")
    }
    for place in 0..<places.count {
      let k = places.position(place)
      var dims = [shape[0]]
      var from = StridedView([source[0]])
      var to = StridedView(offset: place * channels, [target[0]])
      for i in 0..<n {
        // Window w reads element w * stride + start.
        let start = k[i] * rates[i] - windows[i].before
        let first = start >= 0 ? 0 : (-start + strides[i] - 1) / strides[i]
        let end = shape[i + 1] - start
        let last = end <= 0 ? 0 : min((end + strides[i] - 1) / strides[i], windows[i].count)
        dims.append(max(last - first, 0))
        from.offset += (first * strides[i] + start) * source[i + 1]
        from.strides.append(source[i + 1] * strides[i])
        to.offset += first * target[i + 1]
        to.strides.append(target[i + 1])
      }
      guard !dims.contains(0), channels > 0 else { continue }
      dims.append(channels)
      from.strides.append(1)
      to.strides.append(1)
      copies.append(try StridedCopy(size: size, dims, from: from, to: to))
    }
    let pieces = copies
    let bytes = out.count * size
    return .run { io in
      io.output(0).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      for copy in pieces { copy.run(io.input(0), io.output(0)) }
    }
  }

  /// No window reaches past the end.
  private func covers(_ shape: Shape, _ out: Shape) -> Bool {
    sizes.indices.allSatisfy { i in
      (out[i + 1] - 1) * strides[i] + (sizes[i] - 1) * rates[i] < shape[i + 1]
    }
  }
}
