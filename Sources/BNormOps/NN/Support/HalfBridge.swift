import BNormCore
import BNormTensor
import CBNormKernels

/// Runs kernels for half and bfloat16 in float.
enum HalfBridge {
  /// Lowers with every half and bfloat16 tensor seen as float.
  static func lower(_ context: Lowering, _ make: (Lowering) throws -> Kernel) throws -> Kernel {
    let facts = context.inputs + context.outputs
    guard facts.contains(where: { $0.dtype == .half || $0.dtype == .bfloat16 }) else {
      return try make(context)
    }
    let inputs = context.inputs.map(widened)
    let outputs = context.outputs.map(widened)
    let kernel = try make(context.replacing(inputs: inputs, outputs: outputs))
    return try Adapter.wrap(
      kernel,
      inputs: zip(context.inputs, inputs).map { old, new in
        guard old.dtype != new.dtype else { return .pass }
        if let value = new.value { return Adapter(kind: .constant(value)) }
        let count = new.shape.full!.count
        let isHalf = old.dtype == .half
        return Adapter(
          kind: .convert(bytes: count * 4) { source, target in
            let floats = target.assumingMemoryBound(to: Float.self)
            if isHalf {
              bnk_nn_half_to_float(source, floats, count)
            } else {
              bnk_nn_bfloat16_to_float(source, floats, count)
            }
          })
      },
      outputs: zip(context.outputs, outputs).map { old, new in
        guard old.dtype != new.dtype else { return .pass }
        let count = new.shape.full!.count
        let isHalf = old.dtype == .half
        return Adapter(
          kind: .convert(bytes: count * 4) { source, target in
            let floats = source.assumingMemoryBound(to: Float.self)
            if isHalf {
              bnk_nn_float_to_half(floats, target, count)
            } else {
              bnk_nn_float_to_bfloat16(floats, target, count)
            }
          })
      })
  }

  private static func widened(_ fact: Fact) -> Fact {
    guard fact.dtype == .half || fact.dtype == .bfloat16 else { return fact }
    return Fact(.float, fact.shape, value: fact.value.map(widened))
  }

  /// The tensor in float if it is half or bfloat16.
  static func widened(_ tensor: Tensor) -> Tensor {
    guard tensor.dtype == .half || tensor.dtype == .bfloat16 else { return tensor }
    let out = Tensor(dtype: .float, shape: tensor.shape)
    let target = out.storage.pointer.assumingMemoryBound(to: Float.self)
    if tensor.dtype == .half {
      bnk_nn_half_to_float(tensor.pointer, target, tensor.count)
    } else {
      bnk_nn_bfloat16_to_float(tensor.pointer, target, tensor.count)
    }
    return out
  }
}
