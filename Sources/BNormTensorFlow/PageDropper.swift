import BNormTensor
import Glibc

/// Gives back the pages of a mapping behind the place where it is read.
final class PageDropper {
  private static let step = 1 << 20
  private let start: UnsafeRawPointer?
  private var dropped = 0
  /// The file that is mapped.
  let source: SourceFile?

  /// `bytes` must begin at a page; nil for bytes that are not mapped.
  init(_ bytes: UnsafeRawBufferPointer?, source: SourceFile? = nil) {
    start = bytes?.baseAddress
    self.source = source
  }

  /// Where `address` lies in the file.
  func offset(of address: UnsafeRawPointer?) -> Int? {
    guard let start, let address else { return nil }
    return address - start
  }

  /// Says that nothing before `address` will be read again.
  func drop(upTo address: UnsafeRawPointer) {
    guard let start else { return }
    let end = (address - start) / PageDropper.step * PageDropper.step
    guard end > dropped else { return }
    madvise(UnsafeMutableRawPointer(mutating: start) + dropped, end - dropped, MADV_DONTNEED)
    dropped = end
  }
}
