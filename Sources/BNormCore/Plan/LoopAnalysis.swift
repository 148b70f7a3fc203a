import BNormTensor

/// Orders the nodes of a region, each after what it needs, with each while loop (a frame of Enter
/// and Exit nodes) as one item.
struct LoopAnalysis {
  enum Item {
    case node(Int32)
    case loop(LoopFrame)
  }

  private struct Frame {
    var name: String
    var parent: Int
    var depth: Int
  }

  private let region: Region
  private let graph: Graph
  private let needed: [Int32]
  private let isNeeded: Set<Int32>
  private let given: Set<ValueID>
  /// Frame 0 is the region itself.
  private var frames = [Frame(name: "", parent: 0, depth: 0)]
  private var frameOf: [Int32: Int] = [:]

  private static let loopOps: Set<String> = [
    "Enter", "RefEnter", "Exit", "RefExit", "NextIteration", "RefNextIteration", "LoopCond",
  ]

  static func order(_ needed: [Int32], _ region: Region) throws -> [Item] {
    guard needed.contains(where: { loopOps.contains(region.graph.nodes[Int($0)].op) }) else {
      return needed.map { .node($0) }
    }
    var analysis = LoopAnalysis(needed, region)
    try analysis.findFrames()
    return try analysis.items()
  }

  private init(_ needed: [Int32], _ region: Region) {
    self.needed = needed
    self.region = region
    graph = region.graph
    isNeeded = Set(needed)
    given = Set(region.feeds)
  }

  /// The needed nodes that `node` waits for, except the turn before.
  private func sources(_ index: Int32) -> [Int32] {
    let node = graph.nodes[Int(index)]
    let isMerge = node.op == "Merge" || node.op == "RefMerge"
    var out: [Int32] = []
    for input in node.inputs {
      var value = input
      while let alias = region.aliases[value] { value = alias }
      let source = graph.nodes[Int(value.node)].op
      if isMerge, source == "NextIteration" || source == "RefNextIteration" { continue }
      if isNeeded.contains(value.node), !given.contains(value) { out.append(value.node) }
    }
    return out + node.controls.filter { isNeeded.contains($0) }
  }

  /// The needed nodes, each after its sources.
  private func topological() -> [Int32] {
    var pending: [Int32: Int] = [:]
    var readers: [Int32: [Int32]] = [:]
    var ready: [Int32] = []
    for node in needed {
      let sources = sources(node)
      pending[node] = sources.count
      for source in sources { readers[source, default: []].append(node) }
      if sources.isEmpty { ready.append(node) }
    }
    var out: [Int32] = []
    var next = 0
    while next < ready.count {
      let node = ready[next]
      next += 1
      out.append(node)
      for reader in readers[node] ?? [] {
        pending[reader]! -= 1
        if pending[reader] == 0 { ready.append(reader) }
      }
    }
    return out
  }

  // MARK: Frames

  private func isEnter(_ node: Int32) -> Bool { graph.nodes[Int(node)].op.hasSuffix("Enter") }
  private func isExit(_ node: Int32) -> Bool { graph.nodes[Int(node)].op.hasSuffix("Exit") }

  private mutating func findFrames() throws {
    let order = topological()
    guard order.count == needed.count else {
      throw BNormError.invalid("the graph has a cycle that is no while loop")
    }
    var known: [String: Int] = [:]
    for index in order {
      let node = graph.nodes[Int(index)]
      var frame = 0
      var witness: Int32?
      for source in sources(index) {
        let from = isExit(source) ? frames[frameOf[source]!].parent : frameOf[source]!
        guard let other = witness, from != frame else {
          frame = from
          witness = source
          continue
        }
        throw BNormError.invalid(
          "\(graph.label(Int(index))) has inputs from different frames: "
            + "\"\(graph.nodes[Int(other)].name)\" is in frame \"\(frames[frame].name)\", "
            + "\"\(graph.nodes[Int(source)].name)\" is in frame \"\(frames[from].name)\"")
      }
      if LoopAnalysis.loopOps.contains(node.op) {
        frame = try place(index, node, in: frame, &known)
      }
      frameOf[index] = frame
    }
    try checkBackEdges()
  }

  private mutating func place(
    _ index: Int32, _ node: Node, in frame: Int, _ known: inout [String: Int]
  ) throws -> Int {
    guard isEnter(index) else {
      guard frame != 0 || node.op == "LoopCond" else {
        throw BNormError.invalid("\(graph.label(Int(index))) is outside of any while loop's frame")
      }
      return frame
    }
    guard case .string(let bytes)? = node.attributes["frame_name"] else {
      throw BNormError.invalid("\(graph.label(Int(index))): attribute frame_name (string) is missing")
    }
    let name = bytes.string
    let key = "\(frame)/\(name)"
    if let found = known[key] { return found }
    frames.append(Frame(name: name, parent: frame, depth: frames[frame].depth + 1))
    known[key] = frames.count - 1
    return frames.count - 1
  }

  private func checkBackEdges() throws {
    for index in needed where ["Merge", "RefMerge"].contains(graph.nodes[Int(index)].op) {
      for input in graph.nodes[Int(index)].inputs
      where graph.nodes[Int(input.node)].op.hasSuffix("NextIteration") {
        guard isNeeded.contains(input.node) else { continue }
        guard frameOf[input.node] == frameOf[index] else {
          throw BNormError.invalid(
            "\(graph.label(Int(index))) is in frame \"\(frames[frameOf[index]!].name)\", but "
              + "\(graph.label(Int(input.node))) is in \"\(frames[frameOf[input.node]!].name)\"")
        }
      }
    }
  }

  /// The outermost frame around `node`; 0 outside of loops.
  private func topFrame(_ node: Int32) -> Int {
    var frame = frameOf[node]!
    while frames[frame].depth > 1 { frame = frames[frame].parent }
    return frame
  }

  /// The frame around `node` whose parent is `frame`; nil for a node of `frame` itself.
  private func child(of frame: Int, around node: Int32) -> Int? {
    var inner = frameOf[node]!
    while inner != frame, frames[inner].parent != frame { inner = frames[inner].parent }
    return inner == frame ? nil : inner
  }

  // MARK: Items

  private func items() throws -> [Item] {
    var members: [Int: [Int32]] = [:]
    let order = topological()
    for node in order {
      let top = topFrame(node)
      if top != 0 { members[top, default: []].append(node) }
    }
    var out: [Item] = []
    var done = Set<Int32>()
    var doneLoops = Set<Int>()
    // Nodes by topological order; a loop as soon as somebody reads one of its exits, when all that
    // enters it has run, since its Enters come before its Exits in that order.
    var waiting: [Int32] = order.filter { topFrame($0) == 0 }
    var loops = members.keys.sorted()
    while !waiting.isEmpty || !loops.isEmpty {
      let before = out.count
      waiting.removeAll { node in
        for source in sources(node) {
          let top = topFrame(source)
          guard top == 0 ? done.contains(source) : doneLoops.contains(top) else { return false }
        }
        out.append(.node(node))
        done.insert(node)
        return true
      }
      for loop in loops {
        let entries = members[loop]!.filter { isEnter($0) && frameOf[$0] == loop }
        let isReady = entries.allSatisfy { entry in
          sources(entry).allSatisfy { source in
            let top = topFrame(source)
            return top == 0 ? done.contains(source) : doneLoops.contains(top)
          }
        }
        guard isReady else { continue }
        let frame = try LoopFrame(
          frames[loop].name, graph, region, members[loop]!,
          unit: { self.child(of: loop, around: $0) })
        out.append(.loop(frame))
        doneLoops.insert(loop)
        loops.removeAll { $0 == loop }
      }
      guard out.count > before else {
        throw BNormError.invalid("the while loops of the graph wait for each other")
      }
    }
    return out
  }
}
