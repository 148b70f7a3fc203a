import BNormTensor

/// Splits protobuf's text format into tokens.
struct TextScanner {
  let text: UnsafeRawBufferPointer
  private(set) var position = 0

  init(_ text: UnsafeRawBufferPointer) { self.text = text }

  /// The next character that is neither white space nor comment, or nil at the end.
  mutating func peek() -> UInt8? {
    while position < text.count {
      let c = text[position]
      if c == 32 || (9...13).contains(c) {
        position += 1
      } else if c == UInt8(ascii: "#") {
        while position < text.count, text[position] != 10 { position += 1 }
      } else {
        return c
      }
    }
    return nil
  }

  /// Takes `character` if it is next.
  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func expect(_ character: Unicode.Scalar) throws {
    guard take(character) else { throw error("expected '\(character)'") }
  }

  /// A field's or an enum value's name, or a number.
  mutating func word() throws -> String {
    _ = peek()
    let start = position
    while position < text.count, TextScanner.isWord(text[position]) { position += 1 }
    guard position > start else { throw error("expected a name or a value") }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  /// `[type.googleapis.com/name]`: an extension's or a packed message's name.
  mutating func skipBracketed() throws {
    while position < text.count, text[position] != UInt8(ascii: "]") { position += 1 }
    try expect("]")
  }

  private static func isWord(_ c: UInt8) -> Bool {
    (48...57).contains(c) || (65...90).contains(c) || (97...122).contains(c) || c == 95 || c == 43
      || c == 45 || c == 46
  }

  /// One or more quoted strings that follow each other.
  mutating func string() throws -> [UInt8] {
    var out: [UInt8] = []
    var found = false
    while let quote = peek(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      position += 1
      try quoted(quote, &out)
      found = true
    }
    guard found else { throw error("expected a string") }
    return out
  }

  private mutating func quoted(_ quote: UInt8, _ out: inout [UInt8]) throws {
    var plainStart = position
    while position < text.count {
      let c = text[position]
      if c == quote {
        out.append(contentsOf: text[plainStart..<position])
        position += 1
        return
      }
      if c == 10 { break }
      position += 1
      if c == UInt8(ascii: "\\") {
        out.append(contentsOf: text[plainStart..<position - 1])
        try escape(&out)
        plainStart = position
      }
    }
    throw error("a string without an end")
  }

  private mutating func escape(_ out: inout [UInt8]) throws {
    guard position < text.count else { throw error("a string without an end") }
    let c = text[position]
    position += 1
    switch Unicode.Scalar(c) {
    case "n": out.append(10)
    case "r": out.append(13)
    case "t": out.append(9)
    case "a": out.append(7)
    case "b": out.append(8)
    case "f": out.append(12)
    case "v": out.append(11)
    case "\\", "'", "\"", "?": out.append(c)
    case "0"..."7":
      position -= 1
      out.append(UInt8(truncatingIfNeeded: digits(radix: 8, atMost: 3).value))
    case "x", "X":
      let (value, count) = digits(radix: 16, atMost: 2)
      guard count > 0 else { throw error("an escape without digits") }
      out.append(UInt8(truncatingIfNeeded: value))
    case "u", "U":
      let length = c == UInt8(ascii: "u") ? 4 : 8
      let (value, count) = digits(radix: 16, atMost: length)
      guard count == length, let scalar = Unicode.Scalar(UInt32(truncatingIfNeeded: value)) else {
        throw error("an escape that is no character")
      }
      out.append(contentsOf: UTF8.encode(scalar)!)
    default: throw error("an unknown escape")
    }
  }

  private mutating func digits(radix: Int, atMost: Int) -> (value: Int, count: Int) {
    var value = 0
    var count = 0
    while count < atMost, position < text.count,
      let digit = Character(Unicode.Scalar(text[position])).hexDigitValue, digit < radix
    {
      value = value * radix + digit
      count += 1
      position += 1
    }
    return (value, count)
  }

  func error(_ what: String) -> BNormError {
    let before = text.prefix(position)
    let line = before.count { $0 == 10 } + 1
    let column = position - (before.lastIndex(of: 10) ?? -1)
    return BNormError.invalid("text format: \(what) at line \(line), column \(column)")
  }
}
