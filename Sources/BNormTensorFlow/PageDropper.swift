import Glibc

/// Gives back the pages of a mapping behind the place where it is read.
final class PageDropper {
  private static let step = 1 << 20
  private let address: UnsafeMutableRawPointer?
  private var dropped = 0

  init(start: UnsafeRawBufferPointer) {
    address = UnsafeMutableRawPointer(mutating: start.baseAddress)
  }

  func drop(upTo offset: Int) {
    let end = offset / PageDropper.step * PageDropper.step
    guard end > dropped, let address else { return }
    madvise(address + dropped, end - dropped, MADV_DONTNEED)
    dropped = end
  }
}
