import Glibc

/// How much memory a tensor, or a plan, may ask for: what the machine has. A graph with a huge size in
/// it is refused rather than killing the process.
public enum MemoryLimit {
  public static let bytes: Int = {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    return pages > 0 && size > 0 ? pages &* size : 1 << 40
  }()

  public static func check(bytes: Int) throws {
    guard bytes > MemoryLimit.bytes else { return }
    throw BNormError.invalid(
      "\(bytes >> 20) MiB of memory are needed, but the machine has \(MemoryLimit.bytes >> 20) MiB")
  }

  /// Throws unless a tensor of this dtype and shape can be made.
  public static func check(_ dtype: DType, _ shape: Shape) throws {
    // Strings and objects are references of this size or more.
    let (bytes, overflow) = shape.count.multipliedReportingOverflow(by: dtype.isPlain ? dtype.size : 16)
    guard overflow || bytes > MemoryLimit.bytes else { return }
    throw BNormError.invalid(
      "a tensor of dtype \(dtype.name) and shape \(shape) does not fit the machine's "
        + "\(MemoryLimit.bytes >> 20) MiB of memory")
  }
}
