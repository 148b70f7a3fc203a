import BNormTensor

extension Tensor {
  /// The same values with another dtype; throws where a value would change (other than by rounding
  /// to a floating dtype).
  public func converted(to dtype: DType) throws -> Tensor {
    if dtype == self.dtype { return self }
    guard let cast = FeedConversion.cast(self, to: dtype) else {
      throw BNormError.invalid(
        "a tensor of dtype \(self.dtype.name) does not convert to \(dtype.name) "
          + "without changing values")
    }
    return cast
  }
}

extension Graph {
  /// The dtype of the tensor `name` or `name:port`.
  public func dtype(of name: String) throws -> DType {
    let value = try value(named: name)
    return nodes[Int(value.node)].outputDTypes[Int(value.port)]
  }
}
