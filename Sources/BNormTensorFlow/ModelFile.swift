import BNormCore
import BNormTensor
import Glibc

/// Files that hold a graph.
public enum ModelFile {
  /// Reads the graph of a file: a binary or a text `GraphDef`, recognised by content.
  public static func readGraph(_ path: String) throws -> GraphDefinition {
    do {
      let file = try MappedFile(path)
      return try readGraph(file)
    } catch let error as BNormError {
      throw error.message.hasPrefix(path) ? error : error.prefixed(path)
    }
  }

  private static func readGraph(_ file: borrowing MappedFile) throws -> GraphDefinition {
    switch FileKind(file.bytes) {
    case .empty: throw BNormError.invalid("the file is empty")
    case .other(let what): throw BNormError.invalid("not a GraphDef, looks like \(what)")
    case .text: throw BNormError.unsupported("text GraphDef")
    case .protobuf: break
    }
    file.adviseSequential()
    let pages = PageDropper(start: file.bytes)
    return try GraphDefDecoder.decode(file.bytes) { pages.drop(upTo: $0) }
  }
}
