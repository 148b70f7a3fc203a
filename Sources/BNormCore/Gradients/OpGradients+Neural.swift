import BNormTensor

extension OpGradients {
  static let neural: [String: Rule] = [
    "Relu": { b in [try b.add("ReluGrad", b.dy[0], b.x[0])] },
    "Relu6": { b in [try b.add("Relu6Grad", b.dy[0], b.x[0])] },
    "Softmax": { b in
      let y = try b.add("Softmax", b.x[0])
      let sum = try sumOfRows(&b, b.add("Mul", b.dy[0], y))
      return [try b.add("Mul", b.add("Sub", b.dy[0], sum), y)]
    },
    "LogSoftmax": { b in
      let y = try b.add("Softmax", b.x[0])
      let sum = try sumOfRows(&b, b.dy[0])
      return [try b.add("Sub", b.dy[0], b.add("Mul", sum, y))]
    },
    "BiasAdd": { b in
      [b.dy[0], try b.add("BiasAddGrad", [b.dy[0]], taking: ["data_format"])]
    },
    "Conv2D": { b in
      let shapes = try (b.shape(0), b.shape(1))
      let keys = ["strides", "padding", "data_format", "use_cudnn_on_gpu"]
      return [
        try b.add("Conv2DBackpropInput", [shapes.0, b.x[1], b.dy[0]], taking: keys),
        try b.add("Conv2DBackpropFilter", [b.x[0], shapes.1, b.dy[0]], taking: keys),
      ]
    },
    "MaxPool": { b in
      let keys = ["ksize", "strides", "padding"]
      let y = try b.add("MaxPool", [b.x[0]], taking: keys)
      return [try b.add("MaxPoolGrad", [b.x[0], y, b.dy[0]], taking: keys)]
    },
    "AvgPool": { b in
      let keys = ["ksize", "strides", "padding"]
      return [try b.add("AvgPoolGrad", [b.shape(0), b.dy[0]], taking: keys)]
    },
  ]

  private static func sumOfRows(_ b: inout OpGradientBuilder, _ value: String) throws -> String {
    let axis = try b.constant(Tensor([-1] as [Int32]))
    return try b.add("Sum", [value, axis], ["keep_dims": .bool(true)])
  }
}
