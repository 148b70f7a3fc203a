import BNormCore
import BNormTensor
import CBNormKernels

/// The coordinates of elements that are not zero, in row-major order.
struct Where: EagerOperation {
  static let opNames = ["Where"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [PartialShape([-1, inputs[0].shape.rank ?? -1])] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let input = inputs[0]
    guard (1...8).contains(input.rank) else {
      throw BNormError.invalid("input 0 has shape \(input.shape), expected rank 1 to 8")
    }
    let dtype = Int32(input.dtype.rawValue)
    let found = Int(bnk_count_nonzero(input.pointer, input.count, dtype))
    guard found >= 0 else { throw BNormError.unsupported("dtype \(input.dtype.name)") }
    let out = Tensor(dtype: .int64, shape: [found, input.rank])
    guard found > 0 else { return [out] }
    let coordinates = out.mutableElements(Int64.self).baseAddress!
    if input.rank == 1 {
      bnk_nonzero_positions(input.pointer, input.count, dtype, coordinates)
      return [out]
    }
    // The flat positions lie at the end of the output and are split up from the front.
    let positions = coordinates + found * (input.rank - 1)
    bnk_nonzero_positions(input.pointer, input.count, dtype, positions)
    let dims = input.shape.dimensions.map { Int64($0) }
    for i in 0..<found {
      var rest = positions[i]
      for d in stride(from: dims.count - 1, through: 0, by: -1) {
        let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: dims[d])
        coordinates[i * dims.count + d] = remainder
        rest = quotient
      }
    }
    return [out]
  }
}
