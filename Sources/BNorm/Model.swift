import BNormCore
import BNormTensor
import BNormTensorFlow

/// A graph from a file, with what a caller needs to know to run it.
///
/// ```swift
/// let model = try Model(path: "graph.pb")
/// let session = model.makeSession()
/// let outputs = try session.run(["probabilities"], feeds: [("x", image)])
/// ```
public final class Model: Sendable {
  public let graph: Graph

  /// Loads a frozen graph (`.pb`, `.pbtxt`).
  ///
  /// Throws `BNormError` when the file is no TensorFlow graph or TensorFlow would refuse it. An op
  /// that bnorm lacks is no error until it is needed.
  public init(path: String, library: OpLibrary = .standard) throws {
    graph = try Graph(try ModelFile.readGraph(path), library: library)
  }

  /// A model from a graph made in memory.
  public init(_ definition: GraphDefinition, library: OpLibrary = .standard) throws {
    graph = try Graph(definition, library: library)
  }

  /// A session with variables and generators of its own.
  public func makeSession(stage: Stage = .planned) -> Session { Session(graph: graph, stage: stage) }

  /// A placeholder of the graph.
  public struct Input: Sendable {
    public let name: String
    public let dtype: DType
    public let shape: PartialShape
    /// Runs without a feed: a PlaceholderWithDefault.
    public let hasDefault: Bool
  }

  /// The placeholders, in the graph's order.
  public var inputs: [Input] {
    graph.nodes.compactMap { node in
      guard ["Placeholder", "PlaceholderV2", "PlaceholderWithDefault"].contains(node.op),
        let dtype = node.outputDTypes.first
      else { return nil }
      return Input(
        name: node.name, dtype: dtype, shape: node.attributes["shape"]?.asShape ?? .unknown,
        hasDefault: node.op == "PlaceholderWithDefault")
    }
  }

  /// The outputs that are fetched when nobody names any: all outputs of nodes that nothing reads.
  public var defaultFetches: [String] {
    var isRead = [Bool](repeating: false, count: graph.nodes.count)
    for node in graph.nodes {
      for input in node.inputs { isRead[Int(input.node)] = true }
      for control in node.controls { isRead[Int(control)] = true }
    }
    return graph.nodes.indices.flatMap { i -> [String] in
      let node = graph.nodes[i]
      guard !isRead[i], !node.op.hasPrefix("Placeholder"), node.op != "Const" else { return [] }
      return node.outputDTypes.indices.map { $0 == 0 ? node.name : "\(node.name):\($0)" }
    }
  }
}
