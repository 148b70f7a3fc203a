import BNormCore
import BNormTensor
import CBNormKernels

/// Images mapped by projective transforms (8 numbers each, from output to input coordinates).
struct ImageProjectiveTransform: PlannedOperation {
  static let opNames = ["ImageProjectiveTransformV2", "ImageProjectiveTransformV3"]
  let isBilinear: Bool
  let fill: bnk_fill
  let hasFillValue: Bool

  init(_ node: NodeContext) throws {
    let interpolation = try node.string("interpolation"), mode = try node.string("fill_mode")
    guard ["NEAREST", "BILINEAR"].contains(interpolation) else {
      throw BNormError.invalid(
        "attribute interpolation is \"\(interpolation)\", expected NEAREST or BILINEAR")
    }
    isBilinear = interpolation == "BILINEAR"
    switch mode {
    case "REFLECT": fill = BNK_FILL_REFLECT
    case "WRAP": fill = BNK_FILL_WRAP
    case "CONSTANT": fill = BNK_FILL_CONSTANT
    case "NEAREST": fill = BNK_FILL_NEAREST
    default:
      throw BNormError.invalid(
        "attribute fill_mode is \"\(mode)\", expected REFLECT, WRAP, CONSTANT or NEAREST")
    }
    hasFillValue = node.op == "ImageProjectiveTransformV3"
  }

  var valueInputs: [Int] { [2] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(4, "input 0 (images)")
    try inputs[1].shape.requireRank(2, "input 1 (transforms)")
    if hasFillValue { try inputs[3].shape.requireRank(0, "input 3 (fill_value)") }
    let images = inputs[0].shape
    let size = try ImageSize.pair(inputs[2], "input 2 (output_shape)")
    return [PartialShape([images[0] ?? -1, size?.0 ?? -1, size?.1 ?? -1, images[3] ?? -1])]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let images = context.inputShape(0), transforms = context.inputShape(1)
    let output = context.outputShape(0)
    guard transforms[1] == 8, transforms[0] == 1 || transforms[0] == images[0] else {
      throw BNormError.invalid(
        "input 1 (transforms) has shape \(transforms), expected [1,8] or [\(images[0]),8]")
    }
    let transform = bnk_projective(
      batch: images[0], in_height: images[1], in_width: images[2], out_height: output[1],
      out_width: output[2], channels: images[3], fill: fill, bilinear: isBilinear ? 1 : 0,
      shared: transforms[0] == 1 ? 1 : 0, fill_value: 0)
    let dtype = context.inputDType(0).kernel
    let hasFillValue = hasFillValue
    return .run { io in
      var transform = transform
      if hasFillValue { transform.fill_value = io.input(3).typed(Float.self).pointee }
      bnk_projective_transform(
        dtype, io.input(0), io.input(1).typed(Float.self), io.output(0), &transform)
    }
  }
}
