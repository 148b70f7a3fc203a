import BNormCore
import BNormTensor

/// A random window of the size in input 1 out of one image. From old graphs.
struct RandomCrop: EagerOperation {
  static let opNames = ["RandomCrop"]
  let seeds: (Int, Int)

  init(_ node: NodeContext) throws { seeds = (try node.int("seed"), try node.int("seed2")) }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let image = inputs[0].shape
    try image.requireRank(3, "input 0 (image)")
    try inputs[1].shape.requireRank(1, "input 1 (size)")
    if let count = inputs[1].shape[0], count != 2 {
      throw BNormError.invalid("input 1 (size) has \(count) elements, expected 2")
    }
    let size = inputs[1].integers
    return [PartialShape([max(size?[0] ?? -1, -1), max(size?[1] ?? -1, -1), image[2] ?? -1])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let image = inputs[0], shape = image.shape
    let size = inputs[1].integers ?? []
    guard size.count == 2, size[0] >= 0, size[1] >= 0, size[0] <= shape[0], size[1] <= shape[1] else {
      throw BNormError.invalid("input 1 (size) is \(size), but input 0 (image) has shape \(shape)")
    }
    var random = try NodeRandom.find(context, seed: seeds.0, seed2: seeds.1).reserve(2)
    var y = 0, x = 0
    if shape[1] > size[1] { x = Int(random.uint32()) % (shape[1] - size[1] + 1) }
    if shape[0] > size[0] { y = Int(random.uint32()) % (shape[0] - size[0] + 1) }
    let pixel = shape[2] * image.dtype.size, row = size[1] * pixel
    let out = Tensor(dtype: image.dtype, shape: [size[0], size[1], shape[2]])
    for i in 0..<size[0] {
      out.storage.pointer.advanced(by: i * row).copyMemory(
        from: image.pointer + ((y + i) * shape[1] + x) * pixel, byteCount: row)
    }
    return [out]
  }
}
