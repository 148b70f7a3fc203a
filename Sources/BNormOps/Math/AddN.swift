import BNormCore
import BNormTensor
import CBNormKernels

/// The sum of inputs of one shape.
struct AddN: PlannedOperation, EagerOperation {
  static let opNames = ["AddN", "AccumulateNV2"]
  private static let block = 4096

  init(_ node: NodeContext) throws {
    guard let dtype = node.inputDTypes.first else {
      throw BNormError.invalid("there are no inputs, expected at least one")
    }
    guard dtype == .variant || bnk_binary(BNK_BINARY_ADD, dtype.kernel) != nil else {
      throw BNormError.unsupported("\(node.op) of \(dtype.name)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [try sameShape(inputs)] }

  /// The sum of objects in variants: of tensor lists element by element.
  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    var sum = inputs[0].objects
    for (k, input) in inputs.enumerated().dropFirst() {
      guard input.shape == inputs[0].shape else {
        throw BNormError.invalid(
          "input \(k) has shape \(input.shape), but input 0 has shape \(inputs[0].shape)")
      }
      for (i, object) in input.objects.enumerated() {
        guard let a = sum[i] as? any AddableObject, let b = object else {
          throw BNormError.unsupported("the sum of a \(sum[i]?.typeName ?? "null variant")")
        }
        sum[i] = try a.sum(with: b)
      }
    }
    return [Tensor(objects: sum, dtype: .variant, shape: inputs[0].shape)]
  }

  func lower(_ context: Lowering) -> Kernel {
    let inputs = context.inputs.count
    if inputs == 1 { return .alias(input: 0) }
    let dtype = context.inputDType(0)
    let add = bnk_binary(BNK_BINARY_ADD, dtype.kernel)!
    let size = dtype.size
    let count = context.inputShape(0).count
    return .run(inPlace: [InPlace(input: 0, output: 0)]) { io in
      let sources = (0..<inputs).map { io.input($0) }
      let out = io.output(0)
      parallelFor((count + AddN.block - 1) / AddN.block, grain: 8) { blocks in
        for block in blocks {
          let start = block * AddN.block * size
          let n = min(AddN.block, count - block * AddN.block)
          add(sources[0] + start, 1, sources[1] + start, 1, out + start, n, nil)
          for i in 2..<max(inputs, 2) {
            add(out + start, 1, sources[i] + start, 1, out + start, n, nil)
          }
        }
      }
    }
  }
}
