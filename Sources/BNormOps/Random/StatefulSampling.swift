import BNormCore
import BNormTensor

/// Samples of a shape from an op's own generator.
struct StatefulSampling: EagerOperation {
  static let opNames = ["RandomUniform", "RandomStandardNormal", "TruncatedNormal"]
  let seeds: Seeds
  let dtype: DType
  let sampler: Sampler

  init(_ node: NodeContext) throws {
    seeds = try Seeds(node)
    dtype = try node.dtype("dtype")
    sampler =
      switch node.op {
      case "RandomUniform": .uniform
      case "RandomStandardNormal": .normal
      default: .truncatedNormal
      }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    [try ShapeInput.infer(inputs[0].shape, inputs[0].integers)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = try ShapeInput.read(inputs[0])
    return [try sampler.sample(try seeds.state(context).reserve(shape.count), dtype, shape)]
  }
}

/// Integers in [minval, maxval) from an op's own generator.
struct RandomUniformInt: EagerOperation {
  static let opNames = ["RandomUniformInt"]
  let seeds: Seeds

  init(_ node: NodeContext) throws { seeds = try Seeds(node) }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    [try ShapeInput.infer(inputs[0].shape, inputs[0].integers)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = try ShapeInput.read(inputs[0])
    return [
      try Sampler.integers(
        try seeds.state(context).reserve(shape.count), shape, minval: inputs[1], maxval: inputs[2])
    ]
  }
}
