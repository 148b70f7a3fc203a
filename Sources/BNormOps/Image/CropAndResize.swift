import BNormCore
import BNormTensor
import CBNormKernels

/// Shape rules of boxes and of the images that they are cut from.
private enum CropInputs {
  static func requireBoxes(_ boxes: PartialShape, _ index: PartialShape, first: Int) throws -> Int? {
    try boxes.requireRank(2, "input \(first) (boxes)")
    try index.requireRank(1, "input \(first + 1) (box_ind)")
    if let columns = boxes[1], columns != 4 {
      throw BNormError.invalid("input \(first) (boxes) has shape \(boxes), expected [n,4]")
    }
    if let n = boxes[0], let m = index[0], n != m {
      throw BNormError.invalid(
        "input \(first) (boxes) has \(n) boxes, but input \(first + 1) (box_ind) has \(m) elements")
    }
    return boxes[0] ?? index[0]
  }

  static func requireImageNumbers(
    _ numbers: UnsafePointer<Int32>, count: Int, batch: Int, input: Int
  ) throws {
    for i in 0..<count where numbers[i] < 0 || Int(numbers[i]) >= batch {
      throw BNormError.outOfRange(
        "input \(input) (box_ind) has \(numbers[i]) at \(i), outside of [0, \(batch))")
    }
  }

  static func isNearest(_ node: NodeContext) throws -> Bool {
    let method = try node.string("method")
    guard method == "bilinear" || method == "nearest" else {
      throw BNormError.invalid("attribute method is \"\(method)\", expected bilinear or nearest")
    }
    return method == "nearest"
  }
}

/// Boxes cut out of images and resized to one size.
struct CropAndResize: PlannedOperation {
  static let opNames = ["CropAndResize"]
  let isNearest: Bool
  let extrapolation: Float

  init(_ node: NodeContext) throws {
    isNearest = try CropInputs.isNearest(node)
    extrapolation = try node.float("extrapolation_value")
  }

  var valueInputs: [Int] { [3] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(4, "input 0 (image)")
    let boxes = try CropInputs.requireBoxes(inputs[1].shape, inputs[2].shape, first: 1)
    let size = try ImageSize.pair(inputs[3], "input 3 (crop_size)")
    return [
      PartialShape([boxes ?? -1, size?.0 ?? -1, size?.1 ?? -1, inputs[0].shape[3] ?? -1])
    ]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let image = context.inputShape(0), output = context.outputShape(0)
    try ImageSize.requirePixels(image, "input 0 (image)")
    let crop = bnk_crop(
      batch: image[0], height: image[1], width: image[2], channels: image[3], boxes: output[0],
      crop_height: output[1], crop_width: output[2], nearest: isNearest ? 1 : 0,
      extrapolation: extrapolation)
    let dtype = context.inputDType(0).kernel
    return .run { io in
      let boxes = io.input(1).typed(Float.self), numbers = io.input(2).typed(Int32.self)
      try CropInputs.requireImageNumbers(numbers, count: crop.boxes, batch: crop.batch, input: 2)
      for i in 0..<(4 * crop.boxes) where !boxes[i].isFinite {
        throw BNormError.invalid("input 1 (boxes) has \(boxes[i]) in box \(i / 4)")
      }
      withUnsafePointer(to: crop) {
        bnk_crop_and_resize(
          dtype, io.input(0), boxes, numbers, io.output(0).typed(Float.self), $0)
      }
    }
  }
}

/// The gradient of CropAndResize for the images, whose shape is input 3.
struct CropAndResizeGradImage: PlannedOperation {
  static let opNames = ["CropAndResizeGradImage"]
  let isNearest: Bool

  init(_ node: NodeContext) throws { isNearest = try CropInputs.isNearest(node) }

  var valueInputs: [Int] { [3] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(4, "input 0 (grads)")
    let boxes = try CropInputs.requireBoxes(inputs[1].shape, inputs[2].shape, first: 1)
    if let boxes, let grads = inputs[0].shape[0], boxes != grads {
      throw BNormError.invalid("input 0 (grads) has \(grads) crops, but input 1 has \(boxes) boxes")
    }
    try inputs[3].shape.requireRank(1, "input 3 (image_size)")
    if let count = inputs[3].shape[0], count != 4 {
      throw BNormError.invalid("input 3 (image_size) has \(count) elements, expected 4")
    }
    guard let size = inputs[3].integers else { return [.unknown(rank: 4)] }
    return [PartialShape(try Shape(checking: size))]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let grads = context.inputShape(0), image = context.outputShape(0)
    try ImageSize.requirePixels(grads, "input 0 (grads)")
    try ImageSize.requirePixels(image, "input 3 (image_size)")
    guard grads[3] == image[3] else {
      throw BNormError.invalid("input 0 (grads) has shape \(grads), but image_size is \(image)")
    }
    let crop = bnk_crop(
      batch: image[0], height: image[1], width: image[2], channels: image[3], boxes: grads[0],
      crop_height: grads[1], crop_width: grads[2], nearest: isNearest ? 1 : 0, extrapolation: 0)
    let dtype = context.outputDType(0).kernel
    return .run { io in
      let boxes = io.input(1).typed(Float.self), numbers = io.input(2).typed(Int32.self)
      try CropInputs.requireImageNumbers(numbers, count: crop.boxes, batch: crop.batch, input: 2)
      withUnsafePointer(to: crop) {
        bnk_crop_and_resize_grad_image(
          dtype, io.input(0).typed(Float.self), boxes, numbers, io.output(0), $0)
      }
    }
  }
}

/// The gradient of CropAndResize for the boxes.
struct CropAndResizeGradBoxes: PlannedOperation {
  static let opNames = ["CropAndResizeGradBoxes"]

  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(4, "input 0 (grads)")
    try inputs[1].shape.requireRank(4, "input 1 (image)")
    let boxes = try CropInputs.requireBoxes(inputs[2].shape, inputs[3].shape, first: 2)
    if let boxes, let grads = inputs[0].shape[0], boxes != grads {
      throw BNormError.invalid("input 0 (grads) has \(grads) crops, but input 2 has \(boxes) boxes")
    }
    return [PartialShape([boxes ?? -1, 4])]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let grads = context.inputShape(0), image = context.inputShape(1)
    try ImageSize.requirePixels(grads, "input 0 (grads)")
    try ImageSize.requirePixels(image, "input 1 (image)")
    guard grads[3] == image[3] else {
      throw BNormError.invalid(
        "input 0 (grads) has shape \(grads), but input 1 (image) has shape \(image)")
    }
    let crop = bnk_crop(
      batch: image[0], height: image[1], width: image[2], channels: image[3], boxes: grads[0],
      crop_height: grads[1], crop_width: grads[2], nearest: 0, extrapolation: 0)
    let dtype = context.inputDType(1).kernel
    return .run { io in
      let boxes = io.input(2).typed(Float.self), numbers = io.input(3).typed(Int32.self)
      try CropInputs.requireImageNumbers(numbers, count: crop.boxes, batch: crop.batch, input: 3)
      withUnsafePointer(to: crop) {
        bnk_crop_and_resize_grad_boxes(
          dtype, io.input(0).typed(Float.self), io.input(1), boxes, numbers,
          io.output(0).typed(Float.self), $0)
      }
    }
  }
}
