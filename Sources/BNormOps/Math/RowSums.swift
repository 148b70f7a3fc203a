import BNormTensor
import CBNormKernels

/// Sums of rows of a tensor; half and bfloat16 are summed in float.
struct RowSums {
  private let dtype: DType
  private let wide: DType
  private let row: Int
  private let out: Tensor
  private let sum: TensorStorage
  private let term: TensorStorage
  private let add: bnk_binary_fn
  private let multiply: bnk_binary_fn

  init(_ dtype: DType, row: Int, out: Tensor) {
    self.dtype = dtype
    wide = dtype == .half || dtype == .bfloat16 ? .float : dtype
    self.row = row
    self.out = out
    sum = TensorStorage(byteCount: row * wide.size)
    term = TensorStorage(byteCount: row * wide.size)
    add = bnk_binary(BNK_BINARY_ADD, wide.kernel)!
    multiply = bnk_binary(BNK_BINARY_MUL, wide.kernel)!
  }

  /// Makes all rows of the output 0.
  func zero(_ count: Int) { SegmentFill.zero.store(dtype, out.storage.pointer, count * row) }

  mutating func begin() { SegmentFill.zero.store(wide, sum.pointer, row) }

  mutating func add(_ data: UnsafeRawPointer, row index: Int, factor: Double = 1) {
    let source = data + index * row * dtype.size
    if wide == dtype, factor == 1 {
      add(sum.pointer, 1, source, 1, sum.pointer, row, nil)
      return
    }
    bnk_cast(dtype.kernel, wide.kernel, 0, source, term.pointer, row)
    if factor != 1 { times(factor, term.pointer) }
    add(sum.pointer, 1, UnsafeRawPointer(term.pointer), 1, sum.pointer, row, nil)
  }

  mutating func scale(_ factor: Double) {
    if factor != 1 { times(factor, sum.pointer) }
  }

  private func times(_ factor: Double, _ values: UnsafeMutableRawPointer) {
    if wide == .double {
      withUnsafePointer(to: factor) { multiply(values, 1, $0, 0, values, row, nil) }
    } else {
      withUnsafePointer(to: Float(factor)) { multiply(values, 1, $0, 0, values, row, nil) }
    }
  }

  /// Row `index` of the output becomes the sum.
  func store(_ index: Int) {
    let target = out.storage.pointer + index * row * dtype.size
    bnk_cast(wide.kernel, dtype.kernel, 0, sum.pointer, target, row)
  }
}
