import BNormTensor
import Glibc

/// Writes a tensor bundle of one shard that TensorFlow can read.
public final class BundleWriter: CheckpointWriter {
  private let prefix: String
  private let data: OutputFile
  private var index: [[UInt8]: [UInt8]] = [:]
  /// Tensors that are stored in parts.
  private var sliced: [String: (dtype: DType, shape: Shape, slices: [TensorSlice])] = [:]

  /// Files appear under `prefix` when `finish` is called.
  public init(_ prefix: String) throws {
    self.prefix = prefix
    // Savers write their parts into a folder of their own, and leave making it to the writer.
    if let slash = prefix.lastIndex(of: "/"), slash != prefix.startIndex {
      mkdir(String(prefix[..<slash]), 0o755)
    }
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
      dtype: Int(tensor.dtype.rawValue), shape: tensor.shape, offset: offset,
      size: data.offset - offset, checksum: checksum
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
        BundleEntry(
          dtype: Int(parts.dtype.rawValue), shape: parts.shape, slices: parts.slices
        ).encoded
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
