import BNormCore
import BNormTensor
import CBNormKernels

/// Images resized by interpolation; the result is float, whatever the dtype of the images.
struct ResizeInterpolated: PlannedOperation {
  static let opNames = ["ResizeBilinear", "ResizeBicubic", "ResizeArea"]
  let op: String
  let mapping: ResizeMapping

  init(_ node: NodeContext) throws {
    op = node.op
    mapping = try ResizeMapping(node)
  }

  var valueInputs: [Int] { [1] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try mapping.validate()
    return [try ImageSize.resized(inputs)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let input = context.inputShape(0)
    try ImageSize.requireImages(input, "input 0 (images)")
    let output = context.outputShape(0)
    let size = bnk_resize(input: input, height: output[1], width: output[2])
    let dtype = context.inputDType(0).kernel
    let tasks = size.tasks
    let yScale = mapping.scale(input[1], output[1]), xScale = mapping.scale(input[2], output[2])
    let half: Int32 = mapping.halfPixel ? 1 : 0
    let body: @Sendable (KernelIO) throws -> Void
    switch op {
    case "ResizeBilinear":
      let (ys, yTaps) = TensorStorage.table(output[1], of: bnk_lerp.self)
      let (xs, xTaps) = TensorStorage.table(output[2], of: bnk_lerp.self)
      bnk_lerp_taps(yTaps, output[1], input[1], yScale, half)
      bnk_lerp_taps(xTaps, output[2], input[2], xScale, half)
      body = { io in
        withUnsafePointer(to: size) {
          bnk_resize_bilinear(
            dtype, io.input(0), io.output(0).typed(Float.self), $0, ys.typed(bnk_lerp.self),
            xs.typed(bnk_lerp.self), io.scratch(outputs: 1).typed(Float.self), tasks)
        }
      }
    case "ResizeBicubic":
      let (ys, yTaps) = TensorStorage.table(output[1], of: bnk_cubic.self)
      let (xs, xTaps) = TensorStorage.table(output[2], of: bnk_cubic.self)
      bnk_cubic_taps(yTaps, output[1], input[1], yScale, half)
      bnk_cubic_taps(xTaps, output[2], input[2], xScale, half)
      body = { io in
        withUnsafePointer(to: size) {
          bnk_resize_bicubic(
            dtype, io.input(0), io.output(0).typed(Float.self), $0, ys.typed(bnk_cubic.self),
            xs.typed(bnk_cubic.self), io.scratch(outputs: 1).typed(Float.self), tasks)
        }
      }
    default:
      let (ys, yTaps) = TensorStorage.table(output[1], of: bnk_area.self)
      let (xs, xTaps) = TensorStorage.table(output[2], of: bnk_area.self)
      bnk_area_taps(yTaps, output[1], yScale)
      bnk_area_taps(xTaps, output[2], xScale)
      let scale = Float(1.0 / Double(yScale * xScale))
      body = { io in
        withUnsafePointer(to: size) {
          bnk_resize_area(
            dtype, io.input(0), io.output(0).typed(Float.self), $0, ys.typed(bnk_area.self),
            xs.typed(bnk_area.self), scale, io.scratch(outputs: 1).typed(Float.self), tasks)
        }
      }
    }
    return .function(
      KernelFunction(scratchBytes: size.scratchBytes(tasks: tasks), label: op, body: body))
  }
}

/// The input positions of a dimension for nearest-neighbour resizing.
private func nearestTaps(_ mapping: ResizeMapping, input: Int, output: Int) -> TensorStorage {
  let (storage, taps) = TensorStorage.table(output, of: Int32.self)
  bnk_nearest_taps(
    taps, output, input, mapping.scale(input, output), mapping.halfPixel ? 1 : 0,
    mapping.alignCorners ? 1 : 0)
  return storage
}

/// Images resized by copying the nearest pixel.
struct ResizeNearestNeighbor: PlannedOperation {
  static let opNames = ["ResizeNearestNeighbor"]
  let mapping: ResizeMapping

  init(_ node: NodeContext) throws { mapping = try ResizeMapping(node) }

  var valueInputs: [Int] { [1] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try mapping.validate()
    return [try ImageSize.resized(inputs)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let input = context.inputShape(0), output = context.outputShape(0)
    try ImageSize.requireImages(input, "input 0 (images)")
    guard input[1] < 1 << 24, input[2] < 1 << 24 else {
      throw BNormError.invalid("input 0 (images) has shape \(input): at most 2^24 rows and columns")
    }
    let size = bnk_resize(input: input, height: output[1], width: output[2])
    let pixel = input[3] * context.inputDType(0).size
    let ys = nearestTaps(mapping, input: input[1], output: output[1])
    let xs = nearestTaps(mapping, input: input[2], output: output[2])
    return .run { io in
      withUnsafePointer(to: size) {
        bnk_resize_nearest(
          io.input(0), io.output(0), $0, pixel, ys.typed(Int32.self), xs.typed(Int32.self))
      }
    }
  }
}

/// The gradient of nearest-neighbour resizing; input 1 is the size of the original images.
struct ResizeNearestNeighborGrad: PlannedOperation {
  static let opNames = ["ResizeNearestNeighborGrad"]
  let mapping: ResizeMapping

  init(_ node: NodeContext) throws { mapping = try ResizeMapping(node) }

  var valueInputs: [Int] { [1] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    [try ImageSize.resized(inputs, images: "input 0 (grads)")]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let grads = context.inputShape(0), original = context.outputShape(0)
    let size = bnk_resize(input: original, height: grads[1], width: grads[2])
    let dtype = context.inputDType(0).kernel
    let bytes = original.count * context.inputDType(0).size
    guard grads.count > 0 else { return .run { io in io.output(0).initializeMemory(as: UInt8.self, repeating: 0, count: bytes) } }
    let ys = nearestTaps(mapping, input: original[1], output: grads[1])
    let xs = nearestTaps(mapping, input: original[2], output: grads[2])
    return .run { io in
      withUnsafePointer(to: size) {
        bnk_resize_nearest_grad(
          dtype, io.input(0), io.output(0), $0, ys.typed(Int32.self), xs.typed(Int32.self))
      }
    }
  }
}

/// The gradient of bilinear or bicubic resizing, for the original images in input 1.
struct ResizeInterpolatedGrad: PlannedOperation {
  static let opNames = ["ResizeBilinearGrad", "ResizeBicubicGrad"]
  let op: String
  let mapping: ResizeMapping

  init(_ node: NodeContext) throws {
    op = node.op
    mapping = try ResizeMapping(node)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try mapping.validate()
    try inputs[0].shape.requireRank(4, "input 0 (grads)")
    try inputs[1].shape.requireRank(4, "input 1 (original_image)")
    let grads = inputs[0].shape, original = inputs[1].shape
    return [PartialShape([grads[0] ?? -1, original[1] ?? -1, original[2] ?? -1, grads[3] ?? -1])]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let grads = context.inputShape(0), original = context.outputShape(0)
    try ImageSize.requirePixels(grads, "input 0 (grads)")
    try ImageSize.requirePixels(original, "input 1 (original_image)")
    let size = bnk_resize(input: original, height: grads[1], width: grads[2])
    let dtype = context.outputDType(0)
    let yScale = mapping.scale(original[1], grads[1]), xScale = mapping.scale(original[2], grads[2])
    let half: Int32 = mapping.halfPixel ? 1 : 0
    if op == "ResizeBicubicGrad" {
      let (ys, yTaps) = TensorStorage.table(grads[1], of: bnk_cubic.self)
      let (xs, xTaps) = TensorStorage.table(grads[2], of: bnk_cubic.self)
      bnk_cubic_taps(yTaps, grads[1], original[1], yScale, half)
      bnk_cubic_taps(xTaps, grads[2], original[2], xScale, half)
      return .run { io in
        let ys = ys.typed(bnk_cubic.self), xs = xs.typed(bnk_cubic.self)
        let grads = io.input(0).typed(Float.self)
        withUnsafePointer(to: size) {
          if dtype == .double {
            bnk_resize_bicubic_grad_f64(grads, io.output(0).typed(Double.self), $0, ys, xs)
          } else {
            bnk_resize_bicubic_grad_f32(grads, io.output(0).typed(Float.self), $0, ys, xs)
          }
        }
      }
    }
    let isSmall = dtype == .half || dtype == .bfloat16
    let count = original.count
    return .function(
      KernelFunction(scratchBytes: isSmall ? count * 4 : 0) { io in
        let grads = io.input(0).typed(Float.self)
        withUnsafePointer(to: size) {
          if dtype == .double {
            bnk_resize_bilinear_grad_f64(
              grads, io.output(0).typed(Double.self), $0, yScale, xScale, half)
            return
          }
          // Half precision accumulates in float.
          let sums = (isSmall ? io.scratch(outputs: 1) : io.output(0)).typed(Float.self)
          bnk_resize_bilinear_grad_f32(grads, sums, $0, yScale, xScale, half)
          if isSmall { bnk_real_from_f32(dtype.kernel, sums, count, io.output(0)) }
        }
      })
  }
}
