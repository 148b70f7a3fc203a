import BNormCore
import BNormTensor
import CBNormKernels

/// Cross products of vectors of three elements.
struct Cross: PlannedOperation {
  static let opNames = ["Cross"]

  init(_ node: NodeContext) throws {
    guard bnk_binary(BNK_BINARY_MUL, node.inputDTypes[0].kernel) != nil else {
      throw BNormError.unsupported("Cross of \(node.inputDTypes[0].name)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let shape = try sameShape(inputs)
    if let dimensions = shape.dimensions {
      guard let last = dimensions.last, last == 3 || last < 0 else {
        throw BNormError.invalid("inputs have shape \(shape), expected a last dimension of 3")
      }
    }
    return [shape]
  }

  func lower(_ context: Lowering) -> Kernel {
    let dtype = context.inputDType(0)
    let multiply = bnk_binary(BNK_BINARY_MUL, dtype.kernel)!
    let subtract = bnk_binary(BNK_BINARY_SUB, dtype.kernel)!
    let size = dtype.size
    let rows = context.inputShape(0).count / 3
    return .run { io in
      let a = io.input(0)
      let b = io.input(1)
      let y = io.output(0)
      withUnsafeTemporaryAllocation(byteCount: 2 * size, alignment: 16) { products in
        let first = products.baseAddress!
        let second = first + size
        for row in 0..<rows {
          for i in 0..<3 {
            let j = (row * 3 + (i + 1) % 3) * size
            let k = (row * 3 + (i + 2) % 3) * size
            multiply(a + j, 1, b + k, 1, first, 1, nil)
            multiply(a + k, 1, b + j, 1, second, 1, nil)
            subtract(first, 1, second, 1, y + (row * 3 + i) * size, 1, nil)
          }
        }
      }
    }
  }
}
