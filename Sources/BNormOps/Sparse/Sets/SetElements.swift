import BNormCore
import BNormTensor

/// The elements of several tensors as integers that compare as the elements do: integers stand for
/// themselves, strings for their place among all strings.
struct SetElements {
  /// The integers of each tensor.
  let keys: [[Int]]
  private let dtype: DType
  private let strings: [ByteString]

  init(_ tensors: [Tensor]) {
    dtype = tensors[0].dtype
    guard dtype == .string else {
      strings = []
      keys = tensors.map { $0.integers ?? [] }
      return
    }
    let sorted = Set(tensors.flatMap(\.strings)).sorted()
    let places = Dictionary(uniqueKeysWithValues: zip(sorted, 0...))
    strings = sorted
    keys = tensors.map { $0.strings.map { places[$0]! } }
  }

  /// A vector of the elements that `keys` stand for.
  func tensor(_ keys: [Int]) -> Tensor {
    switch dtype {
    case .string: Tensor(strings: keys.map { strings[$0] }, shape: [keys.count])
    case .int8: Tensor(keys.map { Int8(truncatingIfNeeded: $0) })
    case .int16: Tensor(keys.map { Int16(truncatingIfNeeded: $0) })
    case .int32: Tensor(keys.map { Int32(truncatingIfNeeded: $0) })
    case .uint8: Tensor(keys.map { UInt8(truncatingIfNeeded: $0) })
    case .uint16: Tensor(keys.map { UInt16(truncatingIfNeeded: $0) })
    default: Tensor(keys.map { Int64($0) })
    }
  }
}

/// A set in the last dimension of a tensor: where it lies in the other dimensions, and its elements
/// in rising order without repetitions.
struct GroupSet {
  let place: [Int]
  let elements: [Int]

  init(place: [Int], _ keys: some Sequence<Int>) {
    self.place = place
    elements = uniqued(keys.sorted())
  }

  /// The rows of a dense tensor.
  static func dense(_ keys: [Int], shape: Shape) -> [GroupSet] {
    let length = shape[shape.rank - 1]
    let places = shape.dimensions.dropLast()
    var place = [Int](repeating: 0, count: places.count)
    return (0..<shape.product(0..<shape.rank - 1)).map { row in
      defer {
        var i = place.count - 1
        while i >= 0 {
          place[i] += 1
          if place[i] < places[i] { break }
          place[i] = 0
          i -= 1
        }
      }
      return GroupSet(place: place, keys[row * length..<(row + 1) * length])
    }
  }

  /// The rows of a sparse tensor that have elements, in the order of its indices.
  static func sparse(
    _ indices: Tensor, _ keys: [Int], shape: [Int], first: Int, validates: Bool
  ) throws -> [GroupSet] {
    let rank = shape.count
    let index = indices.elements(Int64.self)
    var groups: [GroupSet] = []
    var start = 0
    for row in 0..<keys.count {
      let here = index[row * rank..<(row + 1) * rank]
      for (i, bound) in zip(here, shape) where i < 0 || i >= Int64(bound) {
        throw BNormError.invalid(
          "input \(first) (indices): index \(Array(here)) is outside of shape \(shape)")
      }
      guard row > 0 else { continue }
      let before = index[(row - 1) * rank..<row * rank]
      if validates, !before.lexicographicallyPrecedes(here) {
        throw BNormError.invalid(
          "input \(first) (indices): index \(Array(here)) follows \(Array(before)), expected "
            + "rising indices without repetitions")
      }
      if !before.dropLast().elementsEqual(here.dropLast()) {
        groups.append(GroupSet(place: before.dropLast().map { Int($0) }, keys[start..<row]))
        start = row
      }
    }
    if let last = keys.indices.last {
      let place = index[last * rank..<(last + 1) * rank - 1].map { Int($0) }
      groups.append(GroupSet(place: place, keys[start...]))
    }
    return groups
  }
}

private func uniqued(_ sorted: [Int]) -> [Int] {
  var out: [Int] = []
  for x in sorted where x != out.last { out.append(x) }
  return out
}

/// The dense shape of a sparse set whose parts are inputs `first` to `first + 2`.
func sparseSetShape(_ inputs: [Tensor], first: Int) throws -> [Int] {
  let (indices, values, shape) = (inputs[first], inputs[first + 1], inputs[first + 2])
  guard indices.rank == 2, values.rank == 1, shape.rank == 1, indices.shape[0] == values.count,
    indices.shape[1] == shape.count
  else {
    throw BNormError.invalid(
      "inputs \(first) to \(first + 2) have shapes \(indices.shape), \(values.shape) and "
        + "\(shape.shape), which do not make indices, values and shape of a sparse tensor")
  }
  let dimensions = try Shape(checking: shape.integers ?? []).dimensions
  guard dimensions.count >= 2 else {
    throw BNormError.invalid(
      "input \(first + 2) (shape) is \(dimensions), expected at least rank 2")
  }
  return dimensions
}

/// Checks what is known of the parts of a sparse set; the rank of the set, if known.
func inferSparseSet(_ inputs: [Fact], first: Int) throws -> Int? {
  let (indices, values, shape) = (
    inputs[first].shape, inputs[first + 1].shape, inputs[first + 2].shape
  )
  try indices.requireRank(2, "input \(first) (indices)")
  try values.requireRank(1, "input \(first + 1) (values)")
  try shape.requireRank(1, "input \(first + 2) (shape)")
  if let a = indices[0], let b = values[0], a != b {
    throw BNormError.invalid(
      "input \(first) (indices) has shape \(indices), but input \(first + 1) (values) has \(values)"
    )
  }
  if let a = indices[1], let b = shape[0], a != b {
    throw BNormError.invalid(
      "input \(first) (indices) has shape \(indices), but input \(first + 2) (shape) has \(shape)")
  }
  return shape[0] ?? indices[1]
}
