import Glibc

/// Names of files by patterns with `*`, `?` and `[…]`.
public enum FilePattern {
  /// The files that match, in order.
  public static func expand(_ pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, 0, nil, &result) == 0 else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { result.gl_pathv[$0].map { String(cString: $0) } }
  }
}
