import BNormTensor
import CBNormKernels

extension DType {
  /// The number under which the C kernels know this dtype.
  var kernel: bnk_dtype { bnk_dtype(UInt32(rawValue)) }
}

/// What an integer kernel found wrong with its values.
func checkKernelError(_ error: Int32) throws {
  if error & BNK_ERROR_DIVISION_BY_ZERO != 0 {
    throw BNormError.invalid("integer division by zero: input 1 contains 0")
  }
  if error & BNK_ERROR_NEGATIVE_POWER != 0 {
    throw BNormError.invalid(
      "integers to negative integer powers are not allowed: input 1 has a negative element")
  }
}
