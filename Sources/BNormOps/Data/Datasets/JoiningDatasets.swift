import BNormCore
import BNormTensor

/// Datasets that choose among others, cut batches anew, or stand for lists.
struct JoiningDatasets: EagerOperation {
  static let opNames = [
    "DirectedInterleaveDataset", "ExperimentalDirectedInterleaveDataset", "RebatchDatasetV2",
    "ChooseFastestDataset", "ExperimentalChooseFastestDataset", "RewriteDataset", "ListDataset",
    "RandomDataset", "RandomDatasetV2", "ExperimentalRandomDataset", "SparseTensorSliceDataset",
    "DenseToSparseBatchDataset", "ExperimentalDenseToSparseBatchDataset",
  ]
  private let op: String
  private let width: Int
  private let stopsWhenEmpty: Bool
  private let redraws: Bool

  init(_ node: NodeContext) throws {
    op = node.op
    width = node.op == "ListDataset" ? try node.dtypes("output_types").count : 1
    stopsWhenEmpty =
      node.op == "DirectedInterleaveDataset" ? try node.bool("stop_on_empty_dataset") : false
    redraws =
      node.op == "RandomDatasetV2" ? try node.bool("rerandomize_each_iteration") : false
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ tensors: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let inputs = DatasetInputs(tensors)
    let made: Dataset
    switch op {
    case "ListDataset":
      guard tensors.count % width == 0 else {
        throw BNormError.invalid("\(tensors.count) tensors do not make elements of \(width)")
      }
      let owned = tensors.map(\.owned)
      made = Dataset.list(
        stride(from: 0, to: owned.count, by: width).map { Array(owned[$0..<$0 + width]) })
    case "RandomDataset", "RandomDatasetV2", "ExperimentalRandomDataset":
      let seeds: SeedSource
      if let last = tensors.last, last.dtype == .resource,
        let shared = last.objects[0] as? SeedSource
      {
        seeds = shared
      } else {
        seeds = SeedSource(
          try inputs.integer(0, "seed"), try inputs.integer(1, "seed2"), redraws: redraws)
      }
      made = Dataset(cardinality: Dataset.infinite) {
        let (seed, seed2) = seeds.next()
        var words = PhiloxWords(seed: seed, seed2: seed2)
        return { _ in [Tensor(scalar: Int64(words.next()))] }
      }
    case "RebatchDatasetV2":
      guard tensors[1].rank <= 1, let sizes = tensors[1].integers, !sizes.isEmpty,
        sizes.allSatisfy({ $0 > 0 })
      else {
        throw BNormError.invalid(
          "input 1 (batch_sizes) is \(tensors[1].integers ?? []), expected sizes greater than zero")
      }
      made = try inputs.dataset().rebatched(
        sizes, dropsRemainder: try inputs.bool(2, "drop_remainder"))
    case "SparseTensorSliceDataset": made = try sparseSlices(tensors.map(\.owned))
    case "DenseToSparseBatchDataset", "ExperimentalDenseToSparseBatchDataset":
      made = try sparseBatches(inputs)
    case "DirectedInterleaveDataset", "ExperimentalDirectedInterleaveDataset":
      made = try inputs.dataset().choosing(
        among: try tensors.indices.dropFirst().map { try inputs.dataset($0) },
        stopsWhenEmpty: stopsWhenEmpty)
    default: made = try inputs.dataset()
    }
    return [made.tensor]
  }

  private func sparseSlices(_ parts: [Tensor]) throws -> Dataset {
    let (indices, values) = (parts[0], parts[1])
    guard indices.rank == 2, values.rank == 1, indices.shape[0] == values.count,
      let shape = parts[2].integers, parts[2].rank == 1, shape.count == indices.shape[1],
      let rows = shape.first, rows >= 0, let cells = indices.integers
    else {
      throw BNormError.invalid(
        "inputs have shapes \(parts.map(\.shape)), which do not make a sparse tensor")
    }
    let rank = shape.count
    for i in 1..<max(values.count, 1) where cells[i * rank] < cells[(i - 1) * rank] {
      throw BNormError.invalid("The SparseTensor must be ordered in the batch dimension")
    }
    return Dataset(cardinality: rows) {
      var (row, next) = (0, 0)
      return { _ in
        guard row < rows else { return nil }
        let first = next
        while next < values.count, cells[next * rank] <= row { next += 1 }
        row += 1
        let own = (first..<next).flatMap {
          cells[$0 * rank + 1..<($0 + 1) * rank].map { Int64($0) }
        }
        return [
          Tensor(own, shape: [next - first, rank - 1]),
          try Tensor.stack(values.rows(first..<next), of: values.dtype),
          Tensor(shape.dropFirst().map { Int64($0) }),
        ]
      }
    }
  }

  private func sparseBatches(_ inputs: DatasetInputs) throws -> Dataset {
    let size = try inputs.integer(1, "batch_size")
    guard size > 0, inputs.tensors[2].rank == 1, let rowShape = inputs.tensors[2].integers else {
      throw BNormError.invalid(
        "batch_size is \(size) and row_shape has shape \(inputs.tensors[2].shape), expected a size "
          + "greater than zero and a vector")
    }
    return try inputs.dataset().batched(size, dropsRemainder: false) { elements in
      var shape = rowShape
      var cells: [Int64] = []
      var values: [Tensor] = []
      for (number, element) in elements.enumerated() {
        let tensor = element[0]
        guard tensor.rank == shape.count else {
          throw BNormError.invalid(
            "Input element had shape (\(tensor.shape)) that is incompatible with the row shape "
              + "(\(PartialShape(rowShape))).")
        }
        for d in shape.indices {
          if rowShape[d] < 0 { shape[d] = max(shape[d], tensor.shape[d]) }
          guard tensor.shape[d] <= shape[d] else {
            throw BNormError.invalid(
              "Input element had shape (\(tensor.shape)) that is incompatible with the row shape "
                + "(\(PartialShape(rowShape))).")
          }
        }
        let strides = tensor.shape.strides
        for i in 0..<tensor.count {
          cells.append(Int64(number))
          for d in shape.indices { cells.append(Int64(i / strides[d] % tensor.shape[d])) }
        }
        values += tensor.reshaped([tensor.count]).rows(0..<tensor.count)
      }
      let parts = [
        Tensor(cells, shape: [values.count, shape.count + 1]),
        try Tensor.stack(values, of: elements[0][0].dtype),
        Tensor(([elements.count] + shape).map { Int64($0) }),
      ]
      return [Tensor(objects: parts.map(TensorVariant.init), dtype: .variant, shape: [3])]
    }
  }
}

extension Tensor {
  fileprivate func rows(_ range: Range<Int>) -> [Tensor] { range.map { row($0) } }

  /// Scalars as a vector.
  fileprivate static func stack(_ scalars: [Tensor], of dtype: DType) throws -> Tensor {
    scalars.isEmpty ? Tensor(dtype: dtype, shape: [0]) : try stack(scalars, component: 0)
  }
}

extension Dataset {
  func choosing(among others: [Dataset], stopsWhenEmpty: Bool) -> Dataset {
    Dataset { [self] in
      let source = try makeIterator()
      var open: [NextElement?] = try others.map { try $0.makeIterator() }
      return { context in
        while open.contains(where: { $0 != nil }), let selected = try source(context) {
          guard let number = selected.first?.integers?.first, open.indices.contains(number) else {
            throw BNormError.invalid(
              "Selector index out of range: \(selected.first?.integers ?? []), there are "
                + "\(open.count) datasets")
          }
          guard let current = open[number] else { continue }
          if let element = try current(context) { return element }
          if stopsWhenEmpty { return nil }
          open[number] = nil
        }
        return nil
      }
    }
  }

  func rebatched(_ sizes: [Int], dropsRemainder: Bool) -> Dataset {
    let whole = unbatched()
    return Dataset {
      let source = try whole.makeIterator()
      var turn = 0
      return { context in
        let size = sizes[turn % sizes.count]
        turn += 1
        var elements: [[Tensor]] = []
        while elements.count < size, let element = try source(context) { elements.append(element) }
        guard !elements.isEmpty, elements.count == size || !dropsRemainder else { return nil }
        return try elements[0].indices.map { k in
          try Tensor.stack(elements.map { $0[k] }, component: k)
        }
      }
    }
  }
}

/// One element of a dataset.
struct GetElementAtIndex: EagerOperation {
  static let opNames = ["GetElementAtIndex"]
  private let shapes: [PartialShape]
  init(_ node: NodeContext) throws { shapes = try node.shapes("output_shapes") }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let arguments = DatasetInputs(inputs)
    let index = try arguments.integer(1, "index")
    let source = try arguments.dataset().makeIterator()
    var next = 0
    while index >= 0, let element = try source(context) {
      if next == index {
        try element.checkElement(context.outputDTypes, shapes)
        return element
      }
      next += 1
    }
    throw BNormError.outOfRange("Index out of range [0, \(next)): \(index)")
  }
}

/// An element kept in a variant.
private final class CompressedElement: TensorObject {
  let components: [Tensor]
  init(_ components: [Tensor]) { self.components = components }
  var typeName: String { "CompressedElement" }
}

/// Puts an element into a variant.
struct CompressElement: EagerOperation {
  static let opNames = ["CompressElement"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) -> [Tensor] {
    [Tensor(scalar: CompressedElement(inputs.map(\.owned)), dtype: .variant)]
  }
}

/// Takes an element out of a variant.
struct UncompressElement: EagerOperation {
  static let opNames = ["UncompressElement"]
  private let shapes: [PartialShape]
  init(_ node: NodeContext) throws { shapes = try node.shapes("output_shapes") }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].count == 1, let element = inputs[0].objects[0] as? CompressedElement else {
      throw BNormError.invalid("input 0 (compressed) is no scalar that holds a compressed element")
    }
    try element.components.checkElement(context.outputDTypes, shapes)
    return element.components
  }
}
