import Glibc

/// A file that parts of are read when they are needed. It must not be written to meanwhile: that is
/// noticed, and reading fails.
public final class SourceFile: Sendable {
  private let descriptor: Int32
  private let path: String
  private let size: Int
  private let modified: [Int]

  /// Takes over an open file; nil if it cannot be examined.
  init?(descriptor: Int32, path: String) {
    guard let status = SourceFile.status(descriptor) else { return nil }
    self.descriptor = descriptor
    self.path = path
    (size, modified) = status
  }

  deinit { close(descriptor) }

  private static func status(_ descriptor: Int32) -> (size: Int, modified: [Int])? {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    return (Int(status.st_size), [status.st_mtim.tv_sec, status.st_mtim.tv_nsec])
  }

  private func check() throws {
    guard let now = SourceFile.status(descriptor), now.size == size, now.modified == modified else {
      throw BNormError.invalid("\(path) was changed after it had been opened")
    }
  }

  /// Shows `body` the `count` bytes from `offset` on where the system has them; false if it cannot.
  func withMapped(_ offset: Int, _ count: Int, _ body: (UnsafeRawPointer) -> Void) throws -> Bool {
    try check()
    let gap = offset & (Int(sysconf(Int32(_SC_PAGESIZE))) - 1)
    guard count > 0,
      let address = mmap(
        nil, gap + count, PROT_READ, MAP_PRIVATE | Int32(MAP_POPULATE), descriptor,
        off_t(offset - gap)),
      address != MAP_FAILED
    else { return false }
    body(UnsafeRawPointer(address + gap))
    munmap(address, gap + count)
    return true
  }

  /// Reads `count` bytes from `offset` on.
  func read(_ offset: Int, _ count: Int, into target: UnsafeMutableRawPointer) throws {
    try check()
    var done = 0
    while done < count {
      let got = pread(descriptor, target + done, count - done, off_t(offset + done))
      if got < 0, errno == EINTR { continue }
      guard got > 0 else {
        throw BNormError.invalid("\(path) cannot be read: \(String(cString: strerror(errno)))")
      }
      done += got
    }
  }
}

/// Bytes of a file that are read when somebody asks for them.
public final class DeferredBytes: @unchecked Sendable {
  private let source: SourceFile
  private let offset: Int
  let byteCount: Int
  private let lock = Lock()
  private var bytes: UnsafeMutableRawPointer?
  private var problem: BNormError?

  public init(_ source: SourceFile, offset: Int, byteCount: Int) {
    self.source = source
    self.offset = offset
    self.byteCount = byteCount
  }

  deinit { bytes?.deallocate() }

  /// Why the bytes could not be read: they are zeros then.
  var failure: BNormError? { lock.withLock { problem } }

  /// The bytes, which stay from now on.
  func kept() -> UnsafeMutableRawPointer {
    lock.withLock {
      if let bytes { return bytes }
      let made = read()
      bytes = made
      return made
    }
  }

  /// Shows `body` the bytes, at an address that need not be aligned; they do not stay unless they are
  /// there already.
  func withBytes(_ body: (UnsafeRawPointer) -> Void) {
    lock.withLock {
      if let bytes { return body(UnsafeRawPointer(bytes)) }
      if (try? source.withMapped(offset, byteCount, body)) == true { return }
      let made = read()
      body(UnsafeRawPointer(made))
      made.deallocate()
    }
  }

  private func read() -> UnsafeMutableRawPointer {
    let made = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
    do { try source.read(offset, byteCount, into: made) } catch {
      problem = error as? BNormError ?? BNormError.invalid("\(error)")
      made.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    }
    return made
  }
}
