import BNormProto
import BNormTensor

/// Reads a sorted table of keys and values: LevelDB's format, in which checkpoints have their
/// indices.
final class TableReader {
  private typealias Handle = (offset: Int, size: Int)
  private static let footerSize = 48
  private static let magic: UInt64 = 0xdb47_7524_8b80_fb57
  private let file: MappedFile
  private var index: [(lastKey: [UInt8], handle: Handle)] = []

  init(_ path: String) throws {
    file = try MappedFile(path)
    index = try readIndex()
  }

  /// The file ends as a table does.
  static func looksLikeTable(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= footerSize
      && bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
        == magic.littleEndian
  }

  /// Calls `body` with every key and value in order; they are valid during the call.
  func forEach(_ body: ([UInt8], UnsafeRawBufferPointer) throws -> Void) throws {
    for (_, handle) in index {
      try withBlock(handle) { try TableReader.entries($0, body) }
    }
  }

  /// Calls `body` with the value of `key`, or returns nil if there is none.
  func find<R>(_ key: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R? {
    let blocks = index
    var low = 0
    var high = blocks.count
    while low < high {
      let middle = (low + high) / 2
      if blocks[middle].lastKey.lexicographicallyPrecedes(key) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    guard low < blocks.count else { return nil }
    var result: R?
    try withBlock(blocks[low].handle) { block in
      try TableReader.entries(block) { if $0 == key { result = try body($1) } }
    }
    return result
  }

  /// The last key (or one after it) and the place of every block.
  private func readIndex() throws -> [(lastKey: [UInt8], handle: Handle)] {
    let bytes = file.bytes
    guard TableReader.looksLikeTable(bytes) else {
      throw BNormError.invalid("not a table, or its end is cut off")
    }
    var reader = WireReader(
      UnsafeRawBufferPointer(rebasing: bytes[(bytes.count - TableReader.footerSize)...]))
    for _ in 0..<2 { _ = try reader.varint() }
    var out: [(lastKey: [UInt8], handle: Handle)] = []
    try withBlock(try TableReader.handle(&reader)) { block in
      try TableReader.entries(block) { key, value in
        var reader = WireReader(value)
        out.append((key, try TableReader.handle(&reader)))
      }
    }
    return out
  }

  private static func handle(_ reader: inout WireReader) throws -> Handle {
    guard let offset = Int(exactly: try reader.varint()),
      let size = Int(exactly: try reader.varint())
    else { throw damaged }
    return (offset, size)
  }

  private func withBlock<R>(
    _ handle: Handle, _ body: (UnsafeRawBufferPointer) throws -> R
  ) throws -> R {
    // A byte for the compression and four for the checksum follow.
    let bytes = file.bytes
    guard handle.offset <= bytes.count - 5, handle.size <= bytes.count - 5 - handle.offset else {
      throw TableReader.damaged
    }
    let end = handle.offset + handle.size
    let checksum = UInt32(
      littleEndian: bytes.loadUnaligned(fromByteOffset: end + 1, as: UInt32.self))
    let covered = UnsafeRawBufferPointer(rebasing: bytes[handle.offset...end])
    guard Checksum.masked(covered) == checksum else {
      throw BNormError.invalid("the table is damaged: a block's checksum differs")
    }
    let block = UnsafeRawBufferPointer(rebasing: bytes[handle.offset..<end])
    switch bytes[end] {
    case 0: return try body(block)
    case 1: return try Snappy.decode(block).withUnsafeBytes { try body($0) }
    default: throw BNormError.unsupported("compression \(bytes[end]) of a table")
    }
  }

  /// Calls `body` with the entries of a block, whose keys are stored as what differs from the key
  /// before.
  static func entries(
    _ block: UnsafeRawBufferPointer, _ body: ([UInt8], UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard block.count >= 4 else { throw damaged }
    let restarts = Int(
      UInt32(littleEndian: block.loadUnaligned(fromByteOffset: block.count - 4, as: UInt32.self)))
    guard restarts <= (block.count - 4) / 4 else { throw damaged }
    let end = block.count - 4 - restarts * 4
    var key: [UInt8] = []
    var reader = WireReader(UnsafeRawBufferPointer(rebasing: block[..<end]))
    while !reader.isAtEnd {
      let shared = try reader.varint()
      let added = try reader.varint()
      let size = try reader.varint()
      guard shared <= UInt64(key.count), added <= UInt64(end), size <= UInt64(end) else {
        throw damaged
      }
      key.removeSubrange(Int(shared)...)
      key.append(contentsOf: try reader.take(Int(added)))
      try body(key, try reader.take(Int(size)))
    }
  }

  private static var damaged: BNormError { .invalid("the table is damaged") }
}
