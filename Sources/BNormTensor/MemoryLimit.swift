import Glibc

/// How much memory a tensor, or a plan, may ask for: what the machine has, or for large requests what
/// is left. A graph with a huge size in it is refused rather than killing the process.
public enum MemoryLimit {
  /// The machine's memory, or less where the process may use less.
  public static let bytes: Int = {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    var limit = pages > 0 && size > 0 ? pages &* size : 1 << 40
    for file in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
      if let text = firstLine(file), let given = Int(text), given > 0 { limit = min(limit, given) }
    }
    return limit
  }()

  /// From this size on, what is free counts.
  private static let large = 256 << 20

  public static func check(bytes: Int) throws {
    guard bytes > large, bytes > free else { return }
    throw BNormError.invalid(
      "\(bytes >> 20) MiB of memory are needed, but the machine has \(describe(free))")
  }

  /// Throws unless a tensor of this dtype and shape can be made.
  public static func check(_ dtype: DType, _ shape: Shape) throws {
    // Strings and objects are references of this size or more.
    let (bytes, overflow) = shape.count.multipliedReportingOverflow(by: dtype.isPlain ? dtype.size : 16)
    guard overflow || (bytes > large && bytes > free) else { return }
    throw BNormError.invalid(
      "a tensor of dtype \(dtype.name) and shape \(shape) does not fit the machine's memory of "
        + describe(free))
  }

  /// What is left for large requests.
  private static var free: Int {
    guard let line = firstLine("/proc/meminfo", after: "MemAvailable:"),
      let kilobytes = Int(line.drop { $0 == " " }.prefix { $0 != " " })
    else { return bytes }
    return min(bytes, kilobytes << 10)
  }

  private static func describe(_ free: Int) -> String {
    free < bytes ? "\(bytes >> 20) MiB, of which \(free >> 20) are free" : "\(bytes >> 20) MiB"
  }

  /// The rest of the first line that starts with `prefix`; nil if there is none.
  private static func firstLine(_ path: String, after prefix: String = "") -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    while fgets(&buffer, Int32(buffer.count), file) != nil {
      let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
      let line = String(decoding: bytes, as: UTF8.self)
      if line.hasPrefix(prefix) { return String(line.dropFirst(prefix.count)) }
    }
    return nil
  }
}

extension Shape {
  /// This shape, if a tensor of it and `dtype` fits the memory.
  public func fitting(_ dtype: DType) throws -> Shape {
    try MemoryLimit.check(dtype, self)
    return self
  }
}
