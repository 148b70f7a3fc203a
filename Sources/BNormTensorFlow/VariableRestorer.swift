import BNormCheckpoint
import BNormCore
import BNormProto
import BNormTensor
import CTensorFlowProto

/// Adds nodes to a graph that give its variables their values from a checkpoint, for graphs that
/// come without such nodes of their own.
enum VariableRestorer {
  private static let scope = "bnorm_restore"
  private static let objectGraphKey = "_CHECKPOINTABLE_OBJECT_GRAPH"

  private struct Assignment {
    var node: NodeDefinition
    var key: String
    var type: Int
  }

  /// The node to run, or nil if the graph has no variables. Every variable must be in the
  /// checkpoint.
  ///
  /// - Parameter other: A call that restores the variables that it is given. TensorFlow 2 writes
  ///   graphs in which functions capture others, which its loader finds by their names.
  static func add(
    to graph: inout GraphDefinition, from prefix: String, besides other: String? = nil
  ) throws -> String? {
    var variables = graph.nodes.filter { ops.contains($0.op) }
    if let other {
      guard let call = graph.nodes.first(where: { $0.name == other }),
        call.op.hasSuffix("PartitionedCall")
      else { return nil }
      let restored = Set(call.inputs)
      variables.removeAll { restored.contains($0.name) }
    }
    guard !variables.isEmpty else { return nil }
    let reader = try CheckpointReader(prefix)
    let keys = try objectKeys(reader)
    let assignments = try variables.compactMap { node -> Assignment? in
      guard let type = node.attributes["dtype"], case .type(let number) = type else { return nil }
      var names = [node.name]
      if let shared = node.attributes["shared_name"]?.asBytes, !shared.isEmpty {
        names.insert(shared.string, at: 0)
      }
      for name in names {
        if reader.entry(name) != nil { return Assignment(node: node, key: name, type: number) }
        if let key = keys[name] { return Assignment(node: node, key: key, type: number) }
      }
      if other != nil { return nil }
      throw BNormError.invalid("checkpoint \(prefix) has no value for variable \"\(node.name)\"")
    }
    guard !assignments.isEmpty else { return nil }
    let names = Set(graph.nodes.map(\.name))
    var scope = scope
    while names.contains(where: { $0 == scope || $0.hasPrefix(scope + "/") }) { scope += "_" }
    graph.nodes += nodes(assignments, scope, prefix)
    return scope
  }

  private static let ops: Set<String> = ["Variable", "VariableV2", "VarHandleOp"]

  private static func nodes(
    _ assignments: [Assignment], _ scope: String, _ prefix: String
  ) -> [NodeDefinition] {
    let count: Shape = [assignments.count]
    var out = [
      constant("\(scope)/prefix", [ByteString(prefix)], .scalar),
      constant("\(scope)/names", assignments.map { ByteString($0.key) }, count),
      constant("\(scope)/slices", assignments.map { _ in ByteString.empty }, count),
      NodeDefinition(
        name: "\(scope)/tensors", op: "RestoreV2",
        inputs: ["\(scope)/prefix", "\(scope)/names", "\(scope)/slices"],
        attributes: ["dtypes": .list(assignments.map { .type($0.type) })]),
    ]
    var controls: [String] = []
    for (i, assignment) in assignments.enumerated() {
      let isResource = assignment.node.op == "VarHandleOp"
      let name = "\(scope)/assign_\(i)"
      out.append(
        NodeDefinition(
          name: name, op: isResource ? "AssignVariableOp" : "Assign",
          inputs: [assignment.node.name, "\(scope)/tensors:\(i)"],
          attributes: [isResource ? "dtype" : "T": .type(assignment.type)]))
      controls.append("^" + name)
    }
    out.append(NodeDefinition(name: scope, op: "NoOp", inputs: controls))
    return out
  }

  private static func constant(
    _ name: String, _ strings: [ByteString], _ shape: Shape
  ) -> NodeDefinition {
    NodeDefinition(
      name: name, op: "Const",
      attributes: [
        "dtype": .type(Int(DType.string.rawValue)),
        "value": .tensor(Tensor(strings: strings, shape: shape)),
      ])
  }

  /// Variable name → checkpoint key, from a checkpoint that stores objects.
  private static func objectKeys(_ reader: CheckpointReader) throws -> [String: String] {
    guard reader.entry(objectGraphKey) != nil,
      let text = try reader.read(objectGraphKey).strings.first
    else { return [:] }
    var out: [String: String] = [:]
    let arena = UnpackArena()
    try text.bytes.withUnsafeBytes { bytes in
      let graph = try arena.unpack(
        "TrackableObjectGraph", bytes, tensorflow__trackable_object_graph__init)
      for i in 0..<graph.pointee.n_nodes {
        guard let object = graph.pointee.nodes[i]?.pointee else { continue }
        for k in 0..<object.n_attributes {
          guard let m = object.attributes[k]?.pointee else { continue }
          let name = String(cString: m.full_name)
          if !name.isEmpty { out[name] = String(cString: m.checkpoint_key) }
        }
      }
    }
    return out
  }
}
