import BNormTensor

extension Feature {
  /// Throws unless the values are of `dtype`; false if there are none.
  func isPresent(as dtype: DType, _ what: @autoclosure () -> String) throws -> Bool {
    guard let own = self.dtype else { return false }
    guard own == dtype else {
      throw BNormError.invalid(
        "\(what()). Data types don't match. Expected type: \(dtype.name), Actual type: \(own.name)")
    }
    return true
  }
}

/// A feature of any length, gathered as a sparse tensor. `depth` indices lead to each list.
struct SparseColumn {
  let key: ByteString
  let depth: Int
  private var values: FeatureValues
  private var cells: [Int64] = []
  private var longest = 0

  init(key: ByteString, dtype: DType, depth: Int) {
    self.key = key
    self.depth = depth
    values = FeatureValues(dtype)
  }

  mutating func add(_ feature: Feature, at place: [Int], _ label: String) throws {
    guard try feature.isPresent(as: values.dtype, "\(label), Key: \(key)") else { return }
    for i in 0..<feature.count {
      for index in place { cells.append(Int64(index)) }
      cells.append(Int64(i))
    }
    values.append(feature)
    longest = max(longest, feature.count)
  }

  /// Indices, values and shape; `sizes` are the dimensions before the lists' own.
  func outputs(_ sizes: [Int]) -> [Tensor] {
    [
      Tensor(cells, shape: [values.count, depth + 1]), values.tensor(),
      Tensor((sizes + [longest]).map { Int64($0) }),
    ]
  }
}

/// A feature of any length, gathered as a ragged tensor.
struct RaggedColumn {
  let key: ByteString
  private let splitDType: DType
  private var values: FeatureValues
  private var splits = [0]

  init(key: ByteString, dtype: DType, splitDType: DType) {
    self.key = key
    self.splitDType = splitDType
    values = FeatureValues(dtype)
  }

  mutating func add(_ feature: Feature, _ label: String) throws {
    if try feature.isPresent(as: values.dtype, "\(label), Key: \(key)") { values.append(feature) }
    splits.append(values.count)
  }

  var rowCount: Int { splits.count - 1 }
  var valueTensor: Tensor { values.tensor() }
  var splitTensor: Tensor { splits.asTensor(splitDType) }
}

extension [Int] {
  /// The integers as a tensor of int32 or int64.
  func asTensor(_ dtype: DType) -> Tensor {
    dtype == .int32 ? Tensor(map { Int32(clamping: $0) }) : Tensor(map { Int64($0) })
  }
}

/// A feature of fixed shape, or of a shape whose first dimension varies.
struct DenseColumn {
  let key: ByteString
  let shape: [Int]
  private let defaultValue: Tensor
  private var values: FeatureValues
  /// The lists, where the length varies.
  private var lists: [Feature] = []
  private let unit: Int
  var varies: Bool { shape.first == -1 }

  init(key: ByteString, shape: PartialShape, defaultValue: Tensor, number: Int) throws {
    guard let dims = shape.dimensions, dims.dropFirst().allSatisfy({ $0 >= 0 }) else {
      throw BNormError.invalid("dense_shapes[\(number)] is \(shape), which is not fully defined")
    }
    self.key = key
    self.shape = dims
    self.defaultValue = defaultValue
    values = FeatureValues(defaultValue.dtype)
    let fixed = try Shape(checking: dims.first == -1 ? Array(dims.dropFirst()) : dims)
    unit = fixed.count
    if dims.first == -1 {
      guard defaultValue.count == 1 else {
        throw BNormError.invalid(
          "dense_shape[\(number)] is a variable length shape: \(shape), therefore "
            + "def_value[\(number)] "
            + "must contain a single element (the padding element), but its shape is "
            + "\(defaultValue.shape)")
      }
    } else if defaultValue.count > 0, defaultValue.shape != fixed {
      throw BNormError.invalid(
        "def_value[\(number)].shape() == \(defaultValue.shape) is not compatible with "
          + "dense_shapes_[\(number)] == \(shape)")
    }
  }

  mutating func add(_ feature: Feature?, _ label: String) throws {
    let what = "\(label), Key: \(key)"
    guard let feature, try feature.isPresent(as: values.dtype, what) else {
      if varies { return lists.append(.none) }
      guard defaultValue.count > 0 else {
        throw BNormError.invalid(
          "\(label), Feature: \(key) (data type: \(values.dtype.name)) is required but could not "
            + "be "
            + "found.")
      }
      return values.append(defaultValue)
    }
    if varies {
      guard unit > 0, feature.count % unit == 0 else {
        throw BNormError.invalid(
          "\(what). Number of \(values.dtype.name) values is not a multiple of stride length. Saw "
            + "\(feature.count) values but output shape is \(PartialShape(shape))")
      }
      return lists.append(feature)
    }
    guard feature.count == unit else {
      throw BNormError.invalid(
        "\(what). Number of \(values.dtype.name) values != expected. Values size: "
          + "\(feature.count) but "
          + "output shape: \(shape)")
    }
    values.append(feature)
  }

  /// The tensor of `batch` examples, or of one by itself.
  func output(batch: Int?) throws -> Tensor {
    guard varies else {
      return values.tensor(try Shape(checking: (batch.map { [$0] } ?? []) + shape))
    }
    let longest = (lists.map(\.count).max() ?? 0) / max(unit, 1)
    let row = [longest] + shape.dropFirst()
    let whole = try Shape(checking: (batch.map { [$0] } ?? []) + row)
    try MemoryLimit.check(values.dtype, whole)
    var out = FeatureValues(values.dtype)
    for list in lists {
      out.append(list)
      out.pad(defaultValue, count: longest * unit - list.count)
    }
    return out.tensor(whole)
  }
}
