/// Every failure of bnorm: what kind it is and a message that names op, node, input and both sides.
public struct BNormError: Error, Sendable, CustomStringConvertible {
  /// What a caller can do about the failure; `exitCode` of the command follows from it.
  public enum Code: Sendable {
    /// The graph, a feed, a name or a file is wrong.
    case invalid
    /// An op, a dtype or a form that bnorm does not run.
    case unsupported
    /// An index past the end inside a running step; queues, iterators and lists end this way.
    case outOfRange
  }

  public let code: Code
  public var message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public static func invalid(_ message: String) -> BNormError { BNormError(.invalid, message) }
  public static func unsupported(_ message: String) -> BNormError {
    BNormError(.unsupported, "unsupported: " + message)
  }
  public static func outOfRange(_ message: String) -> BNormError {
    BNormError(.outOfRange, message)
  }

  public var description: String { message }

  /// The same error with `prefix: ` before its message, unless functions that call each other would
  /// repeat it or make the message very long.
  public func prefixed(_ prefix: String) -> BNormError {
    let start = prefix + ": "
    guard !message.hasPrefix(start), message.utf8.count < 2000 else { return self }
    return BNormError(code, start + message)
  }
}
