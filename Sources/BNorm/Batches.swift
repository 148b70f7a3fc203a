import BNormTensor

/// Cuts arrays of examples into batches, pass after pass.
///
/// Arrays of rank 0 and those that are `whole` are the same in each batch; the others have one row
/// for each example. The last batch of a pass is smaller when the examples do not divide evenly.
public struct Batches: Sendable {
  /// What a tensor of the graph is fed.
  public struct Feed: Sendable {
    public let name: String
    public let value: Tensor
    /// The value is the same in each batch.
    public let isWhole: Bool

    /// Scalars are whole in any case.
    public init(name: String, value: Tensor, isWhole: Bool = false) {
      self.name = name
      self.value = value
      self.isWhole = isWhole || value.rank == 0
    }
  }

  /// Number of examples; nil when no feed is cut.
  public let exampleCount: Int?
  private let feeds: [Feed]
  private let size: Int?
  private let dropsRemainder: Bool
  private var generator: Generator?
  private var order: [Int] = []
  private var position = 0

  /// - Parameters:
  ///   - size: Examples in a batch; nil for all of them.
  ///   - dropsRemainder: Leaves out what is left of a pass when it does not fill a batch.
  ///   - shuffleSeed: Examples come in another order in each pass, which follows from the seed.
  public init(
    _ feeds: [Feed], size: Int?, dropsRemainder: Bool = false, shuffleSeed: UInt64? = nil
  ) throws {
    self.feeds = feeds
    self.size = size
    self.dropsRemainder = dropsRemainder
    generator = shuffleSeed.map { Generator(state: $0) }
    let cut = feeds.filter { !$0.isWhole }
    exampleCount = cut.first?.value.shape[0]
    for feed in cut.dropFirst() where feed.value.shape[0] != cut[0].value.shape[0] {
      throw BNormError.invalid(
        "feed \"\(feed.name)\" has shape \(feed.value.shape), but feed \"\(cut[0].name)\" has "
          + "\(cut[0].value.shape): they must have the same number of examples")
    }
    if let size {
      guard size > 0 else { throw BNormError.invalid("a batch of \(size) examples") }
      guard let exampleCount else {
        throw BNormError.invalid("no feed has examples to make batches of")
      }
      guard exampleCount > 0, !dropsRemainder || exampleCount >= size else {
        throw BNormError.invalid("\(exampleCount) examples do not fill a batch of \(size)")
      }
    }
  }

  /// Batches of one pass.
  public var batchesPerPass: Int {
    guard let size, let exampleCount else { return 1 }
    return dropsRemainder ? exampleCount / size : (exampleCount - 1) / size + 1
  }

  /// The values of the next batch, one for each feed.
  public mutating func next() -> [Tensor] {
    guard let exampleCount, size != nil || generator != nil else { return feeds.map(\.value) }
    let size = min(self.size ?? exampleCount, exampleCount)
    if position >= exampleCount || (dropsRemainder && position + size > exampleCount) {
      position = 0
    }
    if position == 0, generator != nil {
      order = Array(0..<exampleCount)
      order.shuffle(using: &generator!)
    }
    let rows = position..<min(position + size, exampleCount)
    position = rows.upperBound
    return feeds.map { feed in
      if feed.isWhole { return feed.value }
      return order.isEmpty
        ? Batches.take(rows.map { $0 }, of: feed.value)
        : Batches.take(Array(order[rows]), of: feed.value)
    }
  }

  private static func take(_ rows: [Int], of tensor: Tensor) -> Tensor {
    var shape = tensor.shape.dimensions
    shape[0] = rows.count
    let width = shape.dropFirst().reduce(1, *)
    if tensor.dtype == .string {
      let strings = tensor.strings
      return Tensor(
        strings: rows.flatMap { strings[($0 * width)..<(($0 + 1) * width)] }, shape: Shape(shape))
    }
    let out = Tensor(dtype: tensor.dtype, shape: Shape(shape))
    let bytes = width * tensor.dtype.size
    for (i, row) in rows.enumerated() {
      (out.storage.pointer + i * bytes).copyMemory(
        from: tensor.pointer + row * bytes, byteCount: bytes)
    }
    return out
  }

  /// SplitMix64.
  private struct Generator: RandomNumberGenerator, Sendable {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
  }
}
