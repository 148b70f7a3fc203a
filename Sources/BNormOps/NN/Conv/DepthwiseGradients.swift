import BNormCore
import BNormTensor
import CBNormKernels

extension ConvolutionBackprop {
  /// The kernel of a depthwise gradient in float or double.
  func depthwise(_ window: ConvWindow, _ dtype: DType) -> Kernel {
    let multiplier = window.outputs
    let isInput = isInput
    let count =
      isInput
      ? window.batch * window.inputPixels * window.channels
      : window.taps * window.channels * multiplier
    return .run(label: "depthwise") { io in
      guard count > 0 else { return }
      let gradient = io.input(2)
      let other = io.input(isInput ? 1 : 0)
      let output = io.output(0)
      window.withC { w in
        switch (isInput, dtype) {
        case (true, .double):
          bnk_nn_depthwise_input_f64(
            w, multiplier, gradient.assumingMemoryBound(to: Double.self),
            other.assumingMemoryBound(to: Double.self),
            output.assumingMemoryBound(to: Double.self))
        case (true, _):
          bnk_nn_depthwise_input_f32(
            w, multiplier, gradient.assumingMemoryBound(to: Float.self),
            other.assumingMemoryBound(to: Float.self), output.assumingMemoryBound(to: Float.self))
        case (false, .double):
          bnk_nn_depthwise_filter_f64(
            w, multiplier, other.assumingMemoryBound(to: Double.self),
            gradient.assumingMemoryBound(to: Double.self),
            output.assumingMemoryBound(to: Double.self))
        case (false, _):
          bnk_nn_depthwise_filter_f32(
            w, multiplier, other.assumingMemoryBound(to: Float.self),
            gradient.assumingMemoryBound(to: Float.self),
            output.assumingMemoryBound(to: Float.self))
        }
      }
    }
  }
}
