import BNormTensor

/// Finds the ops that bnorm lacks in what is to run, functions' bodies included.
struct MissingOps {
  private var missing: [String: (first: String, count: Int)] = [:]
  private var seen: Set<ObjectIdentifier> = []
  private var pending: [Region] = []

  /// Throws one error that names all missing ops.
  static func check(_ region: Region) throws {
    var search = MissingOps()
    // Functions may call each other deeper than a stack is high.
    search.pending = [region]
    while let next = search.pending.popLast() { try search.look(at: next) }
    guard !search.missing.isEmpty else { return }
    let list = search.missing.sorted { $0.key < $1.key }.map { op, use in
      use.count == 1
        ? "\(op) (node \"\(use.first)\")" : "\(op) (\(use.count) nodes, first \"\(use.first)\")"
    }
    throw BNormError.unsupported(
      "the graph needs ops that bnorm lacks: " + list.joined(separator: ", "))
  }

  private mutating func look(at region: Region) throws {
    for index in region.neededNodes() {
      let node = region.graph.nodes[Int(index)]
      guard let operation = node.operation else {
        missing[node.op, default: (node.name, 0)].count += 1
        continue
      }
      guard let functional = operation as? any FunctionalOperation else { continue }
      for function in functional.functions {
        do {
          let body = try region.graph.functions.body(function)
          if seen.insert(ObjectIdentifier(body)).inserted { pending.append(body.bodyRegion()) }
        } catch let error as BNormError {
          throw error.prefixed(region.graph.label(Int(index)))
        }
      }
    }
  }
}
