import BNormTensor

extension Tensor {
  /// The same values with another dtype; throws where a value would change (other than by rounding
  /// to a floating dtype).
  public func converted(to dtype: DType) throws -> Tensor {
    if dtype == self.dtype { return self }
    guard let cast = FeedConversion.cast(self, to: dtype) else {
      throw FeedConversion.misfit(self, dtype)
    }
    return cast
  }
}

extension Graph {
  /// The dtype of the tensor `name` or `name:port`.
  public func dtype(of name: String) throws -> DType {
    let value = try value(named: name)
    let node = nodes[Int(value.node)]
    guard Int(value.port) < node.outputDTypes.count else {
      throw BNormError.unsupported("\(node.op) \"\(node.name)\" is an op that bnorm lacks")
    }
    return node.outputDTypes[Int(value.port)]
  }
}
