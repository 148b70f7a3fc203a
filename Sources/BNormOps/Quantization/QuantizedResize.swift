import BNormCore
import BNormTensor
import CBNormKernels

/// Images of quantized values resized by interpolation in fixed point.
struct QuantizedResize: PlannedOperation {
  static let opNames = ["QuantizedResizeBilinear"]
  private let alignsCorners: Bool
  private let isHalfPixel: Bool

  init(_ node: NodeContext) throws {
    alignsCorners = try node.bool("align_corners")
    isHalfPixel = try node.bool("half_pixel_centers")
  }

  var valueInputs: [Int] { [1] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try requireScalars(inputs, 2..<4)
    try inputs[0].shape.requireRank(4, "input 0 (images)")
    try inputs[1].shape.requireRank(1, "input 1 (size)")
    if let count = inputs[1].shape[0], count != 2 {
      throw BNormError.invalid("input 1 (size) has \(count) elements, expected 2")
    }
    let size = inputs[1].integers ?? [-1, -1]
    if inputs[1].integers != nil, !size.allSatisfy({ $0 > 0 }) {
      throw BNormError.invalid("input 1 (size) is \(size), expected positive sizes")
    }
    let x = inputs[0].shape
    return [PartialShape([x[0] ?? -1, size[0], size[1], x[3] ?? -1]), .scalar, .scalar]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (x, out) = (context.inputShape(0), context.outputShape(0))
    let dtype = context.inputDType(0)
    guard x.count > 0 else {
      throw BNormError.invalid("input 0 (images) has shape \(x), expected at least one element")
    }
    if x == out {
      let bytes = x.count * dtype.size
      return .run { io in
        io.output(0).copyMemory(from: io.input(0), byteCount: bytes)
        io.storeRange(io.float(2), io.float(3))
      }
    }
    let rows = taps(x[1], out[1]), columns = taps(x[2], out[2])
    return .run { io in
      switch dtype {
      case .float:
        resize(io, x, out, rows, columns, Float.self) { a, b, c, d, x, y in
          let top = a + (b - a) * x.fraction
          let bottom = c + (d - c) * x.fraction
          return top + (bottom - top) * y.fraction
        }
      case .quint8:
        resize(io, x, out, rows, columns, UInt8.self) { a, b, c, d, x, y in
          UInt8(
            truncatingIfNeeded: mix(Int64(a), Int64(b), Int64(c), Int64(d), x, y, bits: 7))
        }
      default:
        resize(io, x, out, rows, columns, Int32.self) { a, b, c, d, x, y in
          // The integers pass through floats.
          Int32(truncatingIfNeeded: mix(wide(a), wide(b), wide(c), wide(d), x, y, bits: 30))
        }
      }
      io.storeRange(io.float(2), io.float(3))
    }
  }

  private func taps(_ size: Int, _ count: Int) -> [ResizeTap] {
    let aligns = alignsCorners && count > 1
    let scale = aligns ? Float(size - 1) / Float(count - 1) : Float(size) / Float(count)
    return (0..<count).map { i in
      let at = isHalfPixel ? (Float(i) + 0.5) * scale - 0.5 : Float(i) * scale
      let below = at.rounded(.down)
      let upper = min(Int(at.rounded(.up)), size - 1)
      return ResizeTap(
        lower: min(max(Int(below), 0), upper), upper: max(upper, 0), fraction: at - below)
    }
  }
}

/// Where a pixel of the output lies between two of the input.
private struct ResizeTap: Sendable {
  let lower: Int
  let upper: Int
  let fraction: Float
}

private func wide(_ x: Int32) -> Int64 { Int64(Float(x)) }

/// Interpolation with fractions of `bits` bits; divisions cut off.
@inline(__always)
private func mix(
  _ a: Int64, _ b: Int64, _ c: Int64, _ d: Int64, _ x: ResizeTap, _ y: ResizeTap, bits: Int
) -> Int64 {
  let one: Int64 = 1 << bits
  let fx = Int64(x.fraction * Float(one)), fy = Int64(y.fraction * Float(one))
  let top = a * one &+ (b - a) &* fx
  let bottom = c * one &+ (d - c) &* fx
  let out = top &+ (bottom &- top) / one &* fy
  return (out &+ one / 2) / one
}

@inline(__always)
private func resize<T>(
  _ io: KernelIO, _ x: Shape, _ out: Shape, _ rows: [ResizeTap], _ columns: [ResizeTap],
  _ type: T.Type, _ mix: (T, T, T, T, ResizeTap, ResizeTap) -> T
) {
  let source = io.input(0).assumingMemoryBound(to: T.self)
  let target = io.output(0).assumingMemoryBound(to: T.self)
  let (width, depth) = (x[2], x[3])
  var at = 0
  for b in 0..<x[0] {
    let image = source + b * x[1] * width * depth
    for row in rows {
      let upper = image + row.lower * width * depth, lower = image + row.upper * width * depth
      for column in columns {
        let (i, j) = (column.lower * depth, column.upper * depth)
        for c in 0..<depth {
          target[at] = mix(
            upper[i + c], upper[j + c], lower[i + c], lower[j + c], column, row)
          at += 1
        }
      }
    }
  }
}
