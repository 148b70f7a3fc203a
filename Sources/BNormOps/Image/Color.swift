import BNormCore
import BNormTensor
import CBNormKernels

/// RGB to hue, saturation and value, and back, in the last dimension.
struct ConvertColor: PlannedOperation {
  static let opNames = ["RGBToHSV", "HSVToRGB"]
  let toHSV: Bool

  init(_ node: NodeContext) throws { toHSV = node.op == "RGBToHSV" }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let shape = inputs[0].shape
    try shape.requireRank(atLeast: 1, "input 0 (images)")
    if let rank = shape.rank, let channels = shape[rank - 1], channels != 3 {
      throw BNormError.invalid("input 0 (images) has shape \(shape), expected 3 channels")
    }
    return [shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let count = context.inputShape(0).count / 3
    let dtype = context.inputDType(0).kernel
    let toHSV = toHSV
    return .run(inPlace: [InPlace(input: 0, output: 0)]) { io in
      if toHSV {
        bnk_rgb_to_hsv(dtype, io.input(0), io.output(0), count)
      } else {
        bnk_hsv_to_rgb(dtype, io.input(0), io.output(0), count)
      }
    }
  }
}

/// RGB images with the hue turned or the saturation scaled by input 1.
struct AdjustColor: PlannedOperation {
  static let opNames = ["AdjustHue", "AdjustSaturation"]
  let isHue: Bool

  init(_ node: NodeContext) throws { isHue = node.op == "AdjustHue" }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let shape = inputs[0].shape
    try shape.requireRank(atLeast: 3, "input 0 (images)")
    try inputs[1].shape.requireRank(0, isHue ? "input 1 (delta)" : "input 1 (scale)")
    if let rank = shape.rank, let channels = shape[rank - 1], channels != 3 {
      throw BNormError.invalid("input 0 (images) has shape \(shape), expected 3 channels")
    }
    return [shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let count = context.inputShape(0).count / 3
    let isHue = isHue
    return .run(inPlace: [InPlace(input: 0, output: 0)]) { io in
      let images = io.input(0).typed(Float.self), output = io.output(0).typed(Float.self)
      let value = io.input(1).typed(Float.self).pointee
      if isHue {
        bnk_adjust_hue(images, output, count, value)
      } else {
        bnk_adjust_saturation(images, output, count, value)
      }
    }
  }
}

/// Images with each channel's distance from its mean scaled by input 1.
///
/// The first version takes any dtype and clips to inputs 2 and 3.
struct AdjustContrast: PlannedOperation {
  static let opNames = ["AdjustContrast", "AdjustContrastv2"]
  let clips: Bool

  init(_ node: NodeContext) throws { clips = node.op == "AdjustContrast" }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 3, "input 0 (images)")
    for i in 1..<inputs.count { try inputs[i].shape.requireRank(0, "input \(i)") }
    return [inputs[0].shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let rank = shape.rank, count = shape.count
    guard count > 0 else { return .run { _ in } }
    let channels = shape[rank - 1], pixels = shape[rank - 2] * shape[rank - 3]
    let batch = count / (channels * pixels)
    let dtype = context.inputDType(0)
    let clips = clips
    return .function(
      KernelFunction(scratchBytes: dtype == .float ? 0 : count * 4) { io in
        let output = io.output(0).typed(Float.self)
        var images = io.input(0).typed(Float.self)
        if dtype != .float {
          let converted = io.scratch(outputs: 1).typed(Float.self)
          bnk_real_to_f32(dtype.kernel, io.input(0), count, converted)
          images = UnsafePointer(converted)
        }
        bnk_adjust_contrast(
          images, output, batch, pixels, channels, io.input(1).typed(Float.self).pointee)
        guard clips else { return }
        let low = io.input(2).typed(Float.self).pointee, high = io.input(3).typed(Float.self).pointee
        for i in 0..<count {
          let x = output[i] < high ? output[i] : high
          output[i] = x > low ? x : low
        }
      })
  }
}
