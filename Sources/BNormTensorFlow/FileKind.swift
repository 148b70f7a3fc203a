import BNormTensor

/// What the first bytes of a file say it is.
enum FileKind: Equatable {
  case empty
  case text
  case protobuf
  /// Something that bnorm does not read as a graph: what it looks like.
  case other(String)

  init(_ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else {
      self = .empty
      return
    }
    for (magic, offset, name) in FileKind.magics
    where bytes.count >= offset + magic.count
      && bytes[offset..<offset + magic.count].elementsEqual(magic)
    {
      self = .other(name)
      return
    }
    let start = bytes.prefix(4096)
    let isText = start.allSatisfy { $0 >= 32 && $0 != 127 || (9...13).contains($0) }
    self = isText ? FileKind.textKind(start) : .protobuf
  }

  private static func textKind(_ bytes: Slice<UnsafeRawBufferPointer>) -> FileKind {
    let text = String(decoding: bytes, as: UTF8.self).drop { $0.isWhitespace }
    if text.hasPrefix("<?xml") || text.hasPrefix("<html") || text.lowercased().hasPrefix("<!doc") {
      return .other("an XML or HTML file")
    }
    if text.hasPrefix("{") || text.hasPrefix("[{") { return .other("a JSON file") }
    if text.hasPrefix("version https://git-lfs") {
      return .other("a Git LFS pointer, not the file itself")
    }
    return .text
  }

  private static let magics: [(magic: [UInt8], offset: Int, name: String)] = [
    ([0x93] + Array("NUMPY".utf8), 0, "a NumPy array (.npy)"),
    (Array("PK\u{3}\u{4}".utf8), 0, "a zip archive (.npz, .keras or a zipped model)"),
    ([0x89] + Array("HDF\r\n".utf8), 0, "an HDF5 file (a Keras model or weights)"),
    (Array("TFL3".utf8), 4, "a TensorFlow Lite model"),
    ([0x1f, 0x8b], 0, "a gzip file"),
    ([0x89] + Array("PNG".utf8), 0, "a PNG image"),
    ([0xff, 0xd8, 0xff], 0, "a JPEG image"),
    ([0x7f] + Array("ELF".utf8), 0, "an executable or library"),
    ([0x80, 0x02], 0, "a Python pickle"), ([0x80, 0x04], 0, "a Python pickle"),
  ]
}
