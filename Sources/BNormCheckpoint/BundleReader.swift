import BNormProto
import BNormTensor
import CBNormKernels
import CTensorFlowProto

/// Reads a tensor bundle: an index table and shards of data.
final class BundleReader: CheckpointFormat, @unchecked Sendable {
  let entries: [String: CheckpointReader.Entry]
  /// Where the whole tensors and the slices lie, by their keys in the index.
  private let places: [[UInt8]: BundleEntry]
  private let prefix: String
  private let shardCount: Int
  private let lock = Lock()
  private var shards: [Int: MappedShard] = [:]

  init(_ prefix: String) throws {
    self.prefix = prefix
    var entries: [String: CheckpointReader.Entry] = [:]
    var places: [[UInt8]: BundleEntry] = [:]
    var shardCount: Int?
    let arena = UnpackArena()
    try TableReader(BundleFile.index(prefix)).forEach { key, value in
      defer { arena.reset() }
      guard !key.isEmpty else {
        shardCount = try BundleReader.header(value, arena)
        return
      }
      let entry = try BundleEntry(
        arena.unpack("BundleEntryProto", value, tensorflow__bundle_entry_proto__init).pointee)
      places[key] = entry
      // A slice's key begins with a zero byte, which no name does.
      if key[0] != 0 {
        entries[String(decoding: key, as: UTF8.self)] = CheckpointReader.Entry(
          dtypeNumber: entry.dtype, shape: entry.shape, slices: entry.slices)
      }
    }
    guard let shardCount else { throw BNormError.invalid("the index has no header") }
    self.entries = entries
    self.places = places
    self.shardCount = shardCount
  }

  /// The number of shards.
  private static func header(_ value: UnsafeRawBufferPointer, _ arena: UnpackArena) throws -> Int {
    let m = try arena.unpack(
      "BundleHeaderProto", value, tensorflow__bundle_header_proto__init
    ).pointee
    guard m.endianness == TENSORFLOW__BUNDLE_HEADER_PROTO__ENDIANNESS__LITTLE else {
      throw BNormError.unsupported("a checkpoint in big-endian order")
    }
    guard m.num_shards >= 0 else {
      throw BNormError.invalid("the index declares \(m.num_shards) shards")
    }
    return Int(m.num_shards)
  }

  func read(_ name: String, _ entry: CheckpointReader.Entry, slice: TensorSlice?) throws -> Tensor {
    guard let dtype = entry.dtype, dtype == .string || dtype.isPlain else {
      throw BNormError.unsupported("a tensor of dtype number \(entry.dtypeNumber)")
    }
    guard entry.slices.isEmpty else {
      return try assemble(entry, dtype, slice) { stored, shape in
        try self.load(OrderedKey.encode(name: name, slice: stored), dtype, shape)
      }
    }
    let whole = try load(Array(name.utf8), dtype, entry.shape)
    guard let slice, !slice.isFull else { return whole }
    return try assemble(
      CheckpointReader.Entry(
        dtypeNumber: entry.dtypeNumber, shape: entry.shape,
        slices: [TensorSlice(fullRank: entry.shape.rank)]), dtype, slice
    ) { _, _ in whole }
  }

  private func load(_ key: [UInt8], _ dtype: DType, _ shape: Shape) throws -> Tensor {
    guard let place = places[key] else {
      throw BNormError.invalid("the index lacks a slice that it declares")
    }
    let shard = try shard(place.shard)
    let bytes = shard.file.bytes
    guard place.offset >= 0, place.size >= 0, place.offset <= bytes.count,
      place.size <= bytes.count - place.offset
    else {
      throw BNormError.invalid(
        "bytes \(place.offset) to \(place.offset &+ place.size) do not lie in \(shard.file.path), "
          + "which has \(bytes.count)")
    }
    let range = place.offset..<place.offset + place.size
    let data = UnsafeRawBufferPointer(rebasing: bytes[range])
    defer { shard.file.drop(range) }
    if dtype == .string {
      return Tensor(
        strings: try BundleStrings.decode(data, count: shape.count, checksum: place.checksum),
        shape: shape)
    }
    guard place.size == shape.count * dtype.size else {
      throw BNormError.invalid(
        "shape \(shape) of \(dtype.name) needs \(shape.count * dtype.size) bytes, "
          + "but \(place.size) are stored")
    }
    let tensor = Tensor(dtype: dtype, shape: shape)
    if let source = data.baseAddress, place.size > 0 {
      tensor.storage.pointer.copyMemory(from: source, byteCount: place.size)
    }
    let copy = UnsafeRawBufferPointer(start: tensor.pointer, count: place.size)
    guard Checksum.masked(copy) == place.checksum else {
      throw BNormError.invalid("the data is damaged: its checksum differs")
    }
    return tensor
  }

  private func shard(_ number: Int) throws -> MappedShard {
    try lock.withLock {
      if let found = shards[number] { return found }
      guard number >= 0, number < shardCount else {
        throw BNormError.invalid("shard \(number) of \(shardCount) does not exist")
      }
      let shard = MappedShard(
        file: try MappedFile(BundleFile.shard(prefix, number, of: shardCount)))
      shards[number] = shard
      return shard
    }
  }
}

private final class MappedShard {
  let file: MappedFile
  init(file: consuming MappedFile) { self.file = file }
}

/// Names of a bundle's files.
enum BundleFile {
  static func index(_ prefix: String) -> String { prefix + ".index" }

  static func shard(_ prefix: String, _ number: Int, of count: Int) -> String {
    "\(prefix).data-\(ShardName.padded(number))-of-\(ShardName.padded(count))"
  }
}
