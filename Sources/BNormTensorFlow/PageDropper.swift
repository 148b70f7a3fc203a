import Glibc

/// Gives back the pages of a mapping behind the place where it is read.
final class PageDropper {
  private static let step = 1 << 20
  private let start: UnsafeRawPointer?
  private var dropped = 0

  /// `bytes` must begin at a page; nil for bytes that are not mapped.
  init(_ bytes: UnsafeRawBufferPointer?) { start = bytes?.baseAddress }

  /// Says that nothing before `address` will be read again.
  func drop(upTo address: UnsafeRawPointer) {
    guard let start else { return }
    let end = (address - start) / PageDropper.step * PageDropper.step
    guard end > dropped else { return }
    madvise(UnsafeMutableRawPointer(mutating: start) + dropped, end - dropped, MADV_DONTNEED)
    dropped = end
  }
}
