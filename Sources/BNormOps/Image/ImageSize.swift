import BNormCore
import BNormTensor
import CBNormKernels

/// Shape rules that image ops share.
enum ImageSize {
  /// [batch, height, width, channels] of input 0 with the height and width that input 1 gives.
  static func resized(_ inputs: [Fact], images: String = "input 0 (images)") throws -> PartialShape {
    try inputs[0].shape.requireRank(4, images)
    let size = try pair(inputs[1], "input 1 (size)")
    return PartialShape([
      inputs[0].shape[0] ?? -1, size?.0 ?? -1, size?.1 ?? -1, inputs[0].shape[3] ?? -1,
    ])
  }

  /// Two positive numbers: a height and a width; nil if they are not known yet.
  static func pair(_ fact: Fact, _ what: String) throws -> (Int, Int)? {
    try fact.shape.requireRank(1, what)
    if let count = fact.shape[0], count != 2 {
      throw BNormError.invalid("\(what) has \(count) elements, expected 2 (height, width)")
    }
    guard let values = fact.integers else { return nil }
    guard values[0] > 0, values[1] > 0 else {
      throw BNormError.invalid("\(what) is \(values), but output dimensions must be positive")
    }
    return (values[0], values[1])
  }

  static func requireImages(_ shape: Shape, _ what: String) throws {
    guard shape[3] > 0 else {
      throw BNormError.invalid("\(what) has shape \(shape): an image must have a channel")
    }
    try requirePixels(shape, what)
  }

  static func requirePixels(_ shape: Shape, _ what: String) throws {
    guard shape[1] > 0, shape[2] > 0 else {
      throw BNormError.invalid("\(what) has shape \(shape): an image must not be empty")
    }
    guard shape[1] < Int(Int32.max), shape[2] < Int(Int32.max) else {
      throw BNormError.invalid("\(what) has shape \(shape): height and width must be below 2^31")
    }
  }
}

/// `align_corners` and `half_pixel_centers`: how output positions map to input positions.
struct ResizeMapping: Sendable {
  let alignCorners: Bool
  let halfPixel: Bool

  init(_ node: NodeContext) throws {
    alignCorners = try node.bool("align_corners")
    halfPixel = node.signature.attribute("half_pixel_centers") == nil
      ? false : try node.bool("half_pixel_centers")
  }

  func validate() throws {
    if alignCorners, halfPixel {
      throw BNormError.invalid("align_corners must be false if half_pixel_centers is true")
    }
  }

  func scale(_ input: Int, _ output: Int) -> Float {
    alignCorners && input > 1 && output > 1
      ? Float(input - 1) / Float(output - 1) : Float(input) / Float(output)
  }
}

extension bnk_resize {
  init(input: Shape, height: Int, width: Int) {
    self.init(
      batch: input[0], in_height: input[1], in_width: input[2], out_height: height,
      out_width: width, channels: input[3])
  }

  /// How many tasks the rows are split into, so that each is worth a thread's while.
  var tasks: Int {
    let rows = batch &* out_height
    let work = max(out_width, in_width) &* channels &* max(rows, 1)
    return max(1, min(rows, 32, work / 32768))
  }

  /// Scratch for `tasks` tasks, in bytes.
  func scratchBytes(tasks: Int) -> Int {
    withUnsafePointer(to: self) { bnk_resize_scratch_floats($0) } * 4 * tasks
  }
}

extension DType {
  /// The dtype's number in the C kernels.
  var kernel: bnk_dtype { bnk_dtype(rawValue: UInt32(rawValue)) }
}

extension TensorStorage {
  /// Memory for `count` values of a plain C type.
  static func table<T: BitwiseCopyable>(_ count: Int, of type: T.Type) -> (
    storage: TensorStorage, pointer: UnsafeMutablePointer<T>
  ) {
    let storage = TensorStorage(byteCount: max(count, 1) * MemoryLayout<T>.stride)
    return (storage, storage.pointer.bindMemory(to: T.self, capacity: max(count, 1)))
  }

  func typed<T>(_ type: T.Type) -> UnsafePointer<T> {
    UnsafePointer(pointer.assumingMemoryBound(to: T.self))
  }
}

extension UnsafeRawPointer {
  func typed<T>(_ type: T.Type) -> UnsafePointer<T> { assumingMemoryBound(to: T.self) }
}

extension UnsafeMutableRawPointer {
  func typed<T>(_ type: T.Type) -> UnsafeMutablePointer<T> { assumingMemoryBound(to: T.self) }
}
