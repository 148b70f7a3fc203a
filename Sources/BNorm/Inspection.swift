import BNormCore
import BNormTensor

/// What a graph is made of.
public struct Inspection: Sendable {
  /// An output that is fetched by default.
  public struct Value: Sendable {
    public let name: String
    public let dtype: DType
    public let shape: PartialShape
  }

  /// The inputs of the signature, or else the placeholders.
  public let inputs: [Model.Input]
  public let outputs: [Value]
  /// Op name → number of nodes.
  public let ops: [(op: String, count: Int)]
  /// Nodes, without those of functions.
  public let nodeCount: Int
  /// The functions of the graph, in order.
  public let functionNames: [String]
  /// Elements and bytes of all constants of floating dtypes.
  public let parameterCount: Int
  /// The bytes of these constants.
  public let parameterBytes: Int
  /// Floating-point operations of one run with a batch of one.
  public let floatingPointOperations: Int
  /// Ops that bnorm lacks, with the names of the nodes.
  public let unsupported: [(op: String, nodes: [String])]
  /// Where the graph normalizes, fused or written out.
  public let batchNormalizations: [BatchNormalizationNote]
  /// Nodes that cannot run as they are, and why.
  public let problems: [String]

  /// Looks at a model; nothing runs.
  public init(_ model: Model) {
    let graph = model.graph
    let facts = GraphFacts(graph)
    inputs = model.inputs
    outputs = model.defaultFetches.compactMap { name in
      guard let value = try? graph.value(named: model.outputTensor(name)) else { return nil }
      let fact = facts.fact(value)
      return Value(name: name, dtype: fact.dtype, shape: fact.shape)
    }
    var counts: [String: Int] = [:]
    var missing: [String: [String]] = [:]
    var parameters = (count: 0, bytes: 0)
    var operations = 0
    for (i, node) in graph.nodes.enumerated() {
      counts[node.op, default: 0] += 1
      if node.operation == nil { missing[node.op, default: []].append(node.name) }
      if let constant = node.operation as? any ConstantOperation, constant.value.dtype.isFloating {
        parameters.count += constant.value.count
        parameters.bytes += constant.value.byteCount
      }
      let inputs = node.inputs.map { facts.fact($0) }
      let cost = FloatingPointOperations.count(node, inputs: inputs, outputs: facts.outputs[i])
      operations = operations.addingReportingOverflow(cost).partialValue
    }
    ops = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    nodeCount = graph.nodes.count
    functionNames = graph.functions.definitions.keys.sorted()
    parameterCount = parameters.count
    parameterBytes = parameters.bytes
    floatingPointOperations = operations
    unsupported = missing.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    batchNormalizations = BatchNormalizationNote.find(in: graph, facts: facts)
    problems = facts.errors.map(\.error.message)
  }
}
