import BNormProto
import BNormTensor
import CTensorFlowProto

/// What a bundle's index says of a tensor or slice.
struct BundleEntry {
  /// TensorFlow's number.
  var dtype: Int
  var shape: Shape
  var shard = 0
  var offset = 0
  var size = 0
  var checksum: UInt32 = 0
  var slices: [TensorSlice] = []

  var encoded: [UInt8] {
    var writer = WireWriter()
    writer.integer(1, dtype)
    writer.message(2) { ShapeEncoder.encode(shape.dimensions, &$0) }
    if shard != 0 { writer.integer(3, shard) }
    if offset != 0 { writer.integer(4, offset) }
    if size != 0 { writer.integer(5, size) }
    if checksum != 0 { writer.fixed32(6, checksum) }
    for slice in slices { writer.message(7) { slice.encode(&$0) } }
    return writer.bytes
  }
}

extension BundleEntry {
  init(_ message: Tensorflow__BundleEntryProto) throws {
    dtype = Int(message.dtype.rawValue)
    shape = try ShapeDecoder.shape(message.shape)
    shard = Int(message.shard_id)
    offset = Int(message.offset)
    size = Int(message.size)
    checksum = message.crc32c
    slices = (0..<message.n_slices).map { TensorSlice(message.slices[$0]!.pointee) }
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
