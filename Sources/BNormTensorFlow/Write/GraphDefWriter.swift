import BNormCore
import BNormProto
import BNormTensor
import Glibc

/// Writes graphs as binary `GraphDef` files, which TensorFlow can import.
public enum GraphDefWriter {
  /// Writes a file, one node at a time.
  public static func write(_ graph: GraphDefinition, _ path: String) throws {
    do {
      let temporary = path + ".part"
      let output = try OutputFile(temporary)
      try encode(graph) { try output.write($0) }
      try output.close()
      guard rename(temporary, path) == 0 else {
        throw BNormError.invalid("the file cannot be written: \(String(cString: strerror(errno)))")
      }
    } catch let error as BNormError { throw error.prefixed(path) }
  }

  /// The bytes of the file.
  public static func encode(_ graph: GraphDefinition) throws -> [UInt8] {
    var out: [UInt8] = []
    try encode(graph) { out += $0 }
    return out
  }

  private static func encode(_ graph: GraphDefinition, _ body: ([UInt8]) throws -> Void) throws {
    for node in graph.nodes {
      var writer = WireWriter()
      try writer.message(1) { try NodeEncoder.encode(node, &$0) }
      for case .tensor(let tensor) in node.attributes.values {
        if let failure = tensor.storage.failure { throw failure }
      }
      try body(writer.bytes)
    }
    var writer = WireWriter()
    if !graph.functions.isEmpty || !graph.gradients.isEmpty {
      try writer.message(2) { library in
        for (_, function) in graph.functions.sorted(by: { $0.key < $1.key }) {
          try library.message(1) { try FunctionEncoder.encode(function, &$0) }
        }
        for (function, gradient) in graph.gradients.sorted(by: { $0.key < $1.key }) {
          library.message(2) {
            $0.string(1, function)
            $0.string(2, gradient)
          }
        }
      }
    }
    writer.message(4) { if graph.producer != 0 { $0.integer(1, graph.producer) } }
    try body(writer.bytes)
  }
}
