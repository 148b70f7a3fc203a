import Glibc

/// A file that is written from front to back.
public final class OutputFile {
  private var descriptor: Int32
  public private(set) var offset = 0

  /// Creates the file or empties it.
  public init(_ path: String) throws {
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw OutputFile.failure("cannot be created") }
  }

  deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw OutputFile.failure("cannot be written") }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    offset += bytes.count
  }

  public func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  public func close() throws {
    let open = descriptor
    descriptor = -1
    guard Glibc.close(open) == 0 else { throw OutputFile.failure("cannot be closed") }
  }

  private static func failure(_ what: String) -> BNormError {
    BNormError.invalid("the file \(what): \(String(cString: strerror(errno)))")
  }
}
