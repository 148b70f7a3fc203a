import BNormProto
import BNormTensor
import Glibc

/// Writes a tensor bundle of one shard that TensorFlow can read.
public final class BundleWriter {
  private let prefix: String
  private let data: OutputFile
  private var index: [[UInt8]: [UInt8]] = [:]
  /// Tensors that are stored in parts.
  private var sliced: [String: (dtype: DType, shape: Shape, slices: [TensorSlice])] = [:]

  /// Files appear under `prefix` when `finish` is called.
  public init(_ prefix: String) throws {
    self.prefix = prefix
    data = try OutputFile(BundleWriter.temporary(BundleFile.shard(prefix, 0, of: 1)))
  }

  private static func temporary(_ path: String) -> String { path + ".part" }

  /// Adds a whole tensor.
  public func add(_ name: String, _ tensor: Tensor) throws {
    try append(Array(name.utf8), tensor, name)
  }

  /// Adds a part of a tensor of shape `shape`.
  public func add(_ name: String, _ tensor: Tensor, slice: TensorSlice, of shape: Shape) throws {
    let box = try slice.box(in: shape)
    guard box.map(\.count) == tensor.shape.dimensions else {
      throw BNormError.invalid(
        "tensor \"\(name)\": slice \(slice) of shape \(shape) cannot be of shape \(tensor.shape)")
    }
    var known = sliced[name] ?? (tensor.dtype, shape, [])
    guard known.dtype == tensor.dtype, known.shape == shape else {
      throw BNormError.invalid(
        "tensor \"\(name)\": a slice of \(tensor.dtype.name) \(shape) follows one of "
          + "\(known.dtype.name) \(known.shape)")
    }
    known.slices.append(slice)
    sliced[name] = known
    try append(OrderedKey.encode(name: name, slice: slice), tensor, name)
  }

  private func append(_ key: [UInt8], _ tensor: Tensor, _ name: String) throws {
    guard !key.isEmpty, index[key] == nil else {
      throw BNormError.invalid("tensor \"\(name)\" is saved twice, or has no name")
    }
    let offset = data.offset
    let checksum: UInt32
    switch tensor.dtype {
    case .string:
      let (bytes, sum) = BundleStrings.encode(tensor.strings)
      try data.write(bytes)
      checksum = sum
    case .resource, .variant:
      throw BNormError.unsupported("saving the \(tensor.dtype.name) tensor \"\(name)\"")
    default:
      let bytes = UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.byteCount)
      try data.write(bytes)
      checksum = Checksum.masked(bytes)
    }
    index[key] = BundleEntry(
      dtype: tensor.dtype, shape: tensor.shape, offset: offset, size: data.offset - offset,
      checksum: checksum
    ).encoded
  }

  /// Writes the index and gives the files their names.
  public func finish() throws {
    try data.close()
    for (name, parts) in sliced {
      guard index[Array(name.utf8)] == nil else {
        throw BNormError.invalid("tensor \"\(name)\" is saved whole and in slices")
      }
      index[Array(name.utf8)] =
        BundleEntry(dtype: parts.dtype, shape: parts.shape, slices: parts.slices).encoded
    }
    let path = BundleFile.index(prefix)
    try BundleIndex.write(index, shardCount: 1, BundleWriter.temporary(path))
    for path in [BundleFile.shard(prefix, 0, of: 1), path] {
      guard rename(BundleWriter.temporary(path), path) == 0 else {
        throw BNormError.invalid("\(path) cannot be written: \(String(cString: strerror(errno)))")
      }
    }
  }
}

/// What a bundle's index says of a tensor or slice.
struct BundleEntry {
  var dtype: DType
  var shape: Shape
  var shard = 0
  var offset = 0
  var size = 0
  var checksum: UInt32 = 0
  var slices: [TensorSlice] = []

  var encoded: [UInt8] {
    var writer = WireWriter()
    writer.integer(1, Int(dtype.rawValue))
    writer.message(2) { shape in
      for size in self.shape.dimensions { shape.message(2) { if size != 0 { $0.integer(1, size) } } }
    }
    if shard != 0 { writer.integer(3, shard) }
    if offset != 0 { writer.integer(4, offset) }
    if size != 0 { writer.integer(5, size) }
    if checksum != 0 { writer.fixed32(6, checksum) }
    for slice in slices {
      writer.message(7) { message in
        for extent in slice.extents {
          message.message(1) {
            if extent.start != 0 { $0.integer(1, extent.start) }
            if let length = extent.length { $0.integer(2, length) }
          }
        }
      }
    }
    return writer.bytes
  }
}

/// The index table of a bundle.
enum BundleIndex {
  static func write(_ entries: [[UInt8]: [UInt8]], shardCount: Int, _ path: String) throws {
    let table = TableWriter(try OutputFile(path))
    var header = WireWriter()
    header.integer(1, shardCount)
    header.message(3) { $0.integer(1, 1) }
    try table.add([], header.bytes)
    for (key, value) in entries.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      try table.add(key, value)
    }
    try table.finish()
  }
}
