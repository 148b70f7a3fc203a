import Glibc

/// A file mapped for reading.
///
/// The file must not shrink while it is mapped.
public struct MappedFile: ~Copyable {
  public let path: String
  public let bytes: UnsafeRawBufferPointer
  /// The file for reading parts of it after the mapping is gone.
  public let source: SourceFile

  public init(_ path: String) throws {
    let (mapped, file) = try MappedFile.open(path)
    self.path = path
    bytes = mapped
    source = file
  }

  private static func open(
    _ path: String
  ) throws -> (bytes: UnsafeRawBufferPointer, source: SourceFile) {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path, "cannot be opened") }
    guard let source = SourceFile(descriptor: descriptor, path: path) else {
      defer { close(descriptor) }
      throw failure(path, "cannot be examined")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(path, "cannot be examined") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "not a regular file"
      throw BNormError.invalid("\(path) is \(kind)")
    }
    let size = Int(status.st_size)
    guard size > 0 else { return (UnsafeRawBufferPointer(start: nil, count: 0), source) }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      address != MAP_FAILED
    else { throw failure(path, "cannot be mapped") }
    return (UnsafeRawBufferPointer(start: address, count: size), source)
  }

  deinit {
    if let address = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
    }
  }

  /// Says that the file is read from front to back.
  public func adviseSequential() {
    guard let address = bytes.baseAddress else { return }
    madvise(UnsafeMutableRawPointer(mutating: address), bytes.count, MADV_SEQUENTIAL)
  }

  /// Gives back the memory of the whole pages in `range`; reading them again maps them again.
  public func drop(_ range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = (range.lowerBound + page - 1) / page * page
    let end = min(range.upperBound, bytes.count) / page * page
    guard let address = bytes.baseAddress, start < end else { return }
    madvise(UnsafeMutableRawPointer(mutating: address + start), end - start, MADV_DONTNEED)
  }

  private static func failure(_ path: String, _ what: String) -> BNormError {
    BNormError.invalid("\(path) \(what): \(String(cString: strerror(errno)))")
  }
}
