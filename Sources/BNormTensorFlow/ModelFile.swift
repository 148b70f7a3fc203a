import BNormCore
import BNormProto
import BNormTensor
import CTensorFlowProto
import Glibc

/// Files and folders that hold a graph: a binary or text `GraphDef`, a `MetaGraphDef` (`.meta`), or
/// a SavedModel, recognised by content.
public enum ModelFile {
  /// The tag of a SavedModel's graph for inference.
  public static let servingTag = "serve"

  /// Reads the graph alone.
  public static func readGraph(_ path: String) throws -> GraphDefinition {
    try readMetaGraph(path).graph
  }

  /// Reads a graph with its signatures; a plain `GraphDef` has none.
  ///
  /// - Parameters:
  ///   - path: A file, or the folder of a SavedModel.
  ///   - tags: Which of a SavedModel's graphs is meant; by default `serve`, or the only one.
  public static func readMetaGraph(
    _ path: String, tags: Set<String>? = nil
  ) throws -> MetaGraph {
    let file = isFolder(path) ? try savedModelFile(path) : path
    do {
      let mapped = try MappedFile(file)
      return try decode(mapped, tags: tags)
    } catch let error as BNormError {
      throw error.message.hasPrefix(file) ? error : error.prefixed(file)
    }
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  private static func savedModelFile(_ folder: String) throws -> String {
    for name in ["saved_model.pb", "saved_model.pbtxt"] where exists("\(folder)/\(name)") {
      return "\(folder)/\(name)"
    }
    throw BNormError.invalid(
      "\(folder) is a folder without saved_model.pb, so it is no SavedModel")
  }

  /// Reads the graph of a file that lies in memory.
  ///
  /// - Parameter budget: How much memory the constants may take beyond the bytes' own size.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer, tags: Set<String>? = nil,
    budget: ImportBudget = ImportBudget()
  ) throws -> MetaGraph {
    try decode(bytes, tags, budget, PageDropper(nil))
  }

  private static func decode(
    _ file: borrowing MappedFile, tags: Set<String>?
  ) throws -> MetaGraph {
    file.adviseSequential()
    return try decode(file.bytes, tags, ImportBudget(), PageDropper(file.bytes, source: file.source))
  }

  private static func decode(
    _ bytes: UnsafeRawBufferPointer, _ tags: Set<String>?, _ budget: ImportBudget,
    _ pages: PageDropper
  ) throws -> MetaGraph {
    switch FileKind(bytes) {
    case .empty: throw BNormError.invalid("the file is empty")
    case .other(let what): throw BNormError.invalid("not a graph, looks like \(what)")
    case .text:
      let kind = try MessageKind(text: bytes)
      return try kind.binary(bytes).withUnsafeBytes {
        try decode($0, kind, tags, budget, PageDropper(nil))
      }
    case .protobuf: return try decode(bytes, MessageKind(bytes), tags, budget, pages)
    }
  }

  private static func decode(
    _ bytes: UnsafeRawBufferPointer, _ kind: MessageKind, _ tags: Set<String>?,
    _ budget: ImportBudget, _ pages: PageDropper
  ) throws -> MetaGraph {
    switch kind {
    case .graph:
      var meta = MetaGraph()
      meta.graph = try GraphDefDecoder.decode(bytes, budget: budget, pages: pages)
      return meta
    case .metaGraph: return try MetaGraphDecoder.decode(bytes, budget: budget, pages: pages)
    case .savedModel:
      return try MetaGraphDecoder.decodeSavedModel(
        bytes, tags: tags, budget: budget, pages: pages)
    }
  }
}
