import BNormTensor
import Glibc

/// Packed weights of a session, by constant and layout.
public final class PackCache: @unchecked Sendable {
  private struct Key: Hashable {
    let storage: ObjectIdentifier
    let layout: String
    let factors: [Float]
  }
  private let lock = Lock()
  private var packed: [Key: (source: TensorStorage, packed: TensorStorage)] = [:]
  private var slab: PackSlab?

  public init() {}

  func find(
    _ constant: Tensor, layout: String, factors: Tensor?, byteCount: Int,
    _ pack: (_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) -> Void
  ) -> TensorStorage {
    let key = Key(
      storage: ObjectIdentifier(constant.storage), layout: layout,
      factors: factors?.array(Float.self) ?? [])
    return lock.withLock {
      if let found = packed[key] { return found.packed }
      let storage = allocate(byteCount)
      constant.storage.withTransientBytes { pack($0, storage.pointer) }
      packed[key] = (constant.storage, storage)
      return storage
    }
  }

  private func allocate(_ byteCount: Int) -> TensorStorage {
    guard byteCount >= PackSlab.smallest else { return TensorStorage(byteCount: byteCount) }
    if let storage = slab?.allocate(byteCount) { return storage }
    slab = PackSlab(atLeast: byteCount)
    return slab?.allocate(byteCount) ?? TensorStorage(byteCount: byteCount)
  }
}

/// Memory for many packed weights, in large pages where the system has them: fewer faults when it is
/// first written, and fewer look-ups of addresses when it is read.
private final class PackSlab: @unchecked Sendable {
  static let smallest = 32 << 10
  private static let size = 64 << 20
  private static let page = 2 << 20

  private let start: UnsafeMutableRawPointer
  private let mapped: (start: UnsafeMutableRawPointer, size: Int)
  private let end: Int
  private var used = 0

  init?(atLeast byteCount: Int) {
    let (wanted, overflow) = byteCount.addingReportingOverflow(PackSlab.page - 1)
    guard !overflow else { return nil }
    end = max(PackSlab.size, wanted / PackSlab.page * PackSlab.page)
    let size = end + PackSlab.page
    guard
      let address = mmap(
        nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
      address != MAP_FAILED
    else { return nil }
    mapped = (address, size)
    let gap = -Int(bitPattern: address) & (PackSlab.page - 1)
    start = address + gap
    madvise(start, end, MADV_HUGEPAGE)
  }

  deinit { munmap(mapped.start, mapped.size) }

  /// The next bytes; nil if they are not there. Not for several threads at once.
  func allocate(_ byteCount: Int) -> TensorStorage? {
    let rounded = (byteCount + 127) & ~63
    guard byteCount <= end - used, rounded <= end - used else { return nil }
    defer { used += rounded }
    return TensorStorage(external: start + used, byteCount: byteCount) { _ = self }
  }
}
