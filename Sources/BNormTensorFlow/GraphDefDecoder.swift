import BNormCore
import BNormProto
import BNormTensor
import CTensorFlowProto

/// Makes a graph definition from the bytes of a `GraphDef`.
///
/// The outer message is walked by hand and one node or function is unpacked at a time, so that the
/// peak of memory is the weights and one node.
struct GraphDefDecoder {
  private let arena = UnpackArena()
  private let nodes: NodeDecoder
  private let pages: PageDropper
  private var graph = GraphDefinition()
  private var version = 0

  private init(budget: ImportBudget, pages: PageDropper) {
    nodes = NodeDecoder(arena: arena, budget: budget)
    self.pages = pages
  }

  static func decode(
    _ bytes: UnsafeRawBufferPointer, budget: ImportBudget = ImportBudget(),
    pages: PageDropper = PageDropper(nil)
  ) throws -> GraphDefinition {
    var decoder = GraphDefDecoder(budget: budget, pages: pages)
    return try decoder.run(bytes)
  }

  private mutating func run(_ bytes: UnsafeRawBufferPointer) throws -> GraphDefinition {
    var reader = WireReader(bytes)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .bytes(let node)): try decodeNode(node)
      case (2, .bytes(let library)): try decodeLibrary(library)
      case (3, .varint(let number)): version = Int(truncatingIfNeeded: number)
      case (4, .bytes(let versions)): try decodeVersions(versions)
      case (1...4, _):
        throw BNormError.invalid("malformed GraphDef: field \(field) has another type")
      default: break
      }
      if let start = bytes.baseAddress { pages.drop(upTo: start + reader.offset) }
    }
    if graph.producer == 0 { graph.producer = version }
    return graph
  }

  private mutating func decodeNode(_ bytes: UnsafeRawBufferPointer) throws {
    defer { arena.reset() }
    if try decodeDeferred(bytes) { return }
    let message = try arena.unpack("NodeDef", bytes, tensorflow__node_def__init)
    graph.nodes.append(try nodes.node(message))
  }

  /// A node with a large constant that stays in the file; false if it is none.
  private mutating func decodeDeferred(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
    guard let source = pages.source, let parts = DeferredConstant(bytes),
      let offset = pages.offset(of: parts.content.baseAddress),
      let tensor = try? parts.tensor(arena, source, offset: offset)
    else { return false }
    var node = try parts.node.withUnsafeBytes {
      try nodes.node(try arena.unpack("NodeDef", $0, tensorflow__node_def__init))
    }
    node.attributes["value"] = .tensor(tensor)
    graph.nodes.append(node)
    return true
  }

  private mutating func decodeLibrary(_ bytes: UnsafeRawBufferPointer) throws {
    var reader = WireReader(bytes)
    while let (field, value) = try reader.next() {
      guard case .bytes(let inner) = value else { continue }
      defer { arena.reset() }
      switch field {
      case 1:
        let message = try arena.unpack("FunctionDef", inner, tensorflow__function_def__init)
        if let function = try nodes.function(message) { graph.functions[function.name] = function }
      case 2:
        let message = try arena.unpack("GradientDef", inner, tensorflow__gradient_def__init)
        graph.gradients[String(cString: message.pointee.function_name)] =
          String(cString: message.pointee.gradient_func)
      default: break
      }
    }
  }

  private mutating func decodeVersions(_ bytes: UnsafeRawBufferPointer) throws {
    defer { arena.reset() }
    let message = try arena.unpack("VersionDef", bytes, tensorflow__version_def__init)
    graph.producer = Int(message.pointee.producer)
  }
}
