import BNormCore
import BNormTensor
import CBNormKernels

/// Where the channels are. Kernels take them last; tensors with channels first are transposed.
enum Layout: Sendable {
  case channelsLast
  case channelsFirst

  /// The value of a `data_format` attribute.
  init(_ text: String) throws {
    switch text {
    case "NHWC", "NDHWC", "NWC", "CHANNELS_LAST": self = .channelsLast
    case "NCHW", "NCDHW", "NCW", "CHANNELS_FIRST": self = .channelsFirst
    default: throw BNormError.unsupported("data_format = \(text)")
    }
  }

  /// One entry for each dimension, reordered to channels last.
  func toLast<T>(_ items: [T]) -> [T] {
    guard self == .channelsFirst, items.count > 1 else { return items }
    return [items[0]] + items[2...] + [items[1]]
  }
  func fromLast<T>(_ items: [T]) -> [T] {
    guard self == .channelsFirst, items.count > 1 else { return items }
    return [items[0], items[items.count - 1]] + items[1..<(items.count - 1)]
  }
  func toLast(_ shape: PartialShape) -> PartialShape { PartialShape(shape.dimensions.map(toLast)) }
  func fromLast(_ shape: PartialShape) -> PartialShape {
    PartialShape(shape.dimensions.map(fromLast))
  }

  /// Lowers with `inputs` and `outputs` seen with channels last, whatever they are.
  func lower(
    _ context: Lowering, inputs: [Int], outputs: [Int], _ make: (Lowering) throws -> Kernel
  ) throws -> Kernel {
    guard self == .channelsFirst else { return try make(context) }
    var newInputs = context.inputs
    var newOutputs = context.outputs
    var inputAdapters = [Adapter](repeating: .pass, count: newInputs.count)
    var outputAdapters = [Adapter](repeating: .pass, count: newOutputs.count)
    for i in inputs where i < newInputs.count {
      let shape = context.inputShape(i)
      newInputs[i] = Fact(newInputs[i].dtype, toLast(newInputs[i].shape))
      inputAdapters[i] = Layout.transposition(shape, newInputs[i].dtype.size, toLast: true)
    }
    for i in outputs {
      let shape = context.outputShape(i)
      newOutputs[i] = Fact(newOutputs[i].dtype, toLast(newOutputs[i].shape))
      outputAdapters[i] = Layout.transposition(shape, newOutputs[i].dtype.size, toLast: false)
    }
    let kernel = try make(context.replacing(inputs: newInputs, outputs: newOutputs))
    return try Adapter.wrap(kernel, inputs: inputAdapters, outputs: outputAdapters)
  }

  /// `shape` is that of the tensor with channels first.
  private static func transposition(_ shape: Shape, _ size: Int, toLast: Bool) -> Adapter {
    let batch = shape[0]
    let channels = shape[1]
    let inner = shape.product(2..<shape.rank)
    return Adapter(
      kind: .convert(bytes: shape.count * size) { source, target in
        if toLast {
          bnk_nn_transpose(source, target, batch, channels, inner, size)
        } else {
          bnk_nn_transpose(source, target, batch, inner, channels, size)
        }
      })
  }
}
