import BNormTensor

/// Decodes and encodes text in the encodings that the unicode ops know.
struct TextEncoding: Sendable {
  enum Form: Sendable { case utf8, utf16(big: Bool), utf32(big: Bool), latin1, ascii }
  let form: Form

  init(_ name: String) throws {
    switch name.uppercased().filter({ $0 != "_" }).replacingDashes {
    case "UTF8": form = .utf8
    case "UTF16", "UTF16BE": form = .utf16(big: true)
    case "UTF16LE": form = .utf16(big: false)
    case "UTF32", "UTF32BE": form = .utf32(big: true)
    case "UTF32LE": form = .utf32(big: false)
    case "ISO88591", "LATIN1": form = .latin1
    case "USASCII", "ASCII": form = .ascii
    default: throw BNormError.unsupported("encoding \"\(name)\"")
    }
  }

  /// A character and where its bytes begin; nil stands for bytes that are no character.
  typealias Decoded = (value: UInt32?, start: Int)

  func decode(_ bytes: [UInt8]) -> [Decoded] {
    switch form {
    case .utf8: TextEncoding.decodeUTF8(bytes)
    case .latin1: bytes.enumerated().map { (UInt32($1), $0) }
    case .ascii: bytes.enumerated().map { ($1 < 128 ? UInt32($1) : nil, $0) }
    case .utf16(let big): TextEncoding.decodeUTF16(bytes, big)
    case .utf32(let big): TextEncoding.decodeUTF32(bytes, big)
    }
  }

  /// Ill-formed sequences by their longest valid beginning, as Unicode recommends.
  private static func decodeUTF8(_ b: [UInt8]) -> [Decoded] {
    var out: [Decoded] = []
    var i = 0
    while i < b.count {
      let lead = b[i]
      let start = i
      i += 1
      if lead < 0x80 {
        out.append((UInt32(lead), start))
        continue
      }
      var value: UInt32
      let more: Int
      var low: UInt8 = 0x80
      var high: UInt8 = 0xbf
      switch lead {
      case 0xc2...0xdf: (value, more) = (UInt32(lead & 0x1f), 1)
      case 0xe0...0xef:
        (value, more) = (UInt32(lead & 0x0f), 2)
        if lead == 0xe0 { low = 0xa0 }
        if lead == 0xed { high = 0x9f }
      case 0xf0...0xf4:
        (value, more) = (UInt32(lead & 0x07), 3)
        if lead == 0xf0 { low = 0x90 }
        if lead == 0xf4 { high = 0x8f }
      default:
        out.append((nil, start))
        continue
      }
      var complete = true
      for _ in 0..<more {
        guard i < b.count, b[i] >= low, b[i] <= high else {
          complete = false
          break
        }
        value = value << 6 | UInt32(b[i] & 0x3f)
        i += 1
        (low, high) = (0x80, 0xbf)
      }
      out.append((complete ? value : nil, start))
    }
    return out
  }

  private static func decodeUTF16(_ b: [UInt8], _ big: Bool) -> [Decoded] {
    func unit(_ i: Int) -> UInt32 {
      big ? UInt32(b[i]) << 8 | UInt32(b[i + 1]) : UInt32(b[i + 1]) << 8 | UInt32(b[i])
    }
    var out: [Decoded] = []
    var i = 0
    while i + 1 < b.count {
      let u = unit(i)
      if (0xd800...0xdbff).contains(u), i + 3 < b.count, (0xdc00...0xdfff).contains(unit(i + 2)) {
        out.append((0x10000 + (u - 0xd800) << 10 + (unit(i + 2) - 0xdc00), i))
        i += 4
      } else {
        out.append(((0xd800...0xdfff).contains(u) ? nil : u, i))
        i += 2
      }
    }
    if i < b.count { out.append((nil, i)) }
    return out
  }

  private static func decodeUTF32(_ b: [UInt8], _ big: Bool) -> [Decoded] {
    var out: [Decoded] = []
    var i = 0
    while i + 3 < b.count {
      let w = (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(b[big ? i + $1 : i + 3 - $1]) }
      out.append((Unicode.Scalar(w) == nil ? nil : w, i))
      i += 4
    }
    if i < b.count { out.append((nil, i)) }
    return out
  }

  /// Code points that are no characters become U+FFFD.
  func encode(_ characters: [UInt32]) -> ByteString {
    var out: [UInt8] = []
    for value in characters {
      let scalar = Unicode.Scalar(value) ?? "\u{fffd}"
      switch form {
      case .utf16(let big):
        for unit in UTF16.encode(scalar)! {
          let (h, l) = (UInt8(unit >> 8), UInt8(unit & 0xff))
          out += big ? [h, l] : [l, h]
        }
      case .utf32(let big):
        let w = scalar.value
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: w >> UInt32($0)) }
        out += big ? bytes : bytes.reversed()
      default: out += UTF8.encode(scalar)!
      }
    }
    return ByteString(out)
  }
}

extension String {
  fileprivate var replacingDashes: String { filter { $0 != "-" } }
}

/// What happens with bytes that are no characters.
struct UnicodeErrors: Sendable {
  enum Policy: String, Sendable { case strict, replace, ignore }
  let policy: Policy
  let replacement: UInt32
  let replacesControls: Bool

  /// The characters of decoded text under the policy.
  func apply(_ decoded: [TextEncoding.Decoded]) throws -> [(value: UInt32, start: Int)] {
    var out: [(UInt32, Int)] = []
    for item in decoded {
      if let value = item.value {
        if replacesControls, value < 32 {
          if policy != .ignore { out.append((replacement, item.start)) }
        } else {
          out.append((value, item.start))
        }
        continue
      }
      switch policy {
      case .strict: throw BNormError.invalid("invalid formatting on input string")
      case .replace: out.append((replacement, item.start))
      case .ignore: break
      }
    }
    return out
  }
}
