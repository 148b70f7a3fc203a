import BNormTensor

extension OpGradients {
  static let arrays: [String: Rule] = [
    "Reshape": { b in [try b.add("Reshape", b.dy[0], b.shape(0)), try b.zeros(1)] },
    "ExpandDims": { b in [try b.add("Reshape", b.dy[0], b.shape(0)), try b.zeros(1)] },
    "Squeeze": { b in [try b.add("Reshape", b.dy[0], b.shape(0))] },
    "Pack": { b in
      let made = try b.add(
        "Unpack", [b.dy[0]], ["num": b.attribute("N")], taking: ["axis"])
      return b.x.indices.map { "\(made):\($0)" }
    },
    "Unpack": { b in [try b.add("Pack", b.dy, ["N": b.attribute("num")], taking: ["axis"])] },
    "Concat": { b in
      let axis = try int32(&b, 0)
      return try [b.zeros(0)] + slices(&b, axis, Array(1..<b.x.count))
    },
    "ConcatV2": { b in
      let last = b.x.count - 1
      let axis = try int32(&b, last)
      return try slices(&b, axis, Array(0..<last)) + [b.zeros(last)]
    },
    "Split": { b in
      let joined = try b.add("Concat", [b.x[0]] + b.dy, ["N": .int(b.dy.count)])
      return [try b.zeros(0), b.dy.count == 1 ? b.dy[0] : joined]
    },
    "SplitV": { b in
      let joined = try b.add("Concat", [b.x[2]] + b.dy, ["N": .int(b.dy.count)])
      return [b.dy.count == 1 ? b.dy[0] : joined, try b.zeros(1), try b.zeros(2)]
    },
    "_ArrayToList": { b in b.dy },
    "_ListToArray": { b in b.dy },
    "Fill": { b in
      let zero = try b.constant(Tensor(scalar: Int32(0)))
      let one = try b.constant(Tensor(scalar: Int32(1)))
      let axes = try b.add(
        "Range", [zero, b.add("Rank", b.dy[0]), one], ["Tidx": .dtype(.int32)])
      return [try b.zeros(0), try b.add("Sum", b.dy[0], axes)]
    },
    "Transpose": { b in try transposed(&b, "Transpose") },
    "ConjugateTranspose": { b in try transposed(&b, "ConjugateTranspose") },
    "Reverse": { b in [try b.add("Reverse", b.dy[0], b.x[1]), try b.zeros(1)] },
    "ReverseV2": { b in
      [try b.add("ReverseV2", [b.dy[0], b.x[1]], taking: ["Tidx"]), try b.zeros(1)]
    },
    "BroadcastTo": { b in
      let shape = try b.shape(0)
      let axes = try b.add("BroadcastGradientArgs", [shape, int32(&b, 1)], T: .int32)
      let sum = try b.add("Sum", b.dy[0], axes)
      return [try b.add("Reshape", sum, shape), try b.zeros(1)]
    },
    "Slice": slice,
    "StridedSlice": { b in
      let made = try b.add(
        "StridedSliceGrad", [shape(&b, like: b.xTypes[1])] + b.x[1...] + b.dy, taking: slicing)
      return try [made] + (1...3).map { try b.zeros($0) }
    },
    "StridedSliceGrad": { b in
      let made = try b.add("StridedSlice", [b.dy[0]] + b.x[1...3], taking: slicing)
      return try (0...3).map { try b.zeros($0) } + [made]
    },
    "GatherNd": { b in
      let index = try b.attribute("Tindices")
      let params = try b.attribute("Tparams")
      let shape = try b.add("Shape", [b.x[0]], ["T": params, "out_type": index])
      let made = try b.add(
        "ScatterNd", [b.x[1], b.dy[0], shape], ["T": params, "Tindices": index])
      return [made, try b.zeros(1)]
    },
  ]

  private static let slicing = [
    "Index", "begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask",
  ]

  /// Input `i` as int32.
  private static func int32(_ b: inout OpGradientBuilder, _ i: Int) throws -> String {
    b.xTypes[i] == .int32 ? b.x[i] : try b.cast(b.x[i], from: b.xTypes[i], to: .int32)
  }

  /// The shape of input 0 in integers of `dtype`.
  private static func shape(
    _ b: inout OpGradientBuilder, like dtype: DType
  ) throws -> String {
    try b.add("Shape", [b.x[0]], T: b.xTypes[0], ["out_type": .dtype(dtype)])
  }

  private static func transposed(_ b: inout OpGradientBuilder, _ op: String) throws -> [String] {
    let back = try b.add("InvertPermutation", [b.x[1]], T: b.xTypes[1])
    let made = try b.add(op, [b.dy[0], back], ["Tperm": .dtype(b.xTypes[1])])
    return [made, try b.zeros(1)]
  }

  /// The parts of the gradient that belong to the joined `inputs`.
  private static func slices(
    _ b: inout OpGradientBuilder, _ axis: String, _ inputs: [Int]
  ) throws -> [String] {
    guard inputs.count > 1 else { return [b.dy[0]] }
    let shapes = try inputs.map { try b.shape($0) }
    let offsets = try b.add("ConcatOffset", [axis] + shapes, ["N": .int(inputs.count)])
    return try shapes.enumerated().map { i, shape in
      try b.add(
        "Slice", [b.dy[0], "\(offsets):\(i)", shape], ["Index": .dtype(.int32)])
    }
  }

  /// The gradient with zeros around it, as many as the op's sizes say: a size of -1, for all that
  /// is left, counts as it stands, as in TensorFlow.
  private static let slice: Rule = { b in
    let index = b.xTypes[1]
    let rest = try b.add("Sub", [shape(&b, like: index), b.x[1]], T: index)
    let after = try b.add("Sub", [rest, b.x[2]], T: index)
    let paddings = try b.add("Pack", [b.x[1], after], T: index, ["N": .int(2), "axis": .int(1)])
    let made = try b.add("Pad", [b.dy[0], paddings], ["Tpaddings": .dtype(index)])
    return [made, try b.zeros(1), try b.zeros(2)]
  }
}
