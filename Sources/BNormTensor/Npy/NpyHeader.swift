/// The header of a `.npy` file: element description, order and shape.
struct NpyHeader {
  /// Byte order, kind and size, e.g. `<f4`.
  var descriptor: String
  var isFortranOrder: Bool
  var shape: Shape
  /// Where the elements begin.
  var dataOffset: Int

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  init(_ bytes: UnsafeRawBufferPointer) throws {
    guard bytes.count >= 10, bytes.prefix(6).elementsEqual(NpyHeader.magic) else {
      throw BNormError.invalid("not a .npy file")
    }
    let major = bytes[6]
    guard (1...3).contains(major), bytes[7] == 0 else {
      throw BNormError.invalid(".npy version \(major).\(bytes[7]) is not known")
    }
    let start = major == 1 ? 10 : 12
    guard bytes.count >= start else { throw BNormError.invalid(".npy header is cut off") }
    let length =
      major == 1
      ? Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self).littleEndian)
      : Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self).littleEndian)
    guard length <= bytes.count - start else {
      throw BNormError.invalid(".npy header is cut off")
    }
    dataOffset = start + length
    var parser = NpyHeaderParser(text: Array(bytes[start..<dataOffset]))
    (descriptor, isFortranOrder, shape) = try parser.parse()
  }

  /// A header of version 1.0, padded so that the elements begin at a multiple of 64.
  static func encode(descriptor: String, shape: Shape) -> [UInt8] {
    let dimensions = shape.dimensions.map(String.init).joined(separator: ", ")
    let tuple = shape.rank == 1 ? "(\(dimensions),)" : "(\(dimensions))"
    let text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': \(tuple), }"
    let unpadded = 10 + text.utf8.count + 1
    let padding = (64 - unpadded % 64) % 64
    let length = text.utf8.count + padding + 1
    var out = magic + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)]
    out += text.utf8
    out += [UInt8](repeating: UInt8(ascii: " "), count: padding)
    out.append(UInt8(ascii: "\n"))
    return out
  }
}

/// Parses the Python dictionary of a `.npy` header.
struct NpyHeaderParser {
  let text: [UInt8]
  private var position = 0

  init(text: [UInt8]) { self.text = text }

  mutating func parse() throws -> (descriptor: String, isFortranOrder: Bool, shape: Shape) {
    var descriptor: String?
    var fortran: Bool?
    var shape: Shape?
    try expect("{")
    while peek() != UInt8(ascii: "}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr":
        guard peek() != UInt8(ascii: "[") else {
          throw BNormError.invalid("a structured .npy array holds no tensor")
        }
        descriptor = try string()
      case "fortran_order": fortran = try boolean()
      case "shape": shape = try Shape(checking: tuple())
      default: throw BNormError.invalid(".npy header has an unknown key \"\(key)\"")
      }
      if peek() == UInt8(ascii: ",") { position += 1 } else { break }
    }
    try expect("}")
    guard let descriptor, let fortran, let shape else {
      throw BNormError.invalid(".npy header lacks descr, fortran_order or shape")
    }
    return (descriptor, fortran, shape)
  }

  /// The next byte that is not white space.
  private mutating func peek() -> UInt8? {
    while position < text.count, text[position] == 32 || (9...13).contains(text[position]) {
      position += 1
    }
    return position < text.count ? text[position] : nil
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard peek() == UInt8(ascii: character) else {
      throw BNormError.invalid(".npy header: expected '\(character)' at byte \(position)")
    }
    position += 1
  }

  private mutating func string() throws -> String {
    guard let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw BNormError.invalid(".npy header: expected a string at byte \(position)")
    }
    position += 1
    let start = position
    while position < text.count, text[position] != quote { position += 1 }
    guard position < text.count else {
      throw BNormError.invalid(".npy header: a string without an end")
    }
    position += 1
    return String(decoding: text[start..<position - 1], as: UTF8.self)
  }

  private mutating func boolean() throws -> Bool {
    _ = peek()
    for (word, value) in [("True", true), ("False", false)]
    where text[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw BNormError.invalid(".npy header: expected True or False at byte \(position)")
  }

  private mutating func tuple() throws -> [Int] {
    var out: [Int] = []
    try expect("(")
    while let next = peek(), next != UInt8(ascii: ")") {
      guard out.count <= Shape.maximumRank else {
        throw BNormError.invalid(".npy header: the shape has too many dimensions")
      }
      out.append(try integer())
      if peek() == UInt8(ascii: ",") { position += 1 } else { break }
    }
    try expect(")")
    return out
  }

  private mutating func integer() throws -> Int {
    _ = peek()
    let start = position
    while position < text.count, (48...57).contains(text[position]) { position += 1 }
    guard let value = Int(String(decoding: text[start..<position], as: UTF8.self)) else {
      throw BNormError.invalid(".npy header: expected a dimension at byte \(start)")
    }
    // Python 2 wrote long integers so.
    if position < text.count, text[position] == UInt8(ascii: "L") { position += 1 }
    return value
  }
}
