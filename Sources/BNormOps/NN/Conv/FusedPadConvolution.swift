import BNormCore
import BNormTensor
import CBNormKernels

/// A convolution of images that are first resized and get mirrored borders.
///
/// Inputs: images [, size], paddings [4, 2], filter.
struct FusedPadConvolution: PlannedOperation {
  static let opNames = ["FusedPadConv2D", "FusedResizeAndPadConv2D"]
  private let geometry: ConvGeometry
  private let resizes: Bool
  private let alignsCorners: Bool
  private let isSymmetric: Bool

  init(_ node: NodeContext) throws {
    resizes = node.op == "FusedResizeAndPadConv2D"
    alignsCorners = resizes ? try node.bool("resize_align_corners") : false
    isSymmetric = try node.string("mode") == "SYMMETRIC"
    geometry = try ConvGeometry(node, rank: 4)
  }

  private var paddingsInput: Int { resizes ? 2 : 1 }
  private var filterInput: Int { resizes ? 3 : 2 }
  var valueInputs: [Int] { resizes ? [1, 2] : [1] }

  /// Size after resizing, and borders before and after for height and width.
  private func sizes(_ inputs: [Fact]) throws -> (resized: [Int], pads: [[Int]])? {
    guard let input = inputs[0].shape.dimensions,
      let paddings = inputs[paddingsInput].integers
    else { return nil }
    guard inputs[paddingsInput].shape == PartialShape([4, 2]) else {
      throw BNormError.invalid(
        "input \(paddingsInput) (paddings) has shape \(inputs[paddingsInput].shape), expected [4,2]")
    }
    var resized = Array(input[1...2])
    if resizes {
      guard let size = inputs[1].integers else { return nil }
      guard size.count == 2, size.allSatisfy({ $0 > 0 }) else {
        throw BNormError.invalid("input 1 (size) is \(size), expected two positive numbers")
      }
      resized = size
    }
    let pads = (0..<4).map { [paddings[2 * $0], paddings[2 * $0 + 1]] }
    guard pads[0] == [0, 0], pads[3] == [0, 0] else {
      throw BNormError.unsupported("paddings \(pads) of the batch or the channels")
    }
    for (d, pair) in pads[1...2].enumerated() where resized[d] >= 0 {
      let limit = isSymmetric ? resized[d] : resized[d] - 1
      guard pair.allSatisfy({ $0 >= 0 && $0 <= limit }) else {
        throw BNormError.invalid(
          "input \(paddingsInput) (paddings) has \(pair) for a size of \(resized[d]); the most that "
            + "can be mirrored is \(limit)")
      }
    }
    return (resized, Array(pads[1...2]))
  }

  private func padded(_ sizes: (resized: [Int], pads: [[Int]])) -> [Int] {
    zip(sizes.resized, sizes.pads).map { $0 < 0 ? -1 : $0 + $1[0] + $1[1] }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(4, "input 0 (input)")
    try inputs[filterInput].shape.requireRank(4, "input \(filterInput) (filter)")
    guard let input = inputs[0].shape.dimensions else { return [.unknown(rank: 4)] }
    let middle = try sizes(inputs).map(padded) ?? [-1, -1]
    let filter = inputs[filterInput].shape.dimensions ?? [-1, -1, -1, -1]
    if input[3] >= 0, filter[2] >= 0, input[3] != filter[2] {
      throw BNormError.invalid(
        "input \(filterInput) (filter) has shape \(inputs[filterInput].shape), but input 0 has "
          + "\(input[3]) channels")
    }
    return [
      PartialShape(
        try geometry.output(input: [input[0], middle[0], middle[1], input[3]], filter: filter))
    ]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    try HalfBridge.lower(context) { context in
      guard let sizes = try sizes(context.inputs) else {
        throw BNormError.invalid("sizes and paddings are not known")
      }
      let input = context.inputShape(0).dimensions
      guard input[1] > 0, input[2] > 0 else {
        throw BNormError.invalid("input 0 has shape \(context.inputShape(0)): there are no pixels")
      }
      let middle = padded(sizes)
      let shape = [input[0], middle[0], middle[1], input[3]]
      let dtype = context.inputDType(0)
      // The convolution sees the borders already made.
      let inner = context.replacing(
        inputs: [Fact(dtype, PartialShape(shape)), context.inputs[filterInput]],
        outputs: context.outputs)
      let window = try geometry.window(
        input: shape, filter: context.inputShape(filterInput).dimensions)
      let kernel =
        try FastConvolution(window: window, epilogue: .none).kernel(inner)
        ?? dtype.visitGemm(ConvForward(window: window, epilogue: .none))
      let lines = (0..<2).map { d in
        Interpolation(
          input: input[1 + d], output: sizes.resized[d], pads: sizes.pads[d],
          alignsCorners: alignsCorners, isSymmetric: isSymmetric)
      }
      return try step(kernel, input, shape, lines, isDouble: dtype == .double)
    }
  }

  private func step(
    _ kernel: Kernel, _ input: [Int], _ shape: [Int], _ lines: [Interpolation], isDouble: Bool
  ) throws -> Kernel {
    guard case .function(let inner) = kernel else { return kernel }
    let bytes = (try Shape(checking: shape).count * (isDouble ? 8 : 4) + 63) & ~63
    let filterInput = filterInput
    return .function(
      KernelFunction(scratchBytes: bytes + inner.scratchBytes + 64, label: inner.label) { io in
        let images = io.scratch(outputs: 1)
        lines[0].withPointers { yLow, yHigh, yPart in
          lines[1].withPointers { xLow, xHigh, xPart in
            var resize = bnk_nn_resize(
              batch: input[0], height: input[1], width: input[2], channels: input[3],
              out_height: shape[1], out_width: shape[2], y_low: yLow, y_high: yHigh, x_low: xLow,
              x_high: xHigh, y_part: yPart, x_part: xPart)
            if isDouble {
              bnk_nn_resize_f64(
                &resize, io.input(0).assumingMemoryBound(to: Double.self),
                images.assumingMemoryBound(to: Double.self))
            } else {
              bnk_nn_resize_f32(
                &resize, io.input(0).assumingMemoryBound(to: Float.self),
                images.assumingMemoryBound(to: Float.self))
            }
          }
        }
        var slots = [
          images, UnsafeMutableRawPointer(mutating: io.input(filterInput)), io.output(0),
          images + bytes,
        ]
        let map: [Int32] = [0, 1, 2, 3]
        try slots.withUnsafeMutableBufferPointer { slots in
          try map.withUnsafeBufferPointer { map in
            try inner.body(
              KernelIO(
                slots: UnsafePointer(slots.baseAddress!), map: map.baseAddress!, inputCount: 2))
          }
        }
      })
  }

  /// For each line with borders: the two lines it lies between, and how far it is from the first.
  private struct Interpolation: Sendable {
    var low: [Int64] = []
    var high: [Int64] = []
    var part: [Float] = []

    init(input: Int, output: Int, pads: [Int], alignsCorners: Bool, isSymmetric: Bool) {
      let scale: Float =
        alignsCorners && output > 1
        ? Float(input - 1) / Float(output - 1) : Float(input) / Float(output)
      for i in -pads[0]..<(output + pads[1]) {
        var line = i
        if line < 0 { line = isSymmetric ? -line - 1 : -line }
        if line >= output { line = (isSymmetric ? 2 * output - 1 : 2 * output - 2) - line }
        let position = input == output ? Float(line) : Float(line) * scale
        let first = Int64(position.rounded(.down))
        low.append(min(first, Int64(input - 1)))
        high.append(min(first + 1, Int64(input - 1)))
        part.append(position - Float(first))
      }
    }

    func withPointers(
      _ body: (UnsafePointer<Int64>, UnsafePointer<Int64>, UnsafePointer<Float>) -> Void
    ) {
      low.withUnsafeBufferPointer { low in
        high.withUnsafeBufferPointer { high in
          part.withUnsafeBufferPointer { part in
            guard let low = low.baseAddress, let high = high.baseAddress,
              let part = part.baseAddress
            else { return }
            body(low, high, part)
          }
        }
      }
    }
  }
}
