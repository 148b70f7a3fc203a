import BNormCore
import BNormTensor

/// The `padding` attribute with `explicit_paddings`, for the spatial dimensions.
enum Padding: Sendable, Equatable {
  case same
  case valid
  case explicit([PaddingPair])

  struct PaddingPair: Sendable, Equatable {
    var before: Int
    var after: Int
  }

  /// Reads the attributes of a node whose tensors have `rank` dimensions.
  init(_ node: NodeContext, rank: Int, layout: Layout) throws {
    let explicit = node.optional("explicit_paddings") == nil ? [] : try node.ints("explicit_paddings")
    let text = try node.string("padding")
    guard text == "EXPLICIT" else {
      guard explicit.isEmpty else {
        throw BNormError.invalid("attribute explicit_paddings is set, but padding is \(text)")
      }
      self = text == "SAME" ? .same : .valid
      return
    }
    guard explicit.count == 2 * rank else {
      throw BNormError.invalid(
        "attribute explicit_paddings has \(explicit.count) elements, expected \(2 * rank)")
    }
    guard explicit.allSatisfy({ $0 >= 0 && $0 <= Int(Int32.max) }) else {
      throw BNormError.invalid("attribute explicit_paddings \(explicit) has a negative element")
    }
    let pairs = layout.toLast(
      (0..<rank).map { PaddingPair(before: explicit[2 * $0], after: explicit[2 * $0 + 1]) })
    let none = PaddingPair(before: 0, after: 0)
    guard pairs[0] == none, pairs[rank - 1] == none else {
      throw BNormError.invalid(
        "attribute explicit_paddings \(explicit) pads the batch or the channels")
    }
    self = .explicit(Array(pairs[1..<(rank - 1)]))
  }

  /// Size of the output and padding before the first element along spatial dimension `dimension`.
  /// With `centers`, SAME also centers windows that leave elements out: the padding is negative then.
  func resolve(
    _ dimension: Int, input: Int, kernel: Int, stride: Int, dilation: Int = 1,
    centers: Bool = false
  ) throws -> (output: Int, before: Int) {
    let (span, overflow) = (kernel - 1).multipliedReportingOverflow(by: dilation)
    guard !overflow, span < 1 << 40 else {
      throw BNormError.invalid("a kernel of \(kernel) with dilation \(dilation) is too large")
    }
    let effective = kernel > 0 ? span + 1 : 0
    switch self {
    case .same:
      let output = input / stride + (input % stride > 0 ? 1 : 0)
      let missing = (output - 1) * stride + effective - input
      return (output, (centers ? missing : max(0, missing)) / 2)
    case .valid:
      return (try output(input - effective + stride, stride, input, effective), 0)
    case .explicit(let pairs):
      let pair = pairs[dimension]
      let padded = input + pair.before + pair.after
      return (try output(padded - effective + stride, stride, padded, effective), pair.before)
    }
  }

  private func output(_ numerator: Int, _ stride: Int, _ input: Int, _ kernel: Int) throws -> Int {
    let output = numerator / stride
    guard output >= 0 else {
      throw BNormError.invalid(
        "a window of \(kernel) does not fit an input of \(input) along a spatial dimension")
    }
    return output
  }

  /// As `resolve`, for a size that may be unknown (-1).
  func output(
    _ dimension: Int, input: Int, kernel: Int, stride: Int, dilation: Int = 1
  ) throws -> Int {
    guard input >= 0, kernel >= 0 else { return -1 }
    return try resolve(dimension, input: input, kernel: kernel, stride: stride, dilation: dilation)
      .output
  }
}

extension NodeContext {
  /// A list attribute with one positive entry for each of `rank` dimensions, channels last.
  func window(_ key: String, rank: Int, layout: Layout) throws -> [Int] {
    let values = try ints(key)
    guard values.count == rank else {
      throw BNormError.invalid(
        "attribute \(key) has \(values.count) elements \(values), expected \(rank)")
    }
    return try NodeContext.checkWindow(layout.toLast(values), "attribute \(key)")
  }

  static func checkWindow(_ values: [Int], _ what: String) throws -> [Int] {
    guard values.allSatisfy({ $0 > 0 && $0 <= Int(Int32.max) }) else {
      throw BNormError.invalid("\(what) \(values) has an element outside [1, \(Int32.max)]")
    }
    return values
  }

  /// As `window`, for strides and dilations: batch and channels must be 1.
  func spatialWindow(_ key: String, rank: Int, layout: Layout) throws -> [Int] {
    let values = try window(key, rank: rank, layout: layout)
    guard values[0] == 1, values[rank - 1] == 1 else {
      throw BNormError.unsupported("attribute \(key) \(values) is not 1 for batch and channels")
    }
    return Array(values[1..<(rank - 1)])
  }
}
