import BNormCore
import BNormTensor
import CBNormKernels

/// Images scaled and moved with a resampling kernel, and the gradient of that.
struct ScaleAndTranslate: PlannedOperation {
  static let opNames = ["ScaleAndTranslate", "ScaleAndTranslateGrad"]
  let isGradient: Bool
  let kernel: SamplingKernel
  let antialias: Bool

  init(_ node: NodeContext) throws {
    isGradient = node.op == "ScaleAndTranslateGrad"
    kernel = try SamplingKernel(name: node.string("kernel_type"))
    antialias = try node.bool("antialias")
  }

  var valueInputs: [Int] { isGradient ? [2, 3] : [1, 2, 3] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    for (i, name) in [(2, "scale"), (3, "translation")] {
      try inputs[i].shape.requireRank(1, "input \(i) (\(name))")
      if let count = inputs[i].shape[0], count != 2 {
        throw BNormError.invalid("input \(i) (\(name)) has \(count) elements, expected 2")
      }
    }
    guard isGradient else { return [try ImageSize.resized(inputs)] }
    try inputs[0].shape.requireRank(4, "input 0 (grads)")
    try inputs[1].shape.requireRank(4, "input 1 (original_image)")
    let grads = inputs[0].shape, original = inputs[1].shape
    return [PartialShape([grads[0] ?? -1, original[1] ?? -1, original[2] ?? -1, grads[3] ?? -1])]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let input = context.inputShape(0), output = context.outputShape(0)
    if !isGradient { try ImageSize.requireImages(input, "input 0 (images)") }
    guard let scale = context.value(2)?.array(Float.self),
      let translation = context.value(3)?.array(Float.self), scale.count == 2,
      translation.count == 2
    else { throw BNormError.invalid("input 2 (scale) and input 3 (translation) must be known") }
    guard scale[0] > 0, scale[1] > 0 else {
      throw BNormError.invalid("input 2 (scale) is \(scale), but a scale must be positive")
    }
    func spans(_ axis: Int) throws -> SamplingSpans {
      let forward = try SamplingSpans(
        kernel, output: isGradient ? input[axis + 1] : output[axis + 1],
        input: isGradient ? output[axis + 1] : input[axis + 1], scale: scale[axis],
        translation: translation[axis], antialias: antialias)
      return isGradient ? try forward.transposed(inputs: output[axis + 1]) : forward
    }
    guard output.count > 0 else { return .run { _ in } }
    let rows = try spans(0), columns = try spans(1)
    let size = bnk_resize(input: input, height: output[1], width: output[2])
    let dtype = context.inputDType(0).kernel
    let tasks = size.tasks
    return .function(
      KernelFunction(scratchBytes: size.scratchBytes(tasks: tasks)) { io in
        rows.withSpans { rows in
          columns.withSpans { columns in
            withUnsafePointer(to: size) {
              bnk_resample(
                dtype, io.input(0), io.output(0).typed(Float.self), $0, rows, columns,
                io.scratch(outputs: 1).typed(Float.self), tasks)
            }
          }
        }
      })
  }
}

extension SamplingSpans {
  fileprivate func withSpans(_ body: (UnsafePointer<bnk_spans>) -> Void) {
    starts.withUnsafeBufferPointer { starts in
      weights.withUnsafeBufferPointer { weights in
        var spans = bnk_spans(span: span, starts: starts.baseAddress, weights: weights.baseAddress)
        body(&spans)
      }
    }
  }
}
