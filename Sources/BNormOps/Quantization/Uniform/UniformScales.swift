import BNormCore
import BNormTensor
import CBNormKernels

/// How a uniformly quantized tensor says what its integers stand for: a scale and a zero point for
/// the tensor (axis -1), or for each slice along an axis; and the integers that it may use.
struct UniformForm: Sendable {
  let axis: Int
  let low: Int32
  let high: Int32

  /// The attributes that start with `prefix`: `""`, `lhs_`, `rhs_`, `input_`, `output_`.
  init(_ node: NodeContext, _ prefix: String = "") throws {
    axis = try node.channelAxis(prefix + "quantization_axis")
    // What bounds the result must make sense; that of operands is not looked at.
    let isResult = prefix.isEmpty ? node.op == "UniformQuantize" : prefix == "output_"
    low = isResult ? try node.int32(prefix + "quantization_min_val") : .min
    high = isResult ? try node.int32(prefix + "quantization_max_val") : .max
  }

  /// Throws unless scales and zero points, inputs `first` and `first + 1`, fit data of `shape`.
  static func check(
    _ shape: Shape, axis: Int, _ scales: Shape, _ zeros: Shape, first: Int
  ) throws {
    guard axis < shape.rank else {
      throw BNormError.invalid("quantization axis \(axis) is out of range for shape \(shape)")
    }
    let expected: Shape = axis < 0 ? .scalar : [shape[axis]]
    guard scales == zeros, scales == expected else {
      throw BNormError.invalid(
        "inputs \(first) and \(first + 1) (scales and zero points) have shapes \(scales) and "
          + "\(zeros), expected \(expected)")
    }
  }

  static func check(_ context: Lowering, _ shape: Shape, axis: Int, first: Int) throws {
    try check(
      shape, axis: axis, context.inputShape(first), context.inputShape(first + 1), first: first)
  }
}

/// The scales and zero points of inputs `first` and `first + 1`, of `count` slices.
struct UniformScales {
  let scales: UnsafeBufferPointer<Float>
  let zeros: UnsafeBufferPointer<Int32>

  init(_ io: KernelIO, _ first: Int, count: Int) {
    scales = UnsafeBufferPointer(
      start: io.input(first).assumingMemoryBound(to: Float.self), count: count)
    zeros = UnsafeBufferPointer(
      start: io.input(first + 1).assumingMemoryBound(to: Int32.self), count: count)
  }

  func requirePositive(_ first: Int) throws {
    for scale in scales where !(scale > 0) {
      throw BNormError.invalid("input \(first) (scales) contains \(scale), expected more than 0")
    }
  }

  /// The scale of slice `i`, where one scale stands for all.
  func scale(_ i: Int) -> Float { scales[scales.count == 1 ? 0 : i] }
  func zero(_ i: Int) -> Int32 { zeros[zeros.count == 1 ? 0 : i] }
}

extension bnk_fixed_scale {
  /// The factor `multiplier` as a whole number and a shift.
  init(_ factor: Double, zero: Int32, offset: Int32, low: Int32, high: Int32) throws {
    guard factor.isFinite, factor > 0 else {
      throw BNormError.invalid("the scales make a factor of \(factor), which is not positive")
    }
    var exponent = Int(factor.exponent) + 1
    var whole = (factor.significand / 2 * 2_147_483_648).rounded(.toNearestOrAwayFromZero)
    if whole == 2_147_483_648 {
      whole /= 2
      exponent += 1
    }
    if exponent < -31 { (whole, exponent) = (0, 0) }
    if exponent > 30 { (whole, exponent) = (2_147_483_647, 30) }
    self.init(
      multiplier: Int32(whole), shift: Int32(31 - exponent), zero: zero, offset: offset, low: low,
      high: high)
  }

  func apply(_ x: Int32) -> Int32 {
    let wide = Int64(x &- zero) &* Int64(multiplier) &+ (1 << Int64(shift - 1))
    return min(max(Int32(clamping: wide >> Int64(shift)) &+ offset, low), high)
  }
}
