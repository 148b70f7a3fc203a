import BNormTensor

/// What is gathered of `SequenceExample` messages.
struct SequenceColumns {
  private var contextSparse: [SparseColumn]
  private var contextDense: [DenseColumn]
  private var contextRagged: [RaggedColumn]
  private var listSparse: [SparseColumn]
  private var listDense: [DenseList]
  private var listRagged: [RaggedColumn]
  /// By ragged list: where the lists of each example end.
  private var outerSplits: [[Int]]
  /// By sparse list: the most steps.
  private var longest: [Int]
  private let contextSplits: [DType]
  private let listSplits: [DType]

  init(
    _ keys: SequenceKeys, _ context: SequenceTypes, _ lists: SequenceTypes, _ defaults: [Tensor],
    isBatch: Bool
  ) throws {
    let depth = isBatch ? 1 : 0
    contextSparse = zip(keys.contextSparse, context.sparse).map {
      SparseColumn(key: $0, dtype: $1, depth: depth)
    }
    contextDense = try keys.contextDense.enumerated().map { i, key in
      guard context.shapes[i].full != nil else {
        throw BNormError.invalid("Shape \(context.shapes[i]) is not fully defined")
      }
      return try DenseColumn(
        key: key, shape: context.shapes[i], defaultValue: defaults[i], number: i)
    }
    contextRagged = keys.contextRagged.enumerated().map { i, key in
      RaggedColumn(key: key, dtype: context.ragged[i], splitDType: context.splits[i])
    }
    listSparse = zip(keys.listSparse, lists.sparse).map {
      SparseColumn(key: $0, dtype: $1, depth: depth + 1)
    }
    listDense = try keys.listDense.enumerated().map { i, key in
      guard let shape = lists.shapes[i].full else {
        throw BNormError.invalid("Shape \(lists.shapes[i]) is not fully defined")
      }
      return DenseList(
        key: key, shape: shape, dtype: lists.dense[i], mayBeMissing: keys.optional.contains(key))
    }
    listRagged = keys.listRagged.enumerated().map { i, key in
      RaggedColumn(key: key, dtype: lists.ragged[i], splitDType: lists.splits[i])
    }
    outerSplits = .init(repeating: [0], count: listRagged.count)
    longest = .init(repeating: 0, count: listSparse.count)
    contextSplits = context.splits
    listSplits = lists.splits
  }

  mutating func add(_ message: ExampleMessage, row: Int, _ label: String) throws {
    let features = message.features
    for i in contextSparse.indices {
      let column = contextSparse[i]
      try contextSparse[i].add(features[column.key] ?? .none, at: column.place(row), label)
    }
    for i in contextDense.indices { try contextDense[i].add(features[contextDense[i].key], label) }
    for i in contextRagged.indices {
      try contextRagged[i].add(features[contextRagged[i].key] ?? .none, label)
    }
    for i in listSparse.indices {
      let steps = message.lists[listSparse[i].key] ?? []
      longest[i] = max(longest[i], steps.count)
      for (step, feature) in steps.enumerated() {
        let place = listSparse[i].place(row, step)
        try listSparse[i].add(feature, at: place, label)
      }
    }
    for i in listDense.indices { try listDense[i].add(message.lists[listDense[i].key], label) }
    for i in listRagged.indices {
      for feature in message.lists[listRagged[i].key] ?? [] {
        try listRagged[i].add(feature, label)
      }
      outerSplits[i].append(listRagged[i].rowCount)
    }
  }

  func outputs(batch: Int?, hasLengths: Bool) throws -> [Tensor] {
    let sizes = batch.map { [$0] } ?? []
    func columns(_ triples: [[Tensor]]) -> [Tensor] {
      (0..<3).flatMap { k in triples.map { $0[k] } }
    }
    // One example by itself has no outer splits: TensorFlow leaves a scalar in their place.
    func none(_ dtype: DType) -> Tensor { [0].asTensor(dtype).reshaped(.scalar) }
    var out = columns(contextSparse.map { $0.outputs(sizes) })
    out += try contextDense.map { try $0.output(batch: batch) }
    out += contextRagged.map(\.valueTensor)
    out += contextRagged.enumerated().map { i, column in
      batch == nil ? none(contextSplits[i]) : column.splitTensor
    }
    out += columns(
      listSparse.enumerated().map { i, column in column.outputs(sizes + [longest[i]]) })
    out += try listDense.map { try $0.output(batch: batch) }
    if hasLengths { out += listDense.map { $0.lengthTensor(batch: batch) } }
    out += listRagged.map(\.valueTensor)
    out += outerSplits.enumerated().map { i, splits in
      batch == nil ? none(listSplits[i]) : splits.asTensor(listSplits[i])
    }
    return out + listRagged.map(\.splitTensor)
  }
}

extension SparseColumn {
  /// The indices that lead to the list of `row`, or of a step of it, in a batch or by itself.
  fileprivate func place(_ row: Int, _ step: Int? = nil) -> [Int] {
    let all = [row] + (step.map { [$0] } ?? [])
    return Array(all.suffix(depth))
  }
}

/// Lists of features of one shape, padded with zeros to the longest.
private struct DenseList {
  let key: ByteString
  let shape: Shape
  let mayBeMissing: Bool
  private let dtype: DType
  private var examples: [FeatureValues] = []
  private var lengths: [Int] = []

  init(key: ByteString, shape: Shape, dtype: DType, mayBeMissing: Bool) {
    self.key = key
    self.shape = shape
    self.dtype = dtype
    self.mayBeMissing = mayBeMissing
  }

  mutating func add(_ steps: [Feature]?, _ label: String) throws {
    guard steps != nil || mayBeMissing else {
      throw BNormError.invalid(
        "\(label), Feature list '\(key)' is required but could not be found. Did you mean to "
          + "include "
          + "it in feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?")
    }
    var values = FeatureValues(dtype)
    for (i, feature) in (steps ?? []).enumerated() {
      let what = "\(label), Feature list: \(key), Index: \(i)"
      guard try feature.isPresent(as: dtype, what), feature.count == shape.count else {
        throw BNormError.invalid(
          "\(what). Number of values != expected. values size: \(feature.count) but output shape: "
            + "\(shape)")
      }
      values.append(feature)
    }
    examples.append(values)
    lengths.append(steps?.count ?? 0)
  }

  func output(batch: Int?) throws -> Tensor {
    let longest = lengths.max() ?? 0
    let whole = try Shape(
      checking: (batch.map { [$0] } ?? []) + [longest] + shape.dimensions)
    try MemoryLimit.check(dtype, whole)
    var out = FeatureValues(dtype)
    for values in examples {
      out.append(values.tensor())
      out.pad(nil, count: longest * shape.count - values.count)
    }
    return out.tensor(whole)
  }

  func lengthTensor(batch: Int?) -> Tensor {
    let tensor = Tensor(lengths.map { Int64($0) })
    return batch == nil ? tensor.reshaped(.scalar) : tensor
  }
}
