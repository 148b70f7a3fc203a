import BNormCore
import BNormTensor

/// Images with the outlines of boxes drawn over them.
struct DrawBoundingBoxes: PlannedOperation {
  static let opNames = ["DrawBoundingBoxes", "DrawBoundingBoxesV2"]

  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let images = inputs[0].shape, boxes = inputs[1].shape
    try images.requireRank(4, "input 0 (images)")
    try boxes.requireRank(3, "input 1 (boxes)")
    if inputs.count > 2 { try inputs[2].shape.requireRank(2, "input 2 (colors)") }
    return [images]
  }

  /// Yellow, blue, red, lime, purple, olive, maroon, navy, aqua and fuchsia.
  private static let defaultColors: [[Float]] = [
    [1, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0.5, 0, 0.5, 1], [0.5, 0.5, 0, 1],
    [0.5, 0, 0, 1], [0, 0, 0.5, 1], [0, 1, 1, 1], [1, 0, 1, 1],
  ]

  func lower(_ context: Lowering) throws -> Kernel {
    let images = context.inputShape(0), boxes = context.inputShape(1)
    let depth = images[3], height = images[1], width = images[2]
    guard images[0] == boxes[0] else {
      throw BNormError.invalid(
        "input 0 (images) has shape \(images), but input 1 (boxes) has shape \(boxes)")
    }
    guard depth == 1 || depth == 3 || depth == 4 else {
      throw BNormError.invalid("input 0 (images) has \(depth) channels, expected 1, 3 or 4")
    }
    guard boxes[2] == 4 else {
      throw BNormError.invalid("input 1 (boxes) has shape \(boxes), expected 4 coordinates")
    }
    let colorShape = context.inputs.count > 2 ? context.inputShape(2) : nil
    if let colorShape, colorShape[1] < depth {
      throw BNormError.invalid(
        "input 2 (colors) has shape \(colorShape), but the images have \(depth) channels")
    }
    let isHalf = context.inputDType(0) == .half
    let bytes = images.count * context.inputDType(0).size
    return .run(inPlace: [InPlace(input: 0, output: 0)]) { io in
      if io.output(0) != UnsafeMutableRawPointer(mutating: io.input(0)) {
        io.output(0).copyMemory(from: io.input(0), byteCount: bytes)
      }
      var colors = DrawBoundingBoxes.defaultColors
      if depth == 1 { for i in colors.indices { colors[i][0] = 1 } }
      if let colorShape, colorShape.count > 0 {
        let given = io.input(2).typed(Float.self)
        colors = (0..<colorShape[0]).map { i in
          (0..<depth).map { given[i * colorShape[1] + $0] }
        }
      }
      let corners = io.input(1).typed(Float.self)
      for image in 0..<boxes[0] {
        for i in 0..<boxes[1] {
          let box = corners + (image * boxes[1] + i) * 4
          let color = colors[i % colors.count]
          Outline(
            top: row(box[0], height), left: row(box[1], width), bottom: row(box[2], height),
            right: row(box[3], width), height: height, width: width
          ).each { y, x in
            let at = ((image * height + y) * width + x) * depth
            for c in 0..<depth {
              if isHalf {
                io.output(0).typed(Float16.self)[at + c] = Float16(color[c])
              } else {
                io.output(0).typed(Float.self)[at + c] = color[c]
              }
            }
          }
        }
      }
    }
  }
}

/// A relative coordinate in pixels, toward zero; what is not a number is far outside.
private func row(_ x: Float, _ size: Int) -> Int {
  let position = x * Float(size - 1)
  return position > -0x1p62 && position < 0x1p62 ? Int(position) : Int.min / 2
}

private struct Outline {
  let top: Int, left: Int, bottom: Int, right: Int, height: Int, width: Int

  /// The pixels of the outline that lie in the image.
  func each(_ draw: (_ y: Int, _ x: Int) -> Void) {
    guard top <= bottom, left <= right, top < height, bottom >= 0, left < width, right >= 0
    else { return }
    let rows = max(top, 0)...min(bottom, height - 1), columns = max(left, 0)...min(right, width - 1)
    if top >= 0 { for x in columns { draw(top, x) } }
    if bottom < height { for x in columns { draw(bottom, x) } }
    if left >= 0 { for y in rows { draw(y, left) } }
    if right < width { for y in rows { draw(y, right) } }
  }
}
