import BNormProto
import BNormTensor
import CTensorFlowProto

/// Reads checkpoints of the first format: tables of serialised slices.
final class SliceTableReader: CheckpointFormat, @unchecked Sendable {
  let entries: [String: CheckpointReader.Entry]
  private let tables: [TableReader]

  init(_ paths: [String]) throws {
    var entries: [String: CheckpointReader.Entry] = [:]
    tables = try paths.map { try TableReader($0) }
    for table in tables {
      let found: Void? = try table.find([]) { value in
        try SliceTableReader.read(value) { name, entry in
          let before = entries[name]?.slices ?? []
          entries[name] = CheckpointReader.Entry(
            dtypeNumber: entry.dtypeNumber, shape: entry.shape, slices: before + entry.slices)
        }
      }
      guard found != nil else { throw BNormError.invalid("the table has no list of tensors") }
    }
    self.entries = entries
  }

  private static func read(
    _ value: UnsafeRawBufferPointer, _ body: (String, CheckpointReader.Entry) -> Void
  ) throws {
    let arena = UnpackArena()
    let message = try arena.unpack(
      "SavedTensorSlices", value, tensorflow__saved_tensor_slices__init)
    guard let meta = message.pointee.meta?.pointee else { return }
    for i in 0..<meta.n_tensor {
      guard let m = meta.tensor[i]?.pointee else { continue }
      body(
        String(cString: m.name),
        CheckpointReader.Entry(
          dtypeNumber: Int(m.type.rawValue), shape: try ShapeDecoder.shape(m.shape),
          slices: (0..<m.n_slice).map { TensorSlice(m.slice[$0]!.pointee) }))
    }
  }

  func read(_ name: String, _ entry: CheckpointReader.Entry, slice: TensorSlice?) throws -> Tensor {
    guard let dtype = entry.dtype, dtype == .string || dtype.isPlain else {
      throw BNormError.unsupported("a tensor of dtype number \(entry.dtypeNumber)")
    }
    return try assemble(entry, dtype, slice) { stored, shape in
      let key = OrderedKey.encode(name: name, slice: stored)
      for table in self.tables {
        if let found = try table.find(key, { try SliceTableReader.tensor($0, dtype, shape) }) {
          return found
        }
      }
      throw BNormError.invalid("the table lacks a slice that it declares")
    }
  }

  private static func tensor(
    _ value: UnsafeRawBufferPointer, _ dtype: DType, _ shape: Shape
  ) throws -> Tensor {
    let arena = UnpackArena()
    let message = try arena.unpack(
      "SavedTensorSlices", value, tensorflow__saved_tensor_slices__init)
    guard let data = message.pointee.data?.pointee.data else {
      throw BNormError.invalid("a slice without data")
    }
    return try TensorProtoDecoder(arena: arena).decode(data, dtype: dtype, shape: shape)
  }
}
