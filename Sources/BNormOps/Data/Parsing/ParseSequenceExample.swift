import BNormCore
import BNormTensor

/// The features and lists of features of serialised `SequenceExample` messages as tensors.
struct ParseSequenceExample: EagerOperation {
  static let opNames = [
    "ParseSequenceExample", "ParseSequenceExampleV2", "ParseSingleSequenceExample",
  ]
  private let op: String
  private let context: SequenceTypes
  private let lists: SequenceTypes
  /// Keys by kind, and the lists that may be missing, where they are attributes.
  private let keys: SequenceKeys

  init(_ node: NodeContext) throws {
    op = node.op
    let isV2 = node.op == "ParseSequenceExampleV2"
    context = SequenceTypes(
      sparse: try node.dtypes("context_sparse_types"), dense: try node.dtypes("Tcontext_dense"),
      shapes: try node.shapes("context_dense_shapes"),
      ragged: isV2 ? try node.dtypes("context_ragged_value_types") : [],
      splits: isV2 ? try node.dtypes("context_ragged_split_types") : [])
    lists = SequenceTypes(
      sparse: try node.dtypes("feature_list_sparse_types"),
      dense: try node.dtypes("feature_list_dense_types"),
      shapes: try node.shapes("feature_list_dense_shapes"),
      ragged: isV2 ? try node.dtypes("feature_list_ragged_value_types") : [],
      splits: isV2 ? try node.dtypes("feature_list_ragged_split_types") : [])
    var keys = SequenceKeys()
    if node.op == "ParseSequenceExample" {
      keys.contextSparse = try node.strings("context_sparse_keys")
      keys.contextDense = try node.strings("context_dense_keys")
      keys.listSparse = try node.strings("feature_list_sparse_keys")
      keys.listDense = try node.strings("feature_list_dense_keys")
      keys.optional = Set(try node.strings("feature_list_dense_missing_assumed_empty"))
      try keys.check(context, lists)
    }
    self.keys = keys
    for types in [context, lists] where !types.fits {
      throw BNormError.invalid("the numbers of dtypes and of shapes or dtypes of splits differ")
    }
  }

  func run(_ inputs: [Tensor], _ run: RunContext) throws -> [Tensor] {
    let serialized = inputs[0]
    let isSingle = op == "ParseSingleSequenceExample"
    guard serialized.rank == 0 || (serialized.rank == 1 && !isSingle) else {
      throw BNormError.invalid(
        "Expected serialized to be a \(isSingle ? "scalar" : "scalar or vector"), got shape: "
          + "\(serialized.shape)")
    }
    let (keys, names, defaults) = try arguments(inputs)
    try keys.check(context, lists)
    guard names.isEmpty || names.count == serialized.count else {
      throw BNormError.invalid(
        "Expected len(debug_name) == len(serialized), but got: \(names.count) vs. "
          + "\(serialized.count)")
    }
    let batch = serialized.rank == 0 ? nil : serialized.count
    var columns = try SequenceColumns(keys, context, lists, defaults, isBatch: batch != nil)
    for (row, string) in serialized.strings.enumerated() {
      let label = "Name: \(names.isEmpty ? "<unknown>" : names[row].string), Index: \(row)"
      let message = try ExampleMessage(
        sequence: string, wanted: keys.context, lists: keys.lists, label)
      try columns.add(message, row: row, label)
    }
    return try columns.outputs(batch: batch, hasLengths: !isSingle)
  }

  private func arguments(
    _ inputs: [Tensor]
  ) throws -> (SequenceKeys, [ByteString], [Tensor]) {
    switch op {
    case "ParseSequenceExample": return (keys, inputs[1].strings, Array(inputs[2...]))
    case "ParseSequenceExampleV2":
      var keys = SequenceKeys()
      keys.contextSparse = inputs[2].strings
      keys.contextDense = inputs[3].strings
      keys.contextRagged = inputs[4].strings
      keys.listSparse = inputs[5].strings
      keys.listDense = inputs[6].strings
      keys.listRagged = inputs[7].strings
      let flags = inputs[8].elements(Bool.self)
      guard flags.count == keys.listDense.count else {
        throw BNormError.invalid(
          "input 8 (feature_list_dense_missing_assumed_empty) has shape \(inputs[8].shape), but "
            + "there are \(keys.listDense.count) dense lists")
      }
      keys.optional = Set(zip(keys.listDense, flags).filter(\.1).map(\.0))
      return (keys, inputs[1].strings, Array(inputs[9...]))
    default:
      var next = 2
      func take(_ count: Int) throws -> [ByteString] {
        defer { next += count }
        return try inputs[next..<next + count].map { key in
          guard key.rank == 0 else {
            throw BNormError.invalid("a key has shape \(key.shape), expected a scalar")
          }
          return key.strings[0]
        }
      }
      var keys = SequenceKeys()
      keys.optional = Set(inputs[1].strings)
      keys.contextSparse = try take(context.sparse.count)
      keys.contextDense = try take(context.dense.count)
      keys.listSparse = try take(lists.sparse.count)
      keys.listDense = try take(lists.dense.count)
      let defaults = Array(inputs[next..<next + context.dense.count])
      return (keys, inputs[next + context.dense.count].strings, defaults)
    }
  }
}

/// Dtypes and shapes of features.
struct SequenceTypes {
  var sparse: [DType]
  var dense: [DType]
  var shapes: [PartialShape]
  var ragged: [DType]
  var splits: [DType]

  var fits: Bool { dense.count == shapes.count && ragged.count == splits.count }
}

/// The keys of features and lists of features.
struct SequenceKeys {
  var contextSparse: [ByteString] = []
  var contextDense: [ByteString] = []
  var contextRagged: [ByteString] = []
  var listSparse: [ByteString] = []
  var listDense: [ByteString] = []
  var listRagged: [ByteString] = []
  /// Dense lists that are empty where they are missing.
  var optional: Set<ByteString> = []

  var context: Set<ByteString> { Set(contextSparse + contextDense + contextRagged) }
  var lists: Set<ByteString> { Set(listSparse + listDense + listRagged) }

  func check(_ context: SequenceTypes, _ lists: SequenceTypes) throws {
    let counts = [
      (contextSparse, context.sparse), (contextDense, context.dense),
      (contextRagged, context.ragged), (listSparse, lists.sparse), (listDense, lists.dense),
      (listRagged, lists.ragged),
    ]
    for (keys, dtypes) in counts where keys.count != dtypes.count {
      throw BNormError.invalid("there are \(keys.count) keys, but \(dtypes.count) dtypes")
    }
  }
}
