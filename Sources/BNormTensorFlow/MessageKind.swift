import BNormProto
import BNormTensor
import CTensorFlowProto

/// Which of TensorFlow's messages a file holds.
enum MessageKind {
  case graph
  case metaGraph
  case savedModel

  /// The kind of a binary file. Its fields have no names, so that numbers and types must do.
  init(_ bytes: UnsafeRawBufferPointer) throws {
    var reader = WireReader(bytes)
    var isFirst = true
    while let (field, value) = try? reader.next() {
      defer { isFirst = false }
      switch (field, value) {
      case (1, .varint):
        // A graph's first field is a node; an ONNX model begins with a version as well.
        guard isFirst, case (2, .bytes(let inner))? = try? reader.next(), inner.first == 0x0a else {
          throw BNormError.invalid("not a graph, looks like an ONNX model or another protobuf")
        }
        self = .savedModel
        return
      case (3, .bytes), (6, .bytes), (7, .bytes):
        self = .metaGraph
        return
      case (4, .bytes(let inner)) where inner.first == 0x0a:
        self = .metaGraph
        return
      default: break
      }
    }
    self = .graph
  }

  /// The kind of a text file, by the name of its first field.
  init(text: UnsafeRawBufferPointer) throws {
    switch TextFormat.firstField(text) {
    case "node", "library", "version", "versions", "debug_info": self = .graph
    case "meta_info_def", "graph_def", "saver_def", "collection_def", "signature_def",
      "asset_file_def", "object_graph_def":
      self = .metaGraph
    case "saved_model_schema_version", "meta_graphs": self = .savedModel
    default: throw BNormError.invalid("not a graph, looks like a text file")
    }
  }

  /// The binary form of a text file of this kind.
  func binary(_ text: UnsafeRawBufferPointer) throws -> [UInt8] {
    switch self {
    case .graph: try TextFormat.encode(text, tensorflow__graph_def__init)
    case .metaGraph: try TextFormat.encode(text, tensorflow__meta_graph_def__init)
    case .savedModel: try TextFormat.encode(text, tensorflow__saved_model__init)
    }
  }
}
