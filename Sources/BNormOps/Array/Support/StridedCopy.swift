import BNormTensor
import CBNormKernels

/// One side of a strided copy: where it starts and how far apart its dimensions lie, in elements.
struct StridedView {
  var offset: Int
  var strides: [Int]

  init(offset: Int = 0, _ strides: [Int]) {
    self.offset = offset
    self.strides = strides
  }
}

/// A copy between two strided arrays, prepared once and run often.
final class StridedCopy: @unchecked Sendable {
  // Safe: written in `init` only.
  private let copy: UnsafeMutablePointer<bnk_copy>
  private let sourceOffset: Int
  private let targetOffset: Int

  /// `dims` are the sizes of both sides; the target's elements must be distinct.
  init(size: Int, _ dims: [Int], from source: StridedView, to target: StridedView) throws {
    var source = source
    var target = target
    for i in dims.indices where target.strides[i] < 0 && dims[i] > 0 {
      source.offset += (dims[i] - 1) * source.strides[i]
      target.offset += (dims[i] - 1) * target.strides[i]
      source.strides[i] = -source.strides[i]
      target.strides[i] = -target.strides[i]
    }
    copy = .allocate(capacity: 1)
    sourceOffset = source.offset * size
    targetOffset = target.offset * size
    let fits = bnk_copy_prepare(
      copy, size, dims.count, dims.map { Int64($0) }, source.strides.map { Int64($0) },
      target.strides.map { Int64($0) })
    guard fits else {
      throw BNormError.unsupported("a copy of more than \(BNK_COPY_RANK) dimensions")
    }
  }

  deinit { copy.deallocate() }

  func run(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
    bnk_copy_run(copy, source + sourceOffset, target + targetOffset)
  }
}

extension UnsafeMutableRawPointer {
  /// Fills `count` elements of `size` bytes with the one at `element`.
  func fill(_ element: UnsafeRawPointer, count: Int, size: Int) {
    guard count > 0, let copy = try? StridedCopy(
      size: size, [count], from: StridedView([0]), to: StridedView([1]))
    else { return }
    copy.run(element, self)
  }
}
