/// An element of a `string` tensor: bytes, in no particular encoding.
public struct ByteString: Hashable, Sendable, Comparable, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  public var bytes: [UInt8]

  public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
  public init(_ string: String) { bytes = Array(string.utf8) }
  public init(stringLiteral value: String) { self.init(value) }

  public static var empty: ByteString { ByteString([UInt8]()) }
  public var count: Int { bytes.count }
  public var isEmpty: Bool { bytes.isEmpty }

  /// The bytes as UTF-8; what is not UTF-8 becomes U+FFFD.
  public var string: String { String(decoding: bytes, as: UTF8.self) }
  public var description: String { string }

  /// Byte order, as `std::string` compares.
  public static func < (a: ByteString, b: ByteString) -> Bool {
    a.bytes.lexicographicallyPrecedes(b.bytes)
  }
}
