import BNormCore
import BNormTensor
import CBNormKernels
import Glibc

/// Magnitudes (or their squares) of the frequencies in windows of audio [samples, channels].
struct AudioSpectrogram: PlannedOperation {
  static let opNames = ["AudioSpectrogram"]
  let window: Int
  let stride: Int
  let isSquared: Bool

  init(_ node: NodeContext) throws {
    window = try node.int("window_size")
    stride = try node.int("stride")
    isSquared = try node.bool("magnitude_squared")
    guard window > 1, window <= 1 << 30 else {
      throw BNormError.invalid("attribute window_size is \(window), expected 2 to 2^30")
    }
    guard stride > 0, stride <= Int(Int32.max) else {
      throw BNormError.invalid("attribute stride is \(stride), must be positive")
    }
  }

  /// The window's length rounded up to a power of two.
  private var length: Int {
    var length = 1
    while length < window { length *= 2 }
    return length
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let input = inputs[0].shape
    try input.requireRank(2, "input 0 (input)")
    let frames = input[0].map { $0 < window ? 0 : 1 + ($0 - window) / stride }
    return [PartialShape([input[1] ?? -1, frames ?? -1, 1 + length / 2])]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let output = context.outputShape(0), channels = context.inputShape(0)[1]
    guard output.count > 0 else { return .run { _ in } }
    let length = length, window = window, stride = stride, isSquared = isSquared
    let lines = channels * output[1], bins = output[2]
    let plan = TensorStorage(byteCount: bnk_fft_plan_bytes(BNK_DOUBLE, BNK_FFT_REAL, length))
    let made = bnk_fft_plan_make(BNK_DOUBLE, BNK_FFT_REAL, length, plan.pointer)
    let hann = (0..<window).map { 0.5 - 0.5 * cos(2 * Double.pi * Double($0) / Double(window)) }
    var shape = bnk_fft_lines()
    shape.rank = 1
    shape.dims.0 = lines
    shape.in_strides.0 = window
    shape.out_strides.0 = bins
    shape.in_length = window
    shape.in_stride = 1
    shape.out_stride = 1
    let layout = shape
    let tasks = bnk_fft_tasks(made, &shape)
    let frameBytes = (lines * window * 8 + 63) & ~63, spectrumBytes = (lines * bins * 16 + 63) & ~63
    let scratchBytes = frameBytes + spectrumBytes + bnk_fft_scratch_bytes(made, tasks)
    return .function(
      KernelFunction(scratchBytes: scratchBytes) { io in
        let input = io.input(0).assumingMemoryBound(to: Float.self)
        let scratch = io.scratch(outputs: 1)
        let frames = scratch.assumingMemoryBound(to: Double.self)
        for line in 0..<lines {
          let channel = line / output[1], start = line % output[1] * stride
          for i in 0..<window {
            frames[line * window + i] = Double(input[(start + i) * channels + channel]) * hann[i]
          }
        }
        let spectrum = scratch + frameBytes
        withUnsafePointer(to: layout) {
          bnk_fft_run(
            OpaquePointer(plan.pointer), $0, frames, spectrum, 0, 1,
            spectrum + spectrumBytes, tasks)
        }
        let values = spectrum.assumingMemoryBound(to: Double.self)
        let result = io.output(0).assumingMemoryBound(to: Float.self)
        for i in 0..<(lines * bins) {
          let re = values[2 * i], im = values[2 * i + 1]
          let square = Float(re * re + im * im)
          result[i] = isSquared ? square : square.squareRoot()
        }
      })
  }
}
