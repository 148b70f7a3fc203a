import BNormTensor

extension Tensor {
  /// The element of a string scalar.
  func scalarString(_ what: String) throws -> ByteString {
    guard dtype == .string, rank == 0 else {
      throw BNormError.invalid("\(what) has shape \(shape), expected a scalar")
    }
    return strings[0]
  }

  /// The element of an integer scalar.
  func scalarInteger(_ what: String) throws -> Int {
    guard rank == 0, let values = integers else {
      throw BNormError.invalid("\(what) has shape \(shape), expected an integer scalar")
    }
    return values[0]
  }

  /// Integers as a tensor of int32 or int64.
  static func integers(_ values: [Int], _ dtype: DType, shape: Shape? = nil) -> Tensor {
    let shape = shape ?? [values.count]
    return dtype == .int32
      ? Tensor(values.map { Int32(truncatingIfNeeded: $0) }, shape: shape)
      : Tensor(values.map { Int64($0) }, shape: shape)
  }
}
