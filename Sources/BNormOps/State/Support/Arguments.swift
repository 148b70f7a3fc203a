import BNormCore
import BNormTensor

extension Array where Element == Tensor {
  /// The integer that input `i` is.
  func integer(_ i: Int, _ name: String) throws -> Int {
    guard self[i].count == 1, self[i].rank <= 1, let value = self[i].integers?.first else {
      throw BNormError.invalid(
        "input \(i) (\(name)) has dtype \(self[i].dtype.name) and shape \(self[i].shape), "
          + "expected an integer scalar")
    }
    return value
  }

  /// The integer that input `i`, a scalar, is.
  func scalarInteger(_ i: Int, _ name: String) throws -> Int {
    guard self[i].rank == 0 else {
      throw BNormError.invalid(
        "input \(i) (\(name)) has shape \(self[i].shape), expected a scalar")
    }
    return try integer(i, name)
  }

  /// The integers of input `i`, a vector.
  func integers(_ i: Int, _ name: String) throws -> [Int] {
    guard self[i].rank == 1, let values = self[i].integers else {
      throw BNormError.invalid("input \(i) (\(name)) has shape \(self[i].shape), expected a vector")
    }
    return values
  }

  /// The shape that input `i` gives: a vector with -1 for what is unknown, or -1 for no rank.
  func partialShape(_ i: Int, _ name: String) throws -> PartialShape {
    try PartialShape(argument: self[i], "input \(i) (\(name))")
  }

  /// The object of type `T` that input `i` holds.
  func object<T: TensorObject>(_ i: Int, _ type: T.Type = T.self, _ name: String) throws -> T {
    try self[i].object(type, "input \(i) (\(name))")
  }
}

extension Tensor {
  /// The object that a scalar of dtype resource or variant holds.
  func object<T: TensorObject>(_ type: T.Type = T.self, _ what: String) throws -> T {
    guard dtype == .resource || dtype == .variant, objects.count == 1, let object = objects[0] else {
      throw BNormError.invalid("\(what) is no scalar that holds a \(T.self)")
    }
    guard let typed = object as? T else {
      throw BNormError.invalid("\(what) holds a \(object.typeName), expected a \(T.self)")
    }
    return typed
  }
}

extension PartialShape {
  init(argument tensor: Tensor, _ what: String) throws {
    guard let values = tensor.integers else {
      throw BNormError.invalid("\(what) has dtype \(tensor.dtype.name), expected a shape")
    }
    if tensor.rank == 0 {
      guard values[0] == -1 else {
        throw BNormError.invalid("\(what) is \(values[0]); only a scalar of -1 stands for a shape")
      }
      self = .unknown
      return
    }
    guard tensor.rank == 1 else {
      throw BNormError.invalid("\(what) has shape \(tensor.shape), expected a vector")
    }
    guard values.allSatisfy({ $0 >= -1 }) else {
      throw BNormError.invalid("\(what) is \(values), which has a dimension below -1")
    }
    if !values.contains(-1) { _ = try Shape(checking: values) }
    self.init(values)
  }

  /// The shape as a tensor: what `init(argument:)` reads.
  func tensor(_ dtype: DType) -> Tensor {
    guard let dimensions else {
      return dtype == .int32 ? Tensor(scalar: Int32(-1)) : Tensor(scalar: Int64(-1))
    }
    return dtype == .int32
      ? Tensor(dimensions.map { Int32(clamping: $0) }) : Tensor(dimensions.map { Int64($0) })
  }

  /// The shape that constant `fact` gives, unknown where it is not constant.
  init(fact: Fact) {
    if let value = fact.value, let shape = try? PartialShape(argument: value, "") {
      self = shape
    } else if fact.shape.rank == 1, let rank = fact.shape[0] {
      self = .unknown(rank: rank)
    } else {
      self = .unknown
    }
  }

  /// `count` (nil: unknown) elements of this shape.
  func stacked(_ count: Int?) -> PartialShape {
    guard let dimensions else { return .unknown }
    return PartialShape([count ?? -1] + dimensions)
  }
}
