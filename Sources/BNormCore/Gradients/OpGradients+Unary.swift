import BNormTensor

extension OpGradients {
  static let unary: [String: Rule] = [
    "Abs": scaled { b in try b.add("Sign", b.x[0]) },
    "Neg": { b in [try b.add("Neg", b.dy[0])] },
    "Inv": reciprocal,
    "Reciprocal": reciprocal,
    "Square": scaled { b in try b.add("Mul", b.x[0], b.number(2)) },
    "Sqrt": scaled { b in
      try b.add("Mul", b.number(0.5), b.add("Reciprocal", b.add("Sqrt", b.x[0])))
    },
    "Rsqrt": scaled { b in
      let half = try b.add("Mul", b.number(-0.5), b.add("Reciprocal", b.x[0]))
      return try b.add("Mul", half, b.add("Rsqrt", b.x[0]))
    },
    "Exp": scaled { b in try b.add("Exp", b.x[0]) },
    "Expm1": scaled { b in try b.add("Exp", b.x[0]) },
    "Log": scaled { b in try b.add("Reciprocal", b.x[0]) },
    "Log1p": { b in [try b.add("Div", b.dy[0], b.add("Add", b.number(1), b.x[0]))] },
    "Sinh": scaled { b in try b.add("Cosh", b.x[0]) },
    "Cosh": scaled { b in try b.add("Sinh", b.x[0]) },
    "Tanh": scaled { b in
      try b.add("Sub", b.number(1), b.add("Square", b.add("Tanh", b.x[0])))
    },
    "Asinh": scaled { b in try b.add("Cosh", b.add("Asinh", b.x[0])) },
    "Acosh": scaled { b in try b.add("Sinh", b.add("Acosh", b.x[0])) },
    "Atanh": scaled { b in try b.add("Reciprocal", oneMinusSquare(&b)) },
    "Sigmoid": scaled { b in
      let y = try b.add("Sigmoid", b.x[0])
      return try b.add("Mul", y, b.add("Sub", b.number(1), y))
    },
    "Sign": { b in [try b.add("Fill", b.shape(0), b.number(0))] },
    "Sin": scaled { b in try b.add("Cos", b.x[0]) },
    "Cos": scaled { b in try b.add("Neg", b.add("Sin", b.x[0])) },
    "Tan": scaled { b in try b.add("Square", b.add("Reciprocal", b.add("Cos", b.x[0]))) },
    "Acos": scaled { b in
      try b.add("Neg", b.add("Reciprocal", b.add("Sqrt", oneMinusSquare(&b))))
    },
    "Asin": scaled { b in try b.add("Reciprocal", b.add("Sqrt", oneMinusSquare(&b))) },
    "Atan": scaled { b in
      try b.add("Reciprocal", b.add("Add", b.number(1), b.add("Square", b.x[0])))
    },
    "Conj": { b in [try b.add("Conj", b.dy[0])] },
    "Identity": { b in [b.dy[0]] },
    "ReadVariableOp": { b in [b.dy[0]] },
    "Cast": { b in
      let outer = try b.attribute("DstT")
      let inner = try b.attribute("SrcT")
      return [try b.add("Cast", [b.dy[0]], ["SrcT": outer, "DstT": inner])]
    },
  ]

  private static let reciprocal = scaled { b in
    try b.add("Neg", b.add("Square", b.add("Reciprocal", b.x[0])))
  }

  /// The gradient times a factor that depends on x.
  private static func scaled(
    _ factor: @escaping @Sendable (inout OpGradientBuilder) throws -> String
  ) -> Rule {
    { b in
      let factor = try factor(&b)
      return [try b.add("Mul", b.dy[0], factor)]
    }
  }

  private static func oneMinusSquare(_ b: inout OpGradientBuilder) throws -> String {
    try b.add("Sub", b.number(1), b.add("Square", b.x[0]))
  }
}
