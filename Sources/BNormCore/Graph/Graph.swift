import BNormTensor

/// Output `port` of node `node`.
public struct ValueID: Hashable, Sendable {
  public var node: Int32
  public var port: Int32
  public init(_ node: Int, _ port: Int) {
    self.node = Int32(node)
    self.port = Int32(port)
  }
}

/// A node of a typed graph.
public struct Node: Sendable {
  public let name: String
  public let op: String
  /// nil when bnorm lacks the op.
  public let operation: (any Operation)?
  public let signature: OpSignature?
  public var inputs: [ValueID]
  public var controls: [Int32]
  public let outputDTypes: [DType]
  /// Output `i` is a reference to a variable.
  public let outputIsReference: [Bool]
  /// Input `i` takes a reference, not the value.
  public let inputIsReference: [Bool]
  public let attributes: [String: AttributeValue]

  public var isStateful: Bool { signature?.isStateful ?? true }
}

/// A graph of typed ops. Nobody after the import sees names of inputs or undecoded attributes.
public final class Graph: Sendable {
  public let nodes: [Node]
  public let producer: Int
  /// The library that the graph's functions are in.
  public let functions: FunctionLibrary
  let index: [String: Int32]
  /// For a function body: the nodes that stand for its arguments and results.
  public let arguments: [ValueID]
  public let results: [ValueID]
  public let controlResults: [Int32]
  /// No assignment gives a variable another shape than the declared one.
  let trustsDeclaredShapes: Bool

  init(
    nodes: [Node], index: [String: Int32], producer: Int, functions: FunctionLibrary,
    arguments: [ValueID] = [], results: [ValueID] = [], controlResults: [Int32] = []
  ) {
    self.nodes = nodes
    self.index = index
    self.producer = producer
    self.functions = functions
    self.arguments = arguments
    self.results = results
    self.controlResults = controlResults
    trustsDeclaredShapes = !nodes.contains {
      $0.op == "Assign" && $0.attributes["validate_shape"]?.asBool == false
    }
  }

  public func node(named name: String) -> Int? { index[name].map { Int($0) } }

  /// The value that `name` or `name:port` means.
  public func value(named text: String) throws -> ValueID {
    let (name, port) = try InputName.split(text)
    guard port >= 0 else {
      throw BNormError.invalid("\"\(text)\" is a control input, not a tensor")
    }
    guard let node = index[name] else {
      throw BNormError.invalid("the graph has no node \"\(name)\"" + suggestion(for: name))
    }
    let count = nodes[Int(node)].outputDTypes.count
    guard port < count || nodes[Int(node)].signature == nil else {
      throw BNormError.invalid(
        "\(nodes[Int(node)].op) \"\(name)\" has \(count) outputs, there is no \"\(text)\"")
    }
    return ValueID(Int(node), port)
  }

  /// `; did you mean "…"?` with the closest of `names` or of the nodes' names, or nothing.
  public func suggestion(for name: String, among names: [String] = []) -> String {
    let closest =
      EditDistance.closest(to: name, among: names)
      ?? EditDistance.closest(to: name, among: nodes.lazy.map(\.name))
    guard let closest else { return "" }
    return "; did you mean \"\(closest)\"?"
  }

  public func label(_ node: Int) -> String { "\(nodes[node].op) \"\(nodes[node].name)\"" }
  public func label(_ value: ValueID) -> String {
    let name = nodes[Int(value.node)].name
    return value.port == 0 ? name : "\(name):\(value.port)"
  }
}

/// Names of tensors as graphs write them.
public enum InputName {
  /// `name` or `name:port` (also `^name`, whose port is -1).
  public static func split(_ text: some StringProtocol) throws -> (name: String, port: Int) {
    if text.hasPrefix("^") { return (String(text.dropFirst()), -1) }
    guard let colon = text.lastIndex(of: ":") else { return (String(text), 0) }
    guard let port = Int(text[text.index(after: colon)...]), port >= 0, port <= Int(Int32.max) else {
      throw BNormError.invalid("\"\(text)\" is no tensor name: expected name or name:port")
    }
    return (String(text[..<colon]), port)
  }
}

/// Finds the name that a mistyped one probably meant.
enum EditDistance {
  static func closest(to name: String, among names: some Sequence<String>) -> String? {
    let a = Array(name.utf8)
    var best: (distance: Int, name: String)?
    let limit = max(1, a.count / 3)
    var examined = 0
    for candidate in names {
      examined += 1
      if examined > 20_000 { break }
      guard abs(candidate.utf8.count - a.count) <= limit, a.count <= 256 else { continue }
      let d = distance(a, Array(candidate.utf8))
      if d <= limit, d < (best?.distance ?? .max) { best = (d, candidate) }
    }
    return best?.name
  }

  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for i in 0..<a.count {
      var previous = row[0]
      row[0] = i + 1
      for j in 0..<b.count {
        let cost = previous + (a[i] == b[j] ? 0 : 1)
        previous = row[j + 1]
        row[j + 1] = min(cost, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }
}
