import BNormCore
import BNormProto
import BNormTensor
import CTensorFlowProto

/// Makes meta graphs from the bytes of a `MetaGraphDef` or a `SavedModel`.
struct MetaGraphDecoder {
  private let arena = UnpackArena()
  private let budget: ImportBudget
  private let pages: PageDropper
  private var meta = MetaGraph()

  private init(budget: ImportBudget, pages: PageDropper) {
    self.budget = budget
    self.pages = pages
  }

  static func decode(
    _ bytes: UnsafeRawBufferPointer, budget: ImportBudget = ImportBudget(),
    pages: PageDropper = PageDropper(nil)
  ) throws -> MetaGraph {
    var decoder = MetaGraphDecoder(budget: budget, pages: pages)
    try decoder.run(bytes)
    return decoder.meta
  }

  /// The meta graph of a `SavedModel` that has exactly the tags `tags`; by default the one for
  /// serving, or the only one.
  static func decodeSavedModel(
    _ bytes: UnsafeRawBufferPointer, tags: Set<String>?, budget: ImportBudget = ImportBudget(),
    pages: PageDropper = PageDropper(nil)
  ) throws -> MetaGraph {
    var reader = WireReader(bytes)
    var found: [(tags: Set<String>, bytes: UnsafeRawBufferPointer)] = []
    while let (field, value) = try reader.next() {
      guard field == 2, case .bytes(let inner) = value else { continue }
      found.append((try self.tags(inner), inner))
    }
    let wanted = tags ?? [ModelFile.servingTag]
    if let match = found.first(where: { $0.tags == wanted })
      ?? (tags == nil && found.count == 1 ? found[0] : nil)
    {
      return try decode(match.bytes, budget: budget, pages: pages)
    }
    let list = found.map { "{" + $0.tags.sorted().joined(separator: ", ") + "}" }
    throw BNormError.invalid(
      "no graph has the tags {\(wanted.sorted().joined(separator: ", "))}; there are "
        + (list.isEmpty ? "no graphs" : list.joined(separator: " and ")))
  }

  private static func tags(_ bytes: UnsafeRawBufferPointer) throws -> Set<String> {
    var reader = WireReader(bytes)
    while let (field, value) = try reader.next() {
      guard field == 1, case .bytes(let inner) = value else { continue }
      let arena = UnpackArena()
      let info = try arena.unpack(
        "MetaInfoDef", inner, tensorflow__meta_graph_def__meta_info_def__init)
      return Set((0..<info.pointee.n_tags).map { String(cString: info.pointee.tags[$0]!) })
    }
    return []
  }

  private mutating func run(_ bytes: UnsafeRawBufferPointer) throws {
    var reader = WireReader(bytes)
    while let (field, value) = try reader.next() {
      guard case .bytes(let inner) = value else { continue }
      defer { arena.reset() }
      switch field {
      case 1: try info(inner)
      case 2: meta.graph = try GraphDefDecoder.decode(inner, budget: budget, pages: pages)
      case 3: try saver(inner)
      case 4: try collection(inner)
      case 5: try signature(inner)
      case 6: try asset(inner)
      default: break
      }
    }
  }

  private mutating func info(_ bytes: UnsafeRawBufferPointer) throws {
    let info = try arena.unpack(
      "MetaInfoDef", bytes, tensorflow__meta_graph_def__meta_info_def__init)
    meta.tags = (0..<info.pointee.n_tags).map { String(cString: info.pointee.tags[$0]!) }
    meta.tensorFlowVersion = String(cString: info.pointee.tensorflow_version)
  }

  private mutating func saver(_ bytes: UnsafeRawBufferPointer) throws {
    let saver = try arena.unpack("SaverDef", bytes, tensorflow__saver_def__init)
    meta.saver = MetaGraph.Saver(
      filenameTensor: String(cString: saver.pointee.filename_tensor_name),
      saveTensor: String(cString: saver.pointee.save_tensor_name),
      restoreOp: String(cString: saver.pointee.restore_op_name))
  }

  private mutating func collection(_ bytes: UnsafeRawBufferPointer) throws {
    try assetCollection(bytes)
    let entry = try arena.unpack(
      "CollectionDef", bytes, tensorflow__meta_graph_def__collection_def_entry__init)
    guard let value = entry.pointee.value,
      value.pointee.kind_case == TENSORFLOW__COLLECTION_DEF__KIND_NODE_LIST,
      let list = value.pointee.node_list
    else { return }
    meta.collections[String(cString: entry.pointee.key)] =
      (0..<list.pointee.n_value).map { String(cString: list.pointee.value[$0]!) }
  }

  private mutating func asset(_ bytes: UnsafeRawBufferPointer) throws {
    let asset = try arena.unpack("AssetFileDef", bytes, tensorflow__asset_file_def__init)
    guard let info = asset.pointee.tensor_info, let tensor = try tensor(info),
      !meta.assets.contains(where: { $0.tensor == tensor.name })
    else { return }
    meta.assets.append(
      MetaGraph.Asset(tensor: tensor.name, filename: String(cString: asset.pointee.filename)))
  }

  /// Old SavedModels list their assets in a collection, as messages of any type.
  private mutating func assetCollection(_ bytes: UnsafeRawBufferPointer) throws {
    var entry = WireReader(bytes)
    var isAssets = false
    while let (field, value) = try entry.next() {
      guard case .bytes(let inner) = value else { continue }
      if field == 1 {
        isAssets = inner.elementsEqual("saved_model_assets".utf8)
      } else if field == 2, isAssets {
        for list in try MetaGraphDecoder.messages(5, of: inner) {
          for any in try MetaGraphDecoder.messages(1, of: list) {
            for file in try MetaGraphDecoder.messages(2, of: any) { try asset(file) }
          }
        }
      }
    }
  }

  private static func messages(
    _ wanted: Int, of bytes: UnsafeRawBufferPointer
  ) throws -> [UnsafeRawBufferPointer] {
    var reader = WireReader(bytes)
    var out: [UnsafeRawBufferPointer] = []
    while let (field, value) = try reader.next() {
      if field == wanted, case .bytes(let inner) = value { out.append(inner) }
    }
    return out
  }

  private mutating func signature(_ bytes: UnsafeRawBufferPointer) throws {
    let entry = try arena.unpack(
      "SignatureDef", bytes, tensorflow__meta_graph_def__signature_def_entry__init)
    guard let m = entry.pointee.value?.pointee else { return }
    var signature = MetaGraph.Signature(methodName: String(cString: m.method_name))
    for i in 0..<m.n_inputs {
      guard let input = m.inputs[i], let info = input.pointee.value else { continue }
      signature.inputs[String(cString: input.pointee.key)] = try tensor(info)
    }
    for i in 0..<m.n_outputs {
      guard let output = m.outputs[i], let info = output.pointee.value else { continue }
      signature.outputs[String(cString: output.pointee.key)] = try tensor(info)
    }
    let tensors = TensorProtoDecoder(arena: arena, budget: budget)
    for i in 0..<m.n_defaults {
      guard let value = m.defaults[i], let proto = value.pointee.value else { continue }
      signature.defaults[String(cString: value.pointee.key)] = try tensors.decode(proto)
    }
    meta.signatures[String(cString: entry.pointee.key)] = signature
  }

  /// nil for a sparse or composite tensor, which has several names.
  private func tensor(_ message: UnsafeMutablePointer<Tensorflow__TensorInfo>) throws
    -> MetaGraph.SignatureTensor?
  {
    guard message.pointee.encoding_case == TENSORFLOW__TENSOR_INFO__ENCODING_NAME else {
      return nil
    }
    return MetaGraph.SignatureTensor(
      name: String(cString: message.pointee.name),
      dtype: AttributeValue.type(Int(message.pointee.dtype.rawValue)).asDType,
      shape: try message.pointee.tensor_shape.map { try ShapeDecoder.partialShape($0) } ?? .unknown)
  }
}
