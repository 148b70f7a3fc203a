import BNormCore
import BNormTensor
import Glibc

/// A random crop that covers enough of one of the given boxes.
struct SampleDistortedBoundingBox: EagerOperation {
  static let opNames = [
    "SampleDistortedBoundingBox", "SampleDistortedBoundingBoxV2",
    "StatelessSampleDistortedBoundingBox",
  ]
  let isStateless: Bool
  let seeds: (Int, Int)
  let minimumCovered: Float?
  let aspectRatios: [Float]
  let areas: [Float]
  let attempts: Int
  let usesImage: Bool

  init(_ node: NodeContext) throws {
    isStateless = node.op == "StatelessSampleDistortedBoundingBox"
    seeds = isStateless ? (0, 0) : (try node.int("seed"), try node.int("seed2"))
    minimumCovered = node.op == "SampleDistortedBoundingBox"
      ? try node.float("min_object_covered") : nil
    aspectRatios = try node.floats("aspect_ratio_range")
    areas = try node.floats("area_range")
    attempts = try node.int("max_attempts")
    usesImage = try node.bool("use_image_if_no_bounding_boxes")
    try SampleDistortedBoundingBox.requireCovered(minimumCovered ?? 0)
    guard aspectRatios.count == 2, aspectRatios[0] > 0, aspectRatios[1] > 0 else {
      throw BNormError.invalid(
        "attribute aspect_ratio_range is \(aspectRatios), expected two positive numbers")
    }
    guard areas.count == 2, areas.allSatisfy({ $0 > 0 && $0 <= 1 }) else {
      throw BNormError.invalid("attribute area_range is \(areas), expected two numbers in (0, 1]")
    }
    guard attempts > 0, attempts <= Int(Int32.max) else {
      throw BNormError.invalid("attribute max_attempts is \(attempts), expected a positive number")
    }
  }

  private static func requireCovered(_ value: Float) throws {
    guard value >= 0 else {
      throw BNormError.invalid("min_object_covered is \(value), but must not be negative")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(1, "input 0 (image_size)")
    try inputs[1].shape.requireRank(3, "input 1 (bounding_boxes)")
    if let count = inputs[0].shape[0], count != 3 {
      throw BNormError.invalid("input 0 (image_size) has \(count) elements, expected 3")
    }
    if let columns = inputs[1].shape[2], columns != 4 {
      throw BNormError.invalid("input 1 (bounding_boxes) has \(columns) coordinates, expected 4")
    }
    if inputs.count > 2 { try inputs[2].shape.requireRank(0, "input 2 (min_object_covered)") }
    if inputs.count > 3 {
      try inputs[3].shape.requireRank(1, "input 3 (seed)")
      if let count = inputs[3].shape[0], count != 2 {
        throw BNormError.invalid("input 3 (seed) has \(count) elements, expected 2")
      }
    }
    return [PartialShape([3]), PartialShape([3]), PartialShape([1, 1, 4])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let size = inputs[0].integers ?? []
    guard size.count == 3, (0..<Int(Int32.max)).contains(size[0]),
      (0..<Int(Int32.max)).contains(size[1])
    else {
      throw BNormError.invalid("input 0 (image_size) is \(size), expected sizes from 0 to 2^31")
    }
    let height = size[0], width = size[1]
    let covered = minimumCovered ?? inputs[2].elements(Float.self)[0]
    try SampleDistortedBoundingBox.requireCovered(covered)
    let boxes = try rectangles(inputs[1].elements(Float.self), height: height, width: width)
    var random = try generator(inputs, context)
    var crop = CropRectangle(y: 0, x: 0, bottom: height, right: width)
    for _ in 0..<attempts {
      let ratio = random.float() * (aspectRatios[1] - aspectRatios[0]) + aspectRatios[0]
      guard
        let found = CropRectangle(
          height: height, width: width, areas: areas, ratio: ratio, random: &random)
      else { continue }
      if found.covers(covered, ofOneOf: boxes) {
        crop = found
        break
      }
    }
    let corners = Tensor(
      [
        Float(crop.y) / Float(height), Float(crop.x) / Float(width),
        Float(crop.bottom) / Float(height), Float(crop.right) / Float(width),
      ], shape: [1, 1, 4])
    return [
      try numbers([crop.y, crop.x, 0], inputs[0].dtype),
      try numbers([crop.bottom - crop.y, crop.right - crop.x, -1], inputs[0].dtype), corners,
    ]
  }

  private func generator(_ inputs: [Tensor], _ context: RunContext) throws -> SimplePhilox {
    guard isStateless else {
      return try NodeRandom.find(context, seed: seeds.0, seed2: seeds.1).reserve(4 * attempts)
    }
    let seed = (inputs[3].integers ?? [0, 0]).map { UInt64(bitPattern: Int64($0)) }
    return SimplePhilox(Philox(statelessSeed: seed[0], seed[1]))
  }

  private func rectangles(
    _ boxes: UnsafeBufferPointer<Float>, height: Int, width: Int
  ) throws -> [CropRectangle] {
    if let wrong = boxes.first(where: { !($0 >= 0 && $0 <= 1) }) {
      throw BNormError.invalid("input 1 (bounding_boxes) has \(wrong), outside of [0, 1]")
    }
    guard !boxes.isEmpty else {
      guard usesImage else {
        throw BNormError.invalid(
          "input 1 (bounding_boxes) is empty, and use_image_if_no_bounding_boxes is false")
      }
      return [CropRectangle(y: 0, x: 0, bottom: height, right: width)]
    }
    return stride(from: 0, to: boxes.count, by: 4).map { i in
      CropRectangle(
        y: Int(boxes[i] * Float(height)), x: Int(boxes[i + 1] * Float(width)),
        bottom: Int(boxes[i + 2] * Float(height)), right: Int(boxes[i + 3] * Float(width)))
    }
  }

  private func numbers(_ values: [Int], _ dtype: DType) throws -> Tensor {
    let out = Tensor(dtype: dtype, shape: [values.count])
    for (i, value) in values.enumerated() {
      // The lowest bytes of the number, as the dtype has room for.
      withUnsafeBytes(of: value) {
        out.storage.pointer.advanced(by: i * dtype.size).copyMemory(
          from: $0.baseAddress!, byteCount: dtype.size)
      }
    }
    return out
  }
}

/// Pixels y..<bottom, x..<right.
struct CropRectangle {
  var y: Int, x: Int, bottom: Int, right: Int

  private var area: Float {
    Float(Int32(truncatingIfNeeded: (right - x) &* (bottom - y)))
  }

  init(y: Int, x: Int, bottom: Int, right: Int) {
    self.y = y
    self.x = x
    self.bottom = bottom
    self.right = right
  }

  /// A random rectangle in an image, with an area in the given part of the image's.
  init?(height: Int, width: Int, areas: [Float], ratio: Float, random: inout SimplePhilox) {
    guard areas[1] > 0, ratio > 0, width > 0, height > 0, areas[0] <= areas[1] else { return nil }
    let minimum = areas[0] * Float(width) * Float(height)
    let maximum = areas[1] * Float(width) * Float(height)
    func columns(_ rows: Int) -> Int { lrintf(Float(rows) * ratio) }
    var rows = lrintf((minimum / ratio).squareRoot())
    var limit = lrintf((maximum / ratio).squareRoot())
    if columns(limit) > width {
      limit = Int((Double(width) + 0.5 - Double(Float(0.0000001))) / Double(ratio))
      if columns(limit) > width { limit -= 1 }
    }
    limit = min(limit, height)
    rows = min(rows, limit)
    if rows < limit { rows += Int(random.uniform(UInt32(limit - rows + 1))) }
    // A rounding error may put the area just outside.
    if Float(columns(rows) * rows) < minimum { rows += 1 }
    if Float(columns(rows) * rows) > maximum { rows -= 1 }
    let across = columns(rows), found = Float(across * rows)
    guard found >= minimum, found <= maximum, across <= width, rows <= height, across > 0, rows > 0
    else { return nil }
    y = rows < height ? Int(random.uniform(UInt32(height - rows))) : 0
    x = across < width ? Int(random.uniform(UInt32(width - across))) : 0
    bottom = y + rows
    right = x + across
  }

  func covers(_ part: Float, ofOneOf boxes: [CropRectangle]) -> Bool {
    guard area >= 1 else { return false }
    return boxes.contains { box in
      guard box.area >= 1 else { return false }
      let both = CropRectangle(
        y: max(y, box.y), x: max(x, box.x), bottom: min(bottom, box.bottom),
        right: min(right, box.right))
      let overlap = both.x > both.right || both.y > both.bottom ? 0 : both.area
      return overlap / box.area >= part
    }
  }
}
