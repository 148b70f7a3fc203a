import BNormTensor

extension OpGradients {
  static let reductions: [String: Rule] = [
    "Sum": { b in
      let sizes = try ReducedSizes(&b)
      return try spread(&b, b.dy[0], sizes)
    },
    "Mean": { b in
      let sizes = try ReducedSizes(&b)
      let zero = try b.constant(Tensor(scalar: Int32(0)))
      let count = try b.add("Prod", [sizes.repeats, zero], T: .int32)
      let share = try b.add("Div", b.dy[0], b.cast(count, from: .int32, to: b.dtype))
      return try spread(&b, share, sizes)
    },
    "Max": extreme("Max"),
    "Min": extreme("Min"),
  ]

  /// The shape of the input with reduced axes of length 1, and how often each axis repeats.
  private struct ReducedSizes {
    let shape: String
    let repeats: String

    init(_ b: inout OpGradientBuilder) throws {
      let full = try b.shape(0)
      let rank = try b.add("Rank", b.x[0])
      let zero = try b.constant(Tensor(scalar: Int32(0)))
      let one = try b.constant(Tensor(scalar: Int32(1)))
      let places = try b.add("Range", [zero, rank, one], ["Tidx": .dtype(.int32)])
      var axes = b.x[1]
      if b.xTypes[1] != .int32 { axes = try b.cast(axes, from: b.xTypes[1], to: .int32) }
      // Axes may count from the end.
      axes = try b.add("FloorMod", [b.add("Add", [axes, rank], T: .int32), rank], T: .int32)
      let ones = try b.add("Fill", [b.add("Shape", [axes], T: .int32), one], T: .int32)
      shape = try b.add(
        "DynamicStitch", [places, axes, full, ones], T: .int32, ["N": .int(2)])
      repeats = try b.add("Div", [full, shape], T: .int32)
    }
  }

  private static func spread(
    _ b: inout OpGradientBuilder, _ gradient: String, _ sizes: ReducedSizes
  ) throws -> [String] {
    let shaped = try b.add("Reshape", gradient, sizes.shape)
    return [try b.add("Tile", shaped, sizes.repeats), try b.zeros(1)]
  }

  /// What all the places of the extreme value share.
  private static func extreme(_ op: String) -> Rule {
    { b in
      let index: [String: AttributeValue] = ["Tidx": .dtype(b.xTypes[1])]
      let y = try b.add(
        op, [b.x[0], b.x[1]], index.merging(["keep_dims": .bool(true)]) { $1 })
      let mask = try b.cast(b.add("Equal", b.x[0], y), from: .bool, to: b.dtype)
      let count = try b.add("Sum", [mask, b.x[1]], index)
      let share = try b.add("Reshape", b.add("Div", b.dy[0], count), b.add("Shape", y))
      return [try b.add("Mul", mask, share), try b.zeros(1)]
    }
  }
}
