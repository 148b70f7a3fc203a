import BNormCore
import BNormTensor

/// The entries of a sparse tensor within a box.
struct SparseSlice: EagerOperation {
  static let opNames = ["SparseSlice"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? { .sparse(rank: inputs[2].shape[0]) }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let sparse = try SparseInput(inputs)
    let names = ["start", "size"]
    let box = try [3, 4].map { i -> [Int] in
      guard inputs[i].rank == 1, let values = inputs[i].integers, values.count == sparse.rank else {
        throw BNormError.shape(i, names[i - 3], inputs[i], "a vector of \(sparse.rank) elements")
      }
      return values
    }
    var shape: [Int] = []
    for d in 0..<sparse.rank {
      let (start, size) = (box[0][d], box[1][d])
      guard size >= 0 else {
        throw BNormError.invalid("Expected a non-negative size, got \(box[1])")
      }
      guard start > -(1 << 62) else {
        throw BNormError.invalid("input 3 (start) is \(box[0]), out of range for \(sparse.shape)")
      }
      shape.append(start < sparse.shape[d] ? min(size, sparse.shape[d] &- start) : 0)
    }
    let kept = (0..<sparse.count).filter { i in
      (0..<sparse.rank).allSatisfy { d in
        let index = sparse.cells[i * sparse.rank + d]
        return index >= box[0][d] && index &- box[0][d] < box[1][d]
      }
    }
    let part = sparse.picking(kept)
    let cells = part.cells.enumerated().map { $1 &- box[0][$0 % sparse.rank] }
    return SparseInput(cells: cells, values: part.values, shape: shape).outputs()
  }
}

/// The gradient of `SparseSlice` by the values.
struct SparseSliceGrad: EagerOperation {
  static let opNames = ["SparseSliceGrad"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    [.vector(inputs[1].shape.rank == 2 ? inputs[1].shape[0] : nil)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let gradient = inputs[0]
    guard gradient.rank == 1 else {
      throw BNormError.shape(0, "backprop_val_grad", gradient, "a vector")
    }
    let cells = try SparseInput.cells(inputs[1], "input 1 (input_indices)")
    let sliced = try SparseInput.cells(inputs[3], "input 3 (output_indices)")
    let rank = inputs[1].shape[1]
    guard inputs[2].rank == 1, let start = inputs[2].integers, start.count == rank,
      inputs[3].shape[1] == rank
    else {
      throw BNormError.invalid(
        "input 1 (input_indices) has shape \(inputs[1].shape), input 2 (input_start) has shape "
          + "\(inputs[2].shape) and input 3 (output_indices) has shape \(inputs[3].shape), "
          + "expected "
          + "one rank")
    }
    guard gradient.count == inputs[3].shape[0] else {
      throw BNormError.invalid(
        "input 0 (backprop_val_grad) has \(gradient.count) elements, but input 3 (output_indices) "
          + "has "
          + "shape \(inputs[3].shape)")
    }
    let count = inputs[1].shape[0]
    var positions = [Int](repeating: -1, count: count)
    var next = 0
    for i in 0..<count where next < gradient.count {
      let same = (0..<rank).allSatisfy {
        cells[i * rank + $0] == sliced[next * rank + $0] &+ start[$0]
      }
      if same {
        positions[i] = next
        next += 1
      }
    }
    guard next == gradient.count else {
      throw BNormError.invalid(
        "Elements of backprop_val_grad aren't all propagated. Num elements: \(gradient.count), "
          + "used: "
          + "\(next)")
    }
    return [gradient.selecting(positions)]
  }
}
