import BNormTensor
import CBNormKernels

/// What a segment without rows holds.
enum SegmentFill {
  case zero, one, lowest, highest

  func store(_ dtype: DType, _ out: UnsafeMutableRawPointer, _ count: Int) {
    func fill<T>(_ value: T) {
      out.initializeMemory(as: T.self, repeating: value, count: count)
    }
    func integer<T: FixedWidthInteger>(_ type: T.Type) {
      switch self {
      case .zero: fill(T.zero)
      case .one: fill(T(1))
      case .lowest: fill(T.min)
      case .highest: fill(T.max)
      }
    }
    switch dtype {
    case .float:
      fill(pick(0, 1, -Float.greatestFiniteMagnitude, Float.greatestFiniteMagnitude))
    case .double:
      fill(pick(0, 1, -Double.greatestFiniteMagnitude, Double.greatestFiniteMagnitude))
    case .half: fill(pick(0, 0x3c00, 0xfbff, 0x7bff) as UInt16)
    case .bfloat16: fill(pick(0, 0x3f80, 0xff7f, 0x7f7f) as UInt16)
    case .complex64: fill(pick((0, 0), (1, 0), (0, 0), (0, 0)) as (Float, Float))
    case .complex128: fill(pick((0, 0), (1, 0), (0, 0), (0, 0)) as (Double, Double))
    case .int8, .qint8: integer(Int8.self)
    case .int16, .qint16: integer(Int16.self)
    case .int32, .qint32: integer(Int32.self)
    case .int64: integer(Int64.self)
    case .uint16, .quint16: integer(UInt16.self)
    case .uint32: integer(UInt32.self)
    case .uint64: integer(UInt64.self)
    default: integer(UInt8.self)
    }
  }

  private func pick<T>(_ zero: T, _ one: T, _ lowest: T, _ highest: T) -> T {
    switch self {
    case .zero: zero
    case .one: one
    case .lowest: lowest
    case .highest: highest
    }
  }
}

/// Combines rows of `row` elements into `count` segments. Ids below 0 are left out; all others are
/// below `count`. Like in TensorFlow every partial result has the precision of the dtype.
func foldSegments(
  _ fold: SegmentFold, _ dtype: DType, _ data: UnsafeRawPointer, _ ids: [Int], row: Int,
  _ out: UnsafeMutableRawPointer, count: Int, empty: SegmentFill
) {
  let size = dtype.size
  let rowBytes = row * size
  empty.store(dtype, out, count * row)
  guard row > 0 else { return }
  var rows = [Int](repeating: 0, count: count)
  let combine = bnk_binary(fold.op, dtype.kernel)!
  for (i, id) in ids.enumerated() where id >= 0 {
    let target = out + id * rowBytes
    let source = data + i * rowBytes
    if rows[id] == 0 {
      target.copyMemory(from: source, byteCount: rowBytes)
    } else {
      combine(target, 1, source, 1, target, row, nil)
    }
    rows[id] += 1
  }
  guard fold == .mean else { return }
  let divide = bnk_binary(BNK_BINARY_DIV, dtype.kernel)!
  withUnsafeTemporaryAllocation(byteCount: 16, alignment: 16) { divisor in
    for id in 0..<count where rows[id] > 1 {
      withUnsafePointer(to: Int64(rows[id])) {
        bnk_cast(BNK_INT64, dtype.kernel, 0, $0, divisor.baseAddress!, 1)
      }
      let target = out + id * rowBytes
      var error: Int32 = 0
      divide(target, 1, divisor.baseAddress!, 0, target, row, &error)
    }
  }
}
