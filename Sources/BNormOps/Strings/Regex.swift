import BNormTensor
import CRegex

/// A compiled regular expression in RE2's syntax. Immutable, and RE2 matches from any thread.
final class Regex: @unchecked Sendable {
  private let handle: OpaquePointer

  init(_ pattern: ByteString) throws {
    var message: UnsafeMutablePointer<CChar>?
    let made = pattern.withCharacters { bnorm_regex_compile($0, $1, &message) }
    guard let made else {
      defer { bnorm_regex_free_text(message) }
      throw BNormError.invalid(
        "pattern \"\(pattern)\" is no regular expression: \(String(cString: message!))")
    }
    handle = made
  }

  deinit { bnorm_regex_free(handle) }

  func matchesAll(_ text: ByteString) -> Bool {
    text.withCharacters { bnorm_regex_full_match(handle, $0, $1) != 0 }
  }

  func checkRewrite(_ rewrite: ByteString) throws {
    var message: UnsafeMutablePointer<CChar>?
    let fine = rewrite.withCharacters { bnorm_regex_check_rewrite(handle, $0, $1, &message) }
    guard fine == 0 else { return }
    defer { bnorm_regex_free_text(message) }
    throw BNormError.invalid("rewrite \"\(rewrite)\": \(String(cString: message!))")
  }

  func replace(_ text: ByteString, with rewrite: ByteString, all: Bool) -> ByteString {
    text.withCharacters { pointer, count in
      rewrite.withCharacters { rewritePointer, rewriteCount in
        var length = 0
        let out = bnorm_regex_replace(
          handle, pointer, count, rewritePointer, rewriteCount, all ? 1 : 0, &length)!
        defer { bnorm_regex_free_text(out) }
        return ByteString(UnsafeRawBufferPointer(start: out, count: length))
      }
    }
  }
}

extension ByteString {
  /// The bytes as C has them; they may hold zeros.
  func withCharacters<R>(_ body: (UnsafePointer<CChar>, Int) throws -> R) rethrows -> R {
    try bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else {
        var nothing: CChar = 0
        return try body(&nothing, 0)
      }
      return try body(base.assumingMemoryBound(to: CChar.self), buffer.count)
    }
  }
}
