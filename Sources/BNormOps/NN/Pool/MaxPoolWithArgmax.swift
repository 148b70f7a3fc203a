import BNormCore
import BNormTensor
import CBNormKernels

/// The largest element of each window and its place: ((y * width + x) * channels + channel), with
/// the image's number in front if asked for.
struct MaxPoolWithArgmax: PlannedOperation {
  static let opNames = ["MaxPoolWithArgmax"]
  let geometry: PoolGeometry
  let includesBatch: Bool

  init(_ node: NodeContext) throws {
    var geometry = try PoolGeometry(node, rank: 4)
    // TensorFlow does not look at the window over channels here.
    geometry.window[3] = 1
    geometry.strides[3] = 1
    self.geometry = geometry
    includesBatch = try node.bool("include_batch_in_index")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let shape = try geometry.infer(inputs[0].shape)
    return [shape, shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let window = try geometry.convWindow(context.inputShape(0).dimensions)
    let dtype = context.inputDType(0)
    let cDType = bnk_dtype(rawValue: UInt32(dtype.rawValue))
    let count = context.outputShape(0).count
    let isWide = context.outputDType(1) == .int64
    let perImage = window.outputPixels * window.channels
    let imageSize = includesBatch ? window.inputPixels * window.channels : 0
    let channels = window.channels
    return .function(
      KernelFunction(scratchBytes: max(count * 8, 64)) { io in
        let positions = io.scratch(outputs: 2).assumingMemoryBound(to: Int64.self)
        window.withC { w in
          bnk_nn_max_pool_argmax(cDType, w, io.input(0), positions)
          bnk_nn_max_pool_take(dtype.size, w, positions, io.input(0), io.output(0))
        }
        let wide = io.output(1).assumingMemoryBound(to: Int64.self)
        let narrow = io.output(1).assumingMemoryBound(to: Int32.self)
        for i in 0..<count {
          let place = Int(positions[i]) * channels + i % channels + i / perImage * imageSize
          if isWide { wide[i] = Int64(place) } else { narrow[i] = Int32(truncatingIfNeeded: place) }
        }
      })
  }
}

/// Puts gradients where `MaxPoolWithArgmax` found the largest elements, or takes them from there.
///
/// Inputs: the pooled images, the gradient, the places.
struct MaxPoolArgmaxGrad: PlannedOperation {
  static let opNames = ["MaxPoolGradWithArgmax", "MaxPoolGradGradWithArgmax"]
  let geometry: PoolGeometry
  let includesBatch: Bool
  /// The gradient has the images' shape and is taken from the places.
  let takes: Bool

  init(_ node: NodeContext) throws {
    geometry = try PoolGeometry(node, rank: 4)
    try geometry.requireSpatial()
    includesBatch = try node.bool("include_batch_in_index")
    takes = node.op == "MaxPoolGradGradWithArgmax"
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let pooled = try geometry.infer(inputs[0].shape)
    guard inputs[2].shape.merged(pooled) != nil else {
      throw BNormError.invalid(
        "input 2 (argmax) has shape \(inputs[2].shape), but input 0 pools to \(pooled)")
    }
    let expected = takes ? inputs[0].shape : pooled
    guard inputs[1].shape.merged(expected) != nil else {
      throw BNormError.invalid(
        "input 1 (grad) has shape \(inputs[1].shape), expected \(expected)")
    }
    return [takes ? pooled : inputs[0].shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let window = try geometry.convWindow(context.inputShape(0).dimensions, isGradient: true)
    let dtype = context.inputDType(1)
    let cDType = bnk_dtype(rawValue: UInt32(dtype.rawValue))
    let count = context.inputShape(2).count
    let isWide = context.inputDType(2) == .int64
    let perImage = window.outputPixels * window.channels
    let imageSize = window.inputPixels * window.channels
    let channels = window.channels
    let (includesBatch, takes) = (includesBatch, takes)
    return .function(
      KernelFunction(scratchBytes: max(count * 8, 64)) { io in
        let positions = io.scratch(outputs: 1).assumingMemoryBound(to: Int64.self)
        let wide = io.input(2).assumingMemoryBound(to: Int64.self)
        let narrow = io.input(2).assumingMemoryBound(to: Int32.self)
        for i in 0..<count {
          let given = isWide ? Int(wide[i]) : Int(narrow[i])
          let start = includesBatch ? i / perImage * imageSize : 0
          guard given >= start, given - start < imageSize else {
            throw BNormError.invalid(
              "input 2 (argmax) holds \(given), outside of [\(start), \(start + imageSize))")
          }
          guard (given - start) % channels == i % channels else {
            throw BNormError.unsupported(
              "input 2 (argmax) holds \(given), which is of another channel than its place \(i)")
          }
          positions[i] = Int64((given - start) / channels)
        }
        window.withC { w in
          if takes {
            bnk_nn_max_pool_take(dtype.size, w, positions, io.input(1), io.output(0))
          } else {
            bnk_nn_max_pool_scatter(cDType, w, positions, io.input(1), io.output(0))
          }
        }
      })
  }
}
