import CZlib

/// The files of a zip archive that lies in memory: stored or deflated, one disk, not encrypted.
struct ZipReader {
  struct Entry {
    let name: String
    fileprivate let isDeflated: Bool
    fileprivate let data: UnsafeRawBufferPointer
    fileprivate let size: Int
    fileprivate let checksum: UInt32
  }

  let entries: [Entry]

  init(_ bytes: UnsafeRawBufferPointer) throws {
    let end = try ZipReader.findEnd(bytes)
    let count = Int(bytes.little(end + 10, UInt16.self))
    var offset = Int(bytes.little(end + 16, UInt32.self))
    guard count != 0xffff, offset != 0xffff_ffff else {
      throw BNormError.unsupported("zip64 archives")
    }
    var entries: [Entry] = []
    for _ in 0..<count {
      guard offset <= end - 46, bytes.little(offset, UInt32.self) == 0x0201_4b50 else {
        throw BNormError.invalid("the zip directory is damaged")
      }
      entries.append(try Entry(bytes, offset, end))
      offset += 46 + Int(bytes.little(offset + 28, UInt16.self))
        + Int(bytes.little(offset + 30, UInt16.self)) + Int(bytes.little(offset + 32, UInt16.self))
    }
    self.entries = entries
  }

  /// Where the end record begins; a comment of up to 64 KiB may follow it.
  private static func findEnd(_ bytes: UnsafeRawBufferPointer) throws -> Int {
    var offset = bytes.count - 22
    while offset >= 0, offset >= bytes.count - 22 - 0xffff {
      if bytes.little(offset, UInt32.self) == 0x0605_4b50 { return offset }
      offset -= 1
    }
    throw BNormError.invalid("not a zip archive, or its end is cut off")
  }
}

extension ZipReader.Entry {
  /// Reads the directory record at `offset`, of which 46 bytes are known to be there.
  fileprivate init(_ bytes: UnsafeRawBufferPointer, _ offset: Int, _ end: Int) throws {
    let nameLength = Int(bytes.little(offset + 28, UInt16.self))
    guard offset + 46 + nameLength <= end else {
      throw BNormError.invalid("the zip directory is damaged")
    }
    name = String(decoding: bytes[offset + 46..<offset + 46 + nameLength], as: UTF8.self)
    let flags = bytes.little(offset + 8, UInt16.self)
    guard flags & 1 == 0 else {
      throw BNormError.unsupported("the encrypted zip entry \"\(name)\"")
    }
    let method = bytes.little(offset + 10, UInt16.self)
    guard method == 0 || method == 8 else {
      throw BNormError.unsupported("compression method \(method) of zip entry \"\(name)\"")
    }
    isDeflated = method == 8
    checksum = bytes.little(offset + 16, UInt32.self)
    let packed = Int(bytes.little(offset + 20, UInt32.self))
    size = Int(bytes.little(offset + 24, UInt32.self))
    let local = Int(bytes.little(offset + 42, UInt32.self))
    guard packed != 0xffff_ffff, size != 0xffff_ffff, local != 0xffff_ffff else {
      throw BNormError.unsupported("the zip64 entry \"\(name)\"")
    }
    guard local <= bytes.count - 30, bytes.little(local, UInt32.self) == 0x0403_4b50 else {
      throw BNormError.invalid("zip entry \"\(name)\" is damaged")
    }
    let start =
      local + 30 + Int(bytes.little(local + 26, UInt16.self))
      + Int(bytes.little(local + 28, UInt16.self))
    guard start <= bytes.count, packed <= bytes.count - start else {
      throw BNormError.invalid("zip entry \"\(name)\" is cut off")
    }
    data = UnsafeRawBufferPointer(rebasing: bytes[start..<start + packed])
    guard isDeflated || size == packed else {
      throw BNormError.invalid("zip entry \"\(name)\" is damaged")
    }
    // Deflate expands by at most 1032.
    guard size <= packed * 1032 + 64 else {
      throw BNormError.invalid("zip entry \"\(name)\" declares an impossible size")
    }
  }

  /// Calls `body` with the file's bytes.
  func withData<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
    guard isDeflated else {
      try check(data)
      return try body(data)
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, 1), alignment: 64)
    defer { buffer.deallocate() }
    let whole = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<size])
    try inflate(into: buffer)
    try check(whole)
    return try body(whole)
  }

  private func inflate(into buffer: UnsafeMutableRawBufferPointer) throws {
    var stream = z_stream()
    // A negative window size stands for data without a zlib header.
    guard
      inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw BNormError.invalid("zlib cannot start") }
    defer { inflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(
      mutating: data.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.avail_in = UInt32(data.count)
    stream.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.avail_out = UInt32(buffer.count)
    guard CZlib.inflate(&stream, Z_FINISH) == Z_STREAM_END, Int(stream.total_out) == size else {
      throw BNormError.invalid("zip entry \"\(name)\" is damaged")
    }
  }

  private func check(_ bytes: UnsafeRawBufferPointer) throws {
    guard ZipChecksum.of(bytes) == checksum else {
      throw BNormError.invalid("zip entry \"\(name)\" is damaged: its checksum differs")
    }
  }
}

/// CRC-32 as zip has it.
enum ZipChecksum {
  static func of(_ bytes: UnsafeRawBufferPointer, after start: UInt32 = 0) -> UInt32 {
    UInt32(
      truncatingIfNeeded: crc32_z(
        UInt(start), bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count))
  }
}

extension UnsafeRawBufferPointer {
  /// The little-endian integer at `offset`, which must lie in the buffer.
  func little<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _ type: T.Type) -> T {
    T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
  }
}
