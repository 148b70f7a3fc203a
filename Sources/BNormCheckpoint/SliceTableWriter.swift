import BNormProto
import BNormTensor
import Glibc

/// Writes a checkpoint of the first format: one table of serialised slices.
public final class SliceTableWriter: CheckpointWriter {
  private struct Parts {
    var dtype: DType
    var shape: Shape
    var slices: [TensorSlice]
  }

  private let path: String
  private var tensors: [String: Parts] = [:]
  private var values: [[UInt8]: [UInt8]] = [:]

  /// The file appears when `finish` is called.
  public init(_ path: String) { self.path = path }

  public func add(_ name: String, _ tensor: Tensor) throws {
    try add(name, tensor, slice: TensorSlice(fullRank: tensor.rank), of: tensor.shape)
  }

  public func add(_ name: String, _ tensor: Tensor, slice: TensorSlice, of shape: Shape) throws {
    let box = try slice.box(in: shape)
    guard box.map(\.count) == tensor.shape.dimensions else {
      throw BNormError.invalid(
        "tensor \"\(name)\": slice \(slice) of shape \(shape) cannot be of shape \(tensor.shape)")
    }
    var parts = tensors[name] ?? Parts(dtype: tensor.dtype, shape: shape, slices: [])
    guard parts.dtype == tensor.dtype, parts.shape == shape, !parts.slices.contains(slice) else {
      throw BNormError.invalid("tensor \"\(name)\" is saved twice, or in parts that do not fit")
    }
    parts.slices.append(slice)
    tensors[name] = parts
    var writer = WireWriter()
    try writer.message(2) { saved in
      saved.string(1, name)
      saved.message(2) { slice.encode(&$0) }
      try saved.message(3) { try TensorProtoEncoder.encodeValues(tensor, &$0) }
    }
    values[OrderedKey.encode(name: name, slice: slice)] = writer.bytes
  }

  public func finish() throws {
    var meta = WireWriter()
    meta.message(1) { meta in
      for (name, parts) in tensors.sorted(by: { $0.key < $1.key }) {
        meta.message(1) { tensor in
          tensor.string(1, name)
          tensor.message(2) { ShapeEncoder.encode(parts.shape.dimensions, &$0) }
          tensor.integer(3, Int(parts.dtype.rawValue))
          for slice in parts.slices { tensor.message(4) { slice.encode(&$0) } }
        }
      }
      meta.message(2) { $0.integer(1, 1) }
    }
    let temporary = path + ".part"
    let table = TableWriter(try OutputFile(temporary))
    try table.add([], meta.bytes)
    for (key, value) in values.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      try table.add(key, value)
    }
    try table.finish()
    guard rename(temporary, path) == 0 else {
      throw BNormError.invalid("\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
  }
}
