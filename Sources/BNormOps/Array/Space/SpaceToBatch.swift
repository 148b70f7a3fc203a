import BNormCore
import BNormTensor

/// Moves blocks of space into the batch after padding.
struct SpaceToBatch: PlannedOperation {
  static let opNames = ["SpaceToBatch", "SpaceToBatchND"]
  private let block: BatchBlock

  init(_ node: NodeContext) throws { block = try BatchBlock(node, isND: node.op == "SpaceToBatchND") }

  var valueInputs: [Int] { block.valueInputs }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard let (sizes, paddings) = try block.resolve(inputs, "paddings"),
      let dims = inputs[0].shape.dimensions
    else { return [try block.unknownShape(inputs) { d, size in d * size }] }
    var out = dims
    for size in sizes where out[0] >= 0 {
      let (product, overflow) = out[0].multipliedReportingOverflow(by: size)
      guard !overflow else { throw BNormError.invalid("the block is too large") }
      out[0] = product
    }
    for (i, size) in sizes.enumerated() where dims[i + 1] >= 0 {
      let padded = dims[i + 1] + paddings.before[i] + paddings.after[i]
      guard padded % size == 0 else {
        throw BNormError.invalid(
          "dimension \(i + 1) of shape \(inputs[0].shape) is \(padded) with paddings, which is no "
            + "multiple of the block's \(size)")
      }
      out[i + 1] = padded / size
    }
    return [PartialShape(out)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    guard let (sizes, paddings) = try block.resolve(context.inputs, "paddings") else {
      throw BNormError.invalid("the block is not constant")
    }
    let shape = context.inputShape(0)
    let out = context.outputShape(0)
    let size = context.inputDType(0).size
    let bytes = out.count * size
    let isPadded = !(paddings.before + paddings.after).allSatisfy { $0 == 0 }
    let pieces = try BatchBlock.pieces(
      small: shape, large: out, sizes: sizes, before: paddings.before)
    let copies = try pieces.map {
      try StridedCopy(size: size, $0.dims, from: $0.space, to: $0.batch)
    }
    return .run { io in
      if isPadded { io.output(0).initializeMemory(as: UInt8.self, repeating: 0, count: bytes) }
      for copy in copies { copy.run(io.input(0), io.output(0)) }
    }
  }
}

/// Moves blocks of the batch into space, then crops.
struct BatchToSpace: PlannedOperation {
  static let opNames = ["BatchToSpace", "BatchToSpaceND"]
  private let block: BatchBlock

  init(_ node: NodeContext) throws { block = try BatchBlock(node, isND: node.op == "BatchToSpaceND") }

  var valueInputs: [Int] { block.valueInputs }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard let (sizes, crops) = try block.resolve(inputs, "crops"),
      let dims = inputs[0].shape.dimensions
    else { return [try block.unknownShape(inputs) { d, size in d / size }] }
    var out = dims
    let total = try Shape(checking: sizes).count
    if dims[0] >= 0 {
      guard dims[0] % total == 0 else {
        throw BNormError.invalid(
          "input 0 has shape \(inputs[0].shape): the batch is no multiple of the block's \(total)")
      }
      out[0] = dims[0] / total
    }
    for (i, size) in sizes.enumerated() where dims[i + 1] >= 0 {
      let (whole, overflow) = dims[i + 1].multipliedReportingOverflow(by: size)
      guard !overflow else { throw BNormError.invalid("the block is too large") }
      out[i + 1] = whole - crops.before[i] - crops.after[i]
      guard out[i + 1] >= 0 else {
        throw BNormError.invalid(
          "crops (\(crops.before[i]),\(crops.after[i])) exceed dimension \(i + 1), which is \(whole)")
      }
    }
    return [PartialShape(out)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    guard let (sizes, crops) = try block.resolve(context.inputs, "crops") else {
      throw BNormError.invalid("the block is not constant")
    }
    let size = context.inputDType(0).size
    let pieces = try BatchBlock.pieces(
      small: context.outputShape(0), large: context.inputShape(0), sizes: sizes, before: crops.before)
    let copies = try pieces.map {
      try StridedCopy(size: size, $0.dims, from: $0.batch, to: $0.space)
    }
    return .run { io in
      for copy in copies { copy.run(io.input(0), io.output(0)) }
    }
  }
}

/// The block of the batch ops: an attribute for two dimensions, or input 1.
struct BatchBlock {
  private let size: Int?

  init(_ node: NodeContext, isND: Bool) throws { size = isND ? nil : try node.int("block_size") }

  var valueInputs: [Int] { size == nil ? [1, 2] : [1] }
  private var borderInput: Int { size == nil ? 2 : 1 }

  /// Block sizes and paddings (or crops) when they are known.
  func resolve(_ inputs: [Fact], _ name: String) throws -> (sizes: [Int], border: Paddings)? {
    let border = inputs[borderInput]
    try border.shape.requireRank(2, "input \(borderInput) (\(name))")
    if let columns = border.shape[1], columns != 2 {
      throw BNormError.invalid("input \(borderInput) (\(name)) has shape \(border.shape), expected [n,2]")
    }
    if size == nil {
      try inputs[1].shape.requireRank(1, "input 1 (block_shape)")
      if let n = inputs[1].shape[0] {
        try inputs[0].shape.requireRank(atLeast: n + 1, "input 0")
        if let rows = border.shape[0], rows != n {
          throw BNormError.invalid(
            "input 2 (\(name)) has shape \(border.shape), expected [\(n),2] for the block's shape")
        }
      }
    } else {
      try inputs[0].shape.requireRank(4, "input 0")
      if let rows = border.shape[0], rows != 2 {
        throw BNormError.invalid("input 1 (\(name)) has shape \(border.shape), expected [2,2]")
      }
    }
    guard let sizes = size.map({ [$0, $0] }) ?? inputs[1].integers, let integers = border.integers
    else { return nil }
    guard sizes.allSatisfy({ $0 > 0 }) else {
      throw BNormError.invalid("the block's shape is \(sizes), sizes must be positive")
    }
    return (sizes, try Paddings(integers, "input \(borderInput) (\(name))"))
  }

  /// What is known of the output without the block or the border; `batch` makes the output's batch
  /// from the input's and the number of elements in the block.
  func unknownShape(_ inputs: [Fact], batch: (Int, Int) -> Int) throws -> PartialShape {
    guard let dims = inputs[0].shape.dimensions else { return size == nil ? .unknown : .unknown(rank: 4) }
    let moved = size == nil ? inputs[1].shape[0] ?? dims.count : 2
    var out = dims.enumerated().map { $0.offset <= moved ? -1 : $0.element }
    if let first = dims.first, first >= 0, first < 1 << 31,
      let sizes = size.map({ [$0, $0] }) ?? inputs[1].integers, let total = knownProduct(sizes),
      total > 0, total < 1 << 31
    {
      out[0] = batch(first, total)
    }
    return PartialShape(out)
  }

  /// One copy per place in the block: views into the space array (`small` batch) and into the batch
  /// array (`large` batch), without what paddings add or crops remove.
  static func pieces(
    small: Shape, large: Shape, sizes: [Int], before: [Int]
  ) throws -> [(dims: [Int], space: StridedView, batch: StridedView)] {
    let n = sizes.count
    let (s, b) = (small.strides, large.strides)
    let total = sizes.reduce(1, *)
    guard small.count > 0, large.count > 0, total <= 1 << 20 else {
      guard total <= 1 << 20 else { throw BNormError.unsupported("a block of \(total) elements") }
      return []
    }
    var out: [(dims: [Int], space: StridedView, batch: StridedView)] = []
    for place in 0..<total {
      // Coordinates in the block, the last one running fastest.
      var coordinates = [Int](repeating: 0, count: n)
      var rest = place
      for i in stride(from: n - 1, through: 0, by: -1) {
        coordinates[i] = rest % sizes[i]
        rest /= sizes[i]
      }
      var dims = [small[0]]
      var spaceStrides = [s[0]]
      var spaceOffset = 0
      var batchOffset = place * small[0] * b[0]
      for i in 0..<n {
        // Step k of the large array is element k * size + coordinate - before of the small one.
        let start = coordinates[i] - before[i]
        let first = start >= 0 ? 0 : (-start + sizes[i] - 1) / sizes[i]
        let end = small[i + 1] - start
        let last = end <= 0 ? 0 : min((end + sizes[i] - 1) / sizes[i], large[i + 1])
        dims.append(max(last - first, 0))
        spaceStrides.append(s[i + 1] * sizes[i])
        spaceOffset += (first * sizes[i] + start) * s[i + 1]
        batchOffset += first * b[i + 1]
      }
      guard !dims.contains(0) else { continue }
      for d in n + 1..<max(small.rank, n + 1) {
        dims.append(small[d])
        spaceStrides.append(s[d])
      }
      out.append(
        (
          dims, StridedView(offset: spaceOffset, spaceStrides),
          StridedView(offset: batchOffset, b)
        ))
    }
    return out
  }
}
