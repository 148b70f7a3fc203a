import BNormTensor

extension OpGradients {
  static let binary: [String: Rule] = [
    "Add": { b in try b.unbroadcast(b.dy[0], b.dy[0]) },
    "AddV2": { b in try b.unbroadcast(b.dy[0], b.dy[0]) },
    "Sub": { b in try b.unbroadcast(b.dy[0], b.add("Neg", b.dy[0])) },
    "Mul": { b in
      let conjugated = try b.dtype.isComplex
      let x = conjugated ? try b.add("Conj", b.x[0]) : b.x[0]
      let y = conjugated ? try b.add("Conj", b.x[1]) : b.x[1]
      return try b.unbroadcast(b.add("Mul", b.dy[0], y), b.add("Mul", x, b.dy[0]))
    },
    "MulNoNan": { b in
      try b.unbroadcast(b.add("Mul", b.dy[0], b.x[1]), b.add("Mul", b.x[0], b.dy[0]))
    },
    "Div": quotient("Div"),
    "RealDiv": quotient("RealDiv"),
    "DivNoNan": quotient("DivNoNan"),
    "Pow": power,
    "Xlogy": { b in
      let first = try b.add("Xlogy", oneWhereNotZero(&b), b.x[1])
      let second = try b.add("Xdivy", b.x[0], b.x[1])
      return try b.unbroadcast(b.add("Mul", first, b.dy[0]), b.add("Mul", second, b.dy[0]))
    },
    "Xlog1py": { b in
      let first = try b.add("Xlog1py", oneWhereNotZero(&b), b.x[1])
      let second = try b.add("Xdivy", b.x[0], b.add("Add", b.x[1], b.number(1)))
      return try b.unbroadcast(b.add("Mul", first, b.dy[0]), b.add("Mul", second, b.dy[0]))
    },
    "Xdivy": { b in
      let first = try b.add("Xdivy", oneWhereNotZero(&b), b.x[1])
      let second = try b.add("Xdivy", b.x[0], b.add("Neg", b.add("Square", b.x[1])))
      return try b.unbroadcast(b.add("Mul", first, b.dy[0]), b.add("Mul", second, b.dy[0]))
    },
    "SquaredDifference": { b in
      let twice = try b.add("Mul", b.number(2), b.add("Sub", b.x[0], b.x[1]))
      let first = try b.add("Mul", twice, b.dy[0])
      return try b.unbroadcast(first, b.add("Neg", first))
    },
    "Maximum": larger("GreaterEqual"),
    "Minimum": larger("LessEqual"),
    "MatMul": product("transpose_a", "transpose_b"),
    "BatchMatMul": product("adj_x", "adj_y"),
    "BatchMatMulV2": { b in
      let both = try product("adj_x", "adj_y")(&b)
      return try unbroadcastBatches(&b, both)
    },
    "Select": { b in
      let zeros = try b.zeros(1)
      return [
        try b.zeros(0), try b.add("Select", b.x[0], b.dy[0], zeros),
        try b.add("Select", b.x[0], zeros, b.dy[0]),
      ]
    },
  ]

  private static func quotient(_ op: String) -> Rule {
    { b in
      let first = try b.add(op, b.dy[0], b.x[1])
      let slope = try b.add(op, b.add("Neg", b.x[0]), b.add("Square", b.x[1]))
      return try b.unbroadcast(first, b.add("Mul", b.dy[0], slope))
    }
  }

  private static let power: Rule = { b in
    let zero = try b.number(0)
    let lower = try b.add("Pow", b.x[0], b.add("Sub", b.x[1], b.number(1)))
    let first = try b.add("Mul", lower, b.add("Mul", b.dy[0], b.x[1]))
    // The logarithm counts only where it is one.
    let test = try b.dtype.isComplex ? "NotEqual" : "Greater"
    let has = try b.add(test, b.x[0], zero)
    let log = try b.add("Select", has, b.add("Log", b.x[0]), b.zeros(0))
    let rest = try b.add("Mul", b.dy[0], b.add("Pow", b.x[0], b.x[1]))
    return try b.unbroadcast(first, b.add("Mul", log, rest))
  }

  private static func oneWhereNotZero(_ b: inout OpGradientBuilder) throws -> String {
    let test = try b.add("NotEqual", b.x[0], b.zeros(0))
    return try b.cast(test, from: .bool, to: b.dtype)
  }

  private static func larger(_ comparison: String) -> Rule {
    { b in
      let test = try b.add(comparison, b.x[0], b.x[1])
      let first = try b.add("Mul", b.dy[0], b.cast(test, from: .bool, to: b.dtype))
      return try b.unbroadcast(first, b.add("Sub", b.dy[0], first))
    }
  }

  private static func product(_ keyA: String, _ keyB: String) -> Rule {
    { b in
      guard try !b.dtype.isComplex else {
        throw BNormError.invalid("a gradient of products of complex matrices is not defined")
      }
      let a = try b.attribute(keyA).asBool ?? false
      let c = try b.attribute(keyB).asBool ?? false
      let op = b.op
      let (x, y, dz) = (b.x[0], b.x[1], b.dy[0])
      func multiply(
        _ b: inout OpGradientBuilder, _ first: String, _ ta: Bool, _ second: String, _ tb: Bool
      ) throws -> String {
        try b.add(op, [first, second], [keyA: .bool(ta), keyB: .bool(tb)])
      }
      let dx =
        a
        ? try multiply(&b, y, c, dz, true)
        : try multiply(&b, dz, false, y, !c)
      let dw =
        c
        ? try multiply(&b, dz, true, x, a)
        : try multiply(&b, x, !a, dz, false)
      return [dx, dw]
    }
  }

  /// Sums the gradients of a batched product over the batch axes that were broadcast.
  private static func unbroadcastBatches(
    _ b: inout OpGradientBuilder, _ both: [String]
  ) throws -> [String] {
    let from = try b.constant(Tensor([0] as [Int32]))
    let to = try b.constant(Tensor([-2] as [Int32]))
    let step = try b.constant(Tensor([1] as [Int32]))
    let shapes = try (b.shape(0), b.shape(1))
    func batch(_ b: inout OpGradientBuilder, _ shape: String) throws -> String {
      try b.add("StridedSlice", [shape, from, to, step], T: .int32, ["Index": .dtype(.int32)])
    }
    let axes = try b.add(
      "BroadcastGradientArgs", [batch(&b, shapes.0), batch(&b, shapes.1)], T: .int32)
    return [
      try b.add("Reshape", b.add("Sum", both[0], "\(axes):0"), shapes.0),
      try b.add("Reshape", b.add("Sum", both[1], "\(axes):1"), shapes.1),
    ]
  }
}
