import BNormTensor

/// The part of a graph that one plan runs, open to rewriting: what simplification passes work on.
public struct PlanGraph {
  public enum Role: Sendable {
    /// Runs `operation`.
    case operation
    /// A fed value: `feeds[index]`.
    case feed(Int)
    /// A constant; the fact has the value.
    case constant
    /// `Switch` and `Merge` of TensorFlow 1 conditionals.
    case conditional(Conditional)
  }
  public enum Conditional: Sendable { case `switch`, merge }

  public struct Node {
    /// The name of the node in the graph; what a pass makes takes the name of what it replaces.
    public var name: String
    public var op: String
    public var operation: (any Operation)?
    public var role: Role
    public var inputs: [ValueID]
    public var controls: [Int32]
    public var outputs: [Fact]
    public var isStateful: Bool
    /// The node's number in the graph that it comes from.
    public var source: Int32
    /// The graph that `source` is a node of, when it is not the plan's own: an inlined function.
    public var origin: ObjectIdentifier?
  }

  public var nodes: [Node] = []
  public var fetches: [ValueID] = []
  public var targets: [Int32] = []

  public init() {}

  public subscript(_ i: Int) -> Node {
    _read { yield nodes[i] }
    _modify { yield &nodes[i] }
  }

  public func fact(_ value: ValueID) -> Fact { nodes[Int(value.node)].outputs[Int(value.port)] }
  public func constant(_ value: ValueID) -> Tensor? { fact(value).value }
  public func inputFacts(_ node: Int) -> [Fact] { nodes[node].inputs.map(fact) }

  /// The op type `T` of the node that makes `value`.
  public func producer<T: Operation>(_ value: ValueID, as type: T.Type = T.self) -> T? {
    nodes[Int(value.node)].operation as? T
  }

  /// Adds a node whose output facts follow from its inputs.
  public mutating func add(
    _ operation: any Operation, op: String, name: String, inputs: [ValueID], dtypes: [DType],
    source: Int32 = -1
  ) throws -> Int {
    let facts = inputs.map(fact)
    let shapes = try operation.infer(facts)
    nodes.append(
      Node(
        name: name, op: op, operation: operation, role: .operation, inputs: inputs, controls: [],
        outputs: dtypes.enumerated().map { Fact($1, shapes?[$0] ?? .unknown) }, isStateful: false,
        source: source))
    return nodes.count - 1
  }

  /// Adds a constant.
  public mutating func addConstant(_ tensor: Tensor, name: String) -> ValueID {
    nodes.append(
      Node(
        name: name, op: "Const", operation: nil, role: .constant, inputs: [], controls: [],
        outputs: [Fact(constant: tensor)], isStateful: false, source: -1))
    return ValueID(nodes.count - 1, 0)
  }

  /// For each node the nodes that read it, and how often each output is read; fetches count.
  public func uses() -> [ValueID: Int] {
    var out: [ValueID: Int] = [:]
    for node in nodes { for input in node.inputs { out[input, default: 0] += 1 } }
    for fetch in fetches { out[fetch, default: 0] += 1 }
    return out
  }

  /// Makes every reader of `old` read `new` instead.
  public mutating func replace(_ replacements: [ValueID: ValueID]) {
    guard !replacements.isEmpty else { return }
    // Where a chain of replacements leads is kept for all of its members.
    var ends: [ValueID: ValueID] = [:]
    func final(_ value: ValueID) -> ValueID {
      var chain: [ValueID] = []
      var v = value
      while let next = replacements[v], chain.count <= replacements.count {
        if let end = ends[v] {
          v = end
          break
        }
        chain.append(v)
        v = next
      }
      for member in chain { ends[member] = v }
      return v
    }
    for i in nodes.indices {
      for k in nodes[i].inputs.indices where replacements[nodes[i].inputs[k]] != nil {
        nodes[i].inputs[k] = final(nodes[i].inputs[k])
      }
    }
    for k in fetches.indices { fetches[k] = final(fetches[k]) }
  }

  /// The nodes that fetches and targets need, each after what it needs.
  public func order() -> [Int32] {
    var state = [UInt8](repeating: 0, count: nodes.count)
    var out: [Int32] = []
    out.reserveCapacity(nodes.count)
    var stack: [(node: Int32, next: Int)] = []
    func visit(_ root: Int32) {
      guard state[Int(root)] == 0 else { return }
      state[Int(root)] = 1
      stack.append((root, 0))
      while let top = stack.last {
        let inputs = nodes[Int(top.node)].inputs.count
        if top.next < inputs + nodes[Int(top.node)].controls.count {
          stack[stack.count - 1].next += 1
          let child =
            top.next < inputs
            ? nodes[Int(top.node)].inputs[top.next].node
            : nodes[Int(top.node)].controls[top.next - inputs]
          if state[Int(child)] == 0 {
            state[Int(child)] = 1
            stack.append((child, 0))
          }
        } else {
          out.append(top.node)
          stack.removeLast()
        }
      }
    }
    for fetch in fetches { visit(fetch.node) }
    for target in targets { visit(target) }
    return out
  }
}

/// A rewriting of a plan's graph: constant folding, fusion, recognition.
public protocol SimplifyPass: Sendable {
  /// The pass's name, for `inspect` and error messages.
  var name: String { get }
  func run(_ graph: inout PlanGraph) throws
}
