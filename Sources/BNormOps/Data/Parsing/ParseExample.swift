import BNormCore
import BNormTensor

/// The features of serialised `Example` messages as tensors.
struct ParseExample: EagerOperation {
  static let opNames = ["ParseExample", "ParseExampleV2", "ParseSingleExample"]
  private let op: String
  private let sparseKeys: [ByteString]
  private let denseKeys: [ByteString]
  private let sparseDTypes: [DType]
  private let denseShapes: [PartialShape]
  private let denseCount: Int
  private let raggedDTypes: [DType]
  private let splitDTypes: [DType]

  init(_ node: NodeContext) throws {
    op = node.op
    sparseDTypes = try node.dtypes("sparse_types")
    denseShapes = try node.shapes("dense_shapes")
    denseCount = try node.dtypes("Tdense").count
    let isV2 = node.op == "ParseExampleV2"
    raggedDTypes = isV2 ? try node.dtypes("ragged_value_types") : []
    splitDTypes = isV2 ? try node.dtypes("ragged_split_types") : []
    let isSingle = node.op == "ParseSingleExample"
    sparseKeys = isSingle ? try node.strings("sparse_keys") : []
    denseKeys = isSingle ? try node.strings("dense_keys") : []
    let sparseCount = try node.int(node.op == "ParseExample" ? "Nsparse" : "num_sparse")
    guard sparseDTypes.count == sparseCount, denseShapes.count == denseCount,
      raggedDTypes.count == splitDTypes.count,
      !isSingle || (sparseKeys.count == sparseCount && denseKeys.count == denseCount)
    else {
      throw BNormError.invalid(
        "the numbers of keys, dtypes and shapes differ: \(sparseCount) sparse features of "
          + "\(sparseDTypes.count) dtypes, \(denseCount) dense features of \(denseShapes.count) "
          + "shapes, \(raggedDTypes.count) ragged features of \(splitDTypes.count) dtypes of splits"
      )
    }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let serialized = inputs[0]
    let isScalar = op == "ParseSingleExample" || (op == "ParseExampleV2" && serialized.rank == 0)
    guard serialized.rank == (isScalar ? 0 : 1) else {
      throw BNormError.invalid(
        "Expected serialized to be a \(isScalar ? "scalar" : "vector"), got shape: "
          + "\(serialized.shape)")
    }
    let (names, keys, defaults) = try arguments(inputs)
    guard names.isEmpty || names.count == serialized.count else {
      throw BNormError.invalid(
        "Expected names have the same shape as serialized: name.shape=[\(names.count)], "
          + "serialized.shape=\(serialized.shape)")
    }
    var sparse = zip(keys.sparse, sparseDTypes).map {
      SparseColumn(key: $0, dtype: $1, depth: isScalar ? 0 : 1)
    }
    var dense = try keys.dense.enumerated().map { i, key in
      try DenseColumn(key: key, shape: denseShapes[i], defaultValue: defaults[i], number: i)
    }
    var ragged = keys.ragged.enumerated().map { i, key in
      RaggedColumn(key: key, dtype: raggedDTypes[i], splitDType: splitDTypes[i])
    }
    let wanted = Set(keys.sparse + keys.dense + keys.ragged)
    for (row, string) in serialized.strings.enumerated() {
      let label = "Name: \(names.isEmpty ? "<unknown>" : names[row].string), Index: \(row)"
      let message = try ExampleMessage(example: string, wanted: wanted, label)
      let place = isScalar ? [] : [row]
      for i in sparse.indices {
        try sparse[i].add(message.features[sparse[i].key] ?? .none, at: place, label)
      }
      for i in dense.indices { try dense[i].add(message.features[dense[i].key], label) }
      for i in ragged.indices {
        try ragged[i].add(message.features[ragged[i].key] ?? .none, label)
      }
    }
    let batch = isScalar ? nil : serialized.count
    let triples = sparse.map { $0.outputs(batch.map { [$0] } ?? []) }
    return try (0..<3).flatMap { k in triples.map { $0[k] } }
      + dense.map { try $0.output(batch: batch) } + ragged.map(\.valueTensor)
      + ragged.enumerated().map { i, column in
        isScalar ? [Int]().asTensor(splitDTypes[i]) : column.splitTensor
      }
  }

  private typealias Keys = (sparse: [ByteString], dense: [ByteString], ragged: [ByteString])

  private func arguments(_ inputs: [Tensor]) throws -> ([ByteString], Keys, [Tensor]) {
    switch op {
    case "ParseSingleExample": return ([], (sparseKeys, denseKeys, []), Array(inputs.dropFirst()))
    case "ParseExample":
      let sparseEnd = 2 + sparseDTypes.count
      let denseEnd = sparseEnd + denseCount
      for i in 2..<denseEnd where inputs[i].rank != 0 {
        throw BNormError.invalid(
          "input \(i) (a key) has shape \(inputs[i].shape), expected a scalar")
      }
      return (
        inputs[1].strings,
        (
          inputs[2..<sparseEnd].map { $0.strings[0] },
          inputs[sparseEnd..<denseEnd].map { $0.strings[0] }, []
        ), Array(inputs[denseEnd...])
      )
    default:
      let wanted = [sparseDTypes.count, denseCount, raggedDTypes.count]
      for (i, count) in wanted.enumerated() where inputs[2 + i].count != count {
        throw BNormError.invalid(
          "input \(2 + i) (keys) has shape \(inputs[2 + i].shape), expected \(count) keys")
      }
      return (
        inputs[1].strings, (inputs[2].strings, inputs[3].strings, inputs[4].strings),
        Array(inputs[5...])
      )
    }
  }
}
