import BNormCore
import BNormTensor
import CBNormKernels

/// Two-dimensional float convolution with the kernels made for it.
struct FastConvolution {
  let window: ConvWindow
  let epilogue: Epilogue
  /// Factors of the outputs: what was folded into a constant filter.
  var scale: Tensor?
  /// Each channel by itself; `window.outputs` is the number of outputs for each.
  /// Those of a batch normalization of the outputs, see `Convolution`.
  var statistics: Tensor?
  var fusesOffset = false
  var isDepthwise = false
  /// No normalization follows that would enlarge rounding errors.
  var mayRound = false

  /// nil if the geometry or the dtype is not for it.
  func kernel(_ context: Lowering) -> Kernel? {
    guard context.inputDType(0) == .float, window.kernel[0] == 1, window.input[0] == 1,
      window.output[0] == 1, window.stride[0] == 1, window.pad[0] == 0
    else { return nil }
    let outputs = isDepthwise ? window.channels * window.outputs : window.outputs
    guard window.channels > 0, outputs > 0, window.taps > 0 else { return nil }
    guard window.batch * window.outputPixels > 0 else { return .run { _ in } }
    func after(_ d: Int) -> Int {
      let span = (window.kernel[d] - 1) * window.dilation[d] + 1
      return max(0, (window.output[d] - 1) * window.stride[d] + span - window.input[d] - window.pad[d])
    }
    var shape = bnk_conv2d_shape()
    shape.batch = window.batch
    (shape.height, shape.width) = (window.input[1], window.input[2])
    shape.in_channels = window.channels
    (shape.kernel_height, shape.kernel_width) = (window.kernel[1], window.kernel[2])
    shape.out_channels = outputs
    shape.groups = isDepthwise ? window.channels : window.groups
    (shape.stride_height, shape.stride_width) = (window.stride[1], window.stride[2])
    (shape.dilation_height, shape.dilation_width) = (window.dilation[1], window.dilation[2])
    (shape.pad_top, shape.pad_left) = (window.pad[1], window.pad[2])
    (shape.pad_bottom, shape.pad_right) = (after(1), after(2))
    shape.input_pixel_stride = window.channels
    shape.output_pixel_stride = outputs
    var plan = bnk_conv2d_plan()
    bnk_conv2d_plan(&shape, mayRound ? BNK_CONV2D_LOOSE : BNK_CONV2D_CLOSE, &plan)
    guard let filter = context.value(1) else {
      if plan.algorithm != BNK_CONV2D_DIRECT, !isDepthwise {
        bnk_conv2d_plan_with(&shape, BNK_CONV2D_DIRECT, &plan)
      }
      return packingKernel(plan, outputs)
    }
    let packed = PackedWeights.filter(context, filter, plan, scale: scale)
    let workspace = plan.workspace_bytes
    let finalPlan = plan
    let (epilogue, statistics, fusesOffset) = (epilogue, statistics, fusesOffset)
    return .function(
      KernelFunction(scratchBytes: workspace, unread: [1], label: label(plan)) { io in
        var last = epilogue.pointers(io, firstInput: 2, residualStride: outputs)
        last.statistics = statistics?.elements(Float.self).baseAddress
        last.statistics_step = outputs
        last.statistics_fuse = fusesOffset
        withUnsafePointer(to: finalPlan) {
          bnk_conv2d_run(
            $0, io.input(0).assumingMemoryBound(to: Float.self),
            packed.pointer.assumingMemoryBound(to: Float.self), &last,
            io.output(0).assumingMemoryBound(to: Float.self),
            workspace > 0 ? io.scratch(outputs: 1) : nil)
        }
      })
  }

  /// Packs the filter at each run: it may be another one each time.
  private func packingKernel(_ plan: bnk_conv2d_plan, _ outputs: Int) -> Kernel {
    let packedBytes = (plan.packed_bytes + 63) & ~63
    let (epilogue, statistics, fusesOffset) = (epilogue, statistics, fusesOffset)
    let scale = scale
    return .function(
      KernelFunction(scratchBytes: packedBytes + plan.workspace_bytes, label: label(plan)) { io in
        let scratch = io.scratch(outputs: 1)
        let packed = scratch.assumingMemoryBound(to: Float.self)
        var last = epilogue.pointers(io, firstInput: 2, residualStride: outputs)
        last.statistics = statistics?.elements(Float.self).baseAddress
        last.statistics_step = outputs
        last.statistics_fuse = fusesOffset
        withUnsafePointer(to: plan) {
          bnk_conv2d_pack_weights(
            $0, io.input(1), scale?.elements(Float.self).baseAddress, packed)
          bnk_conv2d_run(
            $0, io.input(0).assumingMemoryBound(to: Float.self), packed, &last,
            io.output(0).assumingMemoryBound(to: Float.self), scratch + packedBytes)
        }
      })
  }

  private func label(_ plan: bnk_conv2d_plan) -> String {
    switch plan.algorithm {
    case BNK_CONV2D_DEPTHWISE: "depthwise"
    case BNK_CONV2D_WINOGRAD_2: "winograd2x2"
    case BNK_CONV2D_WINOGRAD_4: "winograd4x4"
    default: "direct"
    }
  }
}
