import BNormTensor

/// UTF-8 by characters as TensorFlow counts them: a character begins at each byte that does not
/// continue another one.
enum UTF8Text {
  static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xc0 == 0x80 }

  static func count(_ text: ByteString) -> Int {
    text.bytes.reduce(0) { isContinuation($1) ? $0 : $0 + 1 }
  }

  /// Where the characters begin, and the end.
  static func starts(_ text: ByteString) -> [Int] {
    text.bytes.indices.filter { !isContinuation(text.bytes[$0]) } + [text.count]
  }
}
