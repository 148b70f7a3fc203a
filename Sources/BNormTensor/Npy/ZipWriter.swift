/// Writes a zip archive of stored files.
final class ZipWriter {
  private let output: OutputFile
  private var directory: [UInt8] = []
  private var count = 0

  init(_ output: OutputFile) { self.output = output }

  /// Adds a file that consists of `head` and `body`.
  func add(_ name: String, _ head: [UInt8], _ body: UnsafeRawBufferPointer) throws {
    let size = head.count + body.count
    let offset = output.offset
    let nameBytes = Array(name.utf8)
    guard size < 0xffff_ffff, offset < 0xffff_ffff, count < 0xfffe, nameBytes.count < 0xffff else {
      throw BNormError.unsupported("archives beyond 4 GiB or 65534 arrays")
    }
    var checksum = head.withUnsafeBytes { ZipChecksum.of($0) }
    if !body.isEmpty { checksum = ZipChecksum.of(body, after: checksum) }
    // Version 2.0; names are UTF-8; stored; 1 January 1980.
    var shared: [UInt8] = [20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0]
    shared += little(checksum) + little(UInt32(size)) + little(UInt32(size))
    shared += little(UInt16(nameBytes.count)) + [0, 0]
    try output.write(little(0x0403_4b50 as UInt32) + shared + nameBytes)
    try output.write(head)
    try output.write(body)
    directory += little(0x0201_4b50 as UInt32) + [20, 0] + shared
    directory += [UInt8](repeating: 0, count: 10) + little(UInt32(offset)) + nameBytes
    count += 1
  }

  func finish() throws {
    let offset = output.offset
    guard offset + directory.count < 0xffff_ffff else {
      throw BNormError.unsupported("archives beyond 4 GiB")
    }
    try output.write(directory)
    var end = little(0x0605_4b50 as UInt32) + [0, 0, 0, 0]
    end += little(UInt16(count)) + little(UInt16(count))
    end += little(UInt32(directory.count)) + little(UInt32(offset)) + [0, 0]
    try output.write(end)
    try output.close()
  }

  private func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
