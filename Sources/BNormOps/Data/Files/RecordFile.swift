import BNormCheckpoint
import BNormCore
import BNormTensor

/// Records of files as datasets and readers give them.
enum RecordFile {
  /// `path` as it is, or within the folder of the graph's assets.
  static func resolve(_ path: ByteString, _ context: RunContext) -> String {
    let path = path.string
    guard !path.hasPrefix("/"), let folder = context.session.assetFolder else { return path }
    return folder + "/" + path
  }

  static func read(_ path: String, _ windowBits: Int32? = nil) throws -> [UInt8] {
    let file = try MappedFile(path)
    let bytes = [UInt8](file.bytes)
    guard let windowBits else { return bytes }
    do { return try Inflate.bytes(bytes, windowBits) } catch let error as BNormError {
      throw error.prefixed(path)
    }
  }

  /// The lines, without carriage returns.
  static func lines(_ bytes: [UInt8]) -> [ByteString] {
    var parts = bytes.split(separator: 10, omittingEmptySubsequences: false)
    if parts.last?.isEmpty == true { parts.removeLast() }
    return parts.map { line in
      line.contains(13) ? ByteString(line.filter { $0 != 13 }) : ByteString(line)
    }
  }

  /// The records of a TFRecord file: length, checksum, bytes, checksum.
  static func records(_ bytes: [UInt8], _ path: String) throws -> [ByteString] {
    try bytes.withUnsafeBytes { bytes in
      var out: [ByteString] = []
      var offset = 0
      func corrupted(_ what: String) -> BNormError {
        BNormError.invalid("\(path): corrupted record at \(offset): \(what)")
      }
      while offset < bytes.count {
        guard bytes.count - offset >= 12 else { throw corrupted("truncated") }
        let length = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        let head = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 8])
        guard
          bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self) == Checksum.masked(head)
        else { throw corrupted("the checksum of the length is wrong") }
        guard length <= UInt64(bytes.count), bytes.count - offset - 12 >= Int(length) + 4 else {
          throw corrupted("truncated")
        }
        let start = offset + 12
        let data = UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(length)])
        let end = start + Int(length)
        guard bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self) == Checksum.masked(data)
        else { throw corrupted("the checksum of the data is wrong") }
        out.append(ByteString(data))
        offset = end + 4
      }
      return out
    }
  }

  /// Records of one length between a header and a footer, each `hop` bytes after the one before.
  static func records(
    _ bytes: [UInt8], header: Int, length: Int, footer: Int, hop: Int? = nil, _ path: String
  ) throws -> [ByteString] {
    let hop = hop ?? length
    guard header >= 0, footer >= 0, length > 0, hop > 0 else {
      throw BNormError.invalid(
        "records of \(length) bytes, \(hop) apart, after \(header) and before \(footer) bytes "
          + "cannot "
          + "be read")
    }
    guard header <= bytes.count, footer <= bytes.count - header else { return [] }
    let body = bytes[header..<bytes.count - footer]
    guard hop != length || body.count % length == 0 else {
      throw BNormError.invalid(
        "Excluding the header (\(header) bytes) and footer (\(footer) bytes), input file "
          + "\"\(path)\" "
          + "has body length \(body.count) bytes, which is not an exact multiple of the record "
          + "length "
          + "(\(length) bytes).")
    }
    guard body.count >= length else { return [] }
    return stride(from: header, through: header + body.count - length, by: hop).map {
      ByteString(bytes[$0..<$0 + length])
    }
  }
}
