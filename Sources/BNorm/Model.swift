import BNormCore
import BNormTensor
import BNormTensorFlow

/// A graph from a file, with what a caller needs to know to run it.
///
/// ```swift
/// let model = try Model(path: "graph.pb")
/// let session = try model.makeSession()
/// let outputs = try session.run(["probabilities"], feeds: [("x", image)])
/// ```
public final class Model: Sendable {
  /// The typed graph.
  public let graph: Graph
  /// The signatures of a SavedModel or a MetaGraph, by name.
  public let signatures: [String: MetaGraph.Signature]
  /// The signature whose names stand for the graph's tensors; nil if there is none.
  public let signature: MetaGraph.Signature?
  /// Names of nodes and tensors that the file lists under a key, e.g. `train_op`.
  public let collections: [String: [String]]
  let saver: MetaGraph.Saver?
  private let initialization: [LoadedModel.InitializationStep]

  /// Loads a frozen graph (`.pb`, `.pbtxt`), a MetaGraph (`.meta`) or the folder of a SavedModel.
  ///
  /// Throws `BNormError` when the file is no TensorFlow graph or TensorFlow would refuse it. An op
  /// that bnorm lacks is no error until it is needed.
  ///
  /// - Parameters:
  ///   - tags: Which graph of a SavedModel is meant; by default `serve`, or the only one.
  ///   - signature: By default `serving_default`, or the only one.
  ///   - checkpoint: The prefix of the files that hold the variables' values; by default those of
  ///     the SavedModel or next to the `.meta` file.
  public init(
    path: String, tags: Set<String>? = nil, signature: String? = nil,
    checkpoint: String? = nil, library: OpLibrary = .standard
  ) throws {
    let loaded = try ModelFile.load(path, tags: tags, checkpoint: checkpoint)
    graph = try Graph(loaded.graph, library: library)
    signatures = loaded.signatures
    initialization = loaded.initialization
    collections = loaded.metaGraph.collections
    saver = loaded.metaGraph.saver
    if let signature {
      guard let found = signatures[signature] else {
        let names = signatures.keys.sorted().joined(separator: ", ")
        throw BNormError.invalid(
          "\(path) has no signature \"\(signature)\"; "
            + (names.isEmpty ? "it has none" : "it has \(names)"))
      }
      self.signature = found
    } else {
      self.signature =
        signatures["serving_default"] ?? (signatures.count == 1 ? signatures.values.first : nil)
    }
  }

  /// A model from a graph made in memory.
  public init(_ definition: GraphDefinition, library: OpLibrary = .standard) throws {
    graph = try Graph(definition, library: library)
    signatures = [:]
    signature = nil
    initialization = []
    collections = [:]
    saver = nil
  }

  /// A session with variables, tables and generators of its own, initialised as the file says.
  ///
  /// Throws where shapes that are known without feeding anything cannot fit, also in parts of the
  /// graph that nobody asks for.
  public func makeSession(stage: Stage = .planned) throws -> Session {
    try GraphFacts.check(graph)
    let session = Session(graph: graph, stage: stage)
    for step in initialization {
      do {
        _ = try session.run(
          [], feeds: step.feeds.map { (name: $0.key, value: $0.value) }, targets: step.targets)
      } catch {
        guard step.isOptional else { throw error }
      }
    }
    return session
  }

  /// The tensor that a name of the signature's inputs stands for; other names are tensors' own.
  public func inputTensor(_ name: String) -> String { signature?.inputs[name]?.name ?? name }

  /// The tensor that a name of the signature's outputs stands for; other names are tensors' own.
  public func outputTensor(_ name: String) -> String { signature?.outputs[name]?.name ?? name }

  /// `inputTensor` of a name that must be the signature's or a tensor's.
  public func knownInput(_ name: String) throws -> String {
    try known(inputTensor(name), name, signature?.inputs.keys.sorted())
  }

  /// `outputTensor` of a name that must be the signature's or a tensor's.
  public func knownOutput(_ name: String) throws -> String {
    try known(outputTensor(name), name, signature?.outputs.keys.sorted())
  }

  private func known(_ tensor: String, _ name: String, _ names: [String]?) throws -> String {
    if let names, tensor == name, graph.node(named: String(name.prefix { $0 != ":" })) == nil {
      throw BNormError.invalid(
        "the signature and the graph have no \"\(name)\""
          + graph.suggestion(for: name, among: names))
    }
    return tensor
  }

  /// A placeholder of the graph.
  public struct Input: Sendable {
    public let name: String
    public let dtype: DType
    public let shape: PartialShape
    /// Runs without a feed: a PlaceholderWithDefault.
    public let hasDefault: Bool
  }

  /// The signature's inputs, or else the placeholders in the graph's order.
  public var inputs: [Input] {
    if let signature {
      return signature.inputs.sorted { $0.key < $1.key }.compactMap { name, tensor in
        tensor.dtype.map {
          Input(
            name: name, dtype: $0, shape: tensor.shape, hasDefault: signature.defaults[name] != nil)
        }
      }
    }
    return graph.nodes.compactMap { node in
      guard ["Placeholder", "PlaceholderV2", "PlaceholderWithDefault"].contains(node.op),
        let dtype = node.outputDTypes.first
      else { return nil }
      return Input(
        name: node.name, dtype: dtype, shape: node.attributes["shape"]?.asShape ?? .unknown,
        hasDefault: node.op == "PlaceholderWithDefault")
    }
  }

  /// The outputs that are fetched when nobody names any: those of the signature, or else all outputs
  /// of nodes that nothing reads.
  public var defaultFetches: [String] {
    if let signature { return signature.outputs.keys.sorted() }
    var isRead = [Bool](repeating: false, count: graph.nodes.count)
    for node in graph.nodes {
      for input in node.inputs { isRead[Int(input.node)] = true }
      for control in node.controls { isRead[Int(control)] = true }
    }
    let unread = graph.nodes.indices.filter { !isRead[$0] }.map { graph.nodes[$0] }
    let known = unread.flatMap { node -> [String] in
      guard !node.op.hasPrefix("Placeholder"), node.op != "Const" else { return [] }
      return node.outputDTypes.indices.map { $0 == 0 ? node.name : "\(node.name):\($0)" }
    }
    // Of an op that is in no registry no outputs are known; asking for the first says so.
    return known.isEmpty ? unread.filter { $0.signature == nil }.map(\.name) : known
  }
}
