import BNormCore
import BNormTensor
import CBNormKernels

/// A sparse tensor as an op gets it: a row of indices for each value, and a shape.
struct SparseInput {
  /// `count` rows of `rank` indices.
  let cells: [Int]
  let values: Tensor
  let shape: [Int]

  var count: Int { values.count }
  var rank: Int { shape.count }

  /// The sparse tensor in inputs `first`, `first + 1` and `first + 2`.
  init(_ inputs: [Tensor], _ first: Int = 0) throws {
    try self.init(
      indices: inputs[first], values: inputs[first + 1], shape: inputs[first + 2], first)
  }

  init(indices: Tensor, values: Tensor, shape: Tensor, _ first: Int = 0) throws {
    let rows = try SparseInput.cells(indices, "input \(first) (indices)")
    guard values.rank == 1 else {
      throw BNormError.invalid(
        "input \(first + 1) (values) has shape \(values.shape), expected a vector")
    }
    guard values.count == indices.shape[0] else {
      throw BNormError.invalid(
        "input \(first + 1) (values) has \(values.count) elements, but input \(first) (indices) "
          + "has "
          + "shape \(indices.shape)")
    }
    let dims = try SparseInput.shape(shape, "input \(first + 2) (shape)")
    guard dims.count == indices.shape[1] else {
      throw BNormError.invalid(
        "input \(first + 2) (shape) has \(dims.count) elements, but input \(first) (indices) has "
          + "shape \(indices.shape)")
    }
    cells = rows
    self.values = values
    self.shape = dims
  }

  init(cells: [Int], values: Tensor, shape: [Int]) {
    self.cells = cells
    self.values = values
    self.shape = shape
  }

  /// The elements of a matrix of indices.
  static func cells(_ indices: Tensor, _ what: String) throws -> [Int] {
    guard indices.rank == 2, let values = indices.integers else {
      throw BNormError.invalid("\(what) has shape \(indices.shape), expected a matrix")
    }
    return values
  }

  /// The dimensions that a vector gives: none is negative, and their product fits an Int.
  static func shape(_ tensor: Tensor, _ what: String) throws -> [Int] {
    guard tensor.rank == 1, let dims = tensor.integers else {
      throw BNormError.invalid("\(what) has shape \(tensor.shape), expected a vector")
    }
    _ = try product(dims, what)
    return dims
  }

  /// The number of cells of a shape.
  @discardableResult
  static func product(_ dims: [Int], _ what: String) throws -> Int {
    var product = 1
    for dim in dims {
      guard dim >= 0 else {
        throw BNormError.invalid("\(what) is \(dims), which has a negative dimension")
      }
      let (next, overflow) = product.multipliedReportingOverflow(by: max(dim, 1))
      guard !overflow else {
        throw BNormError.invalid("\(what) is \(dims), which has too many elements")
      }
      product = next
    }
    return dims.contains(0) ? 0 : product
  }

  func cell(_ i: Int) -> ArraySlice<Int> { cells[i * rank..<(i + 1) * rank] }

  /// Throws unless each index lies in the shape.
  func requireInside(_ what: String = "input 0 (indices)") throws {
    for i in 0..<count {
      for d in 0..<rank {
        let index = cells[i * rank + d]
        guard index >= 0, index < shape[d] else {
          throw BNormError.invalid(
            "\(what): row \(i) is \(Array(cell(i))), out of range for shape \(shape)")
        }
      }
    }
  }

  /// For each entry, its position in the array of dimensions `dims` alone, row by row. The entries
  /// lie inside the shape.
  func keys(_ dims: [Int]) -> [Int] {
    var keys = [Int](repeating: 0, count: count)
    for i in 0..<count {
      var key = 0
      for d in dims { key = key &* shape[d] &+ cells[i * rank + d] }
      keys[i] = key
    }
    return keys
  }

  /// The order that sorts the entries row by row, equal ones as they come; nil when they are
  /// sorted.
  func order(_ keys: [Int]) -> [Int]? {
    if zip(keys, keys.dropFirst()).allSatisfy({ $0 <= $1 }) { return nil }
    return keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
  }

  /// The entries sorted row by row. They lie inside the shape.
  func sorted() -> SparseInput {
    guard let order = order(keys(Array(0..<rank))) else { return self }
    return picking(order)
  }

  /// The entries at `positions`.
  func picking(_ positions: [Int]) -> SparseInput {
    var picked: [Int] = []
    picked.reserveCapacity(positions.count * rank)
    for i in positions { picked += cell(i) }
    return SparseInput(cells: picked, values: values.selecting(positions), shape: shape)
  }

  /// Indices, values and shape as an op gives them.
  func outputs() -> [Tensor] {
    [Tensor.cells(cells, rank: rank, count: count), values, Tensor(shape.map { Int64($0) })]
  }

  /// Throws unless `other` has the same shape.
  func requireShape(of other: SparseInput) throws {
    guard rank == other.rank else {
      throw BNormError.invalid(
        "Operands do not have the same ranks; got shapes: \(shape) and \(other.shape)")
    }
    guard shape == other.shape else {
      throw BNormError.invalid(
        "Operands' shapes do not match; got shapes: \(shape) and \(other.shape)")
    }
  }
}

extension Tensor {
  static func cells(_ cells: [Int], rank: Int, count: Int) -> Tensor {
    Tensor(cells.map { Int64($0) }, shape: [count, rank])
  }

  /// The elements at `positions`; zero (the empty string) where a position is negative.
  func selecting(_ positions: [Int], shape: Shape? = nil) -> Tensor {
    let shape = shape ?? [positions.count]
    switch dtype {
    case .string:
      let strings = self.strings
      return Tensor(strings: positions.map { $0 < 0 ? .empty : strings[$0] }, shape: shape)
    case .resource, .variant:
      let objects = self.objects
      return Tensor(
        objects: positions.map { $0 < 0 ? nil : objects[$0] }, dtype: dtype, shape: shape)
    default:
      let out = Tensor(dtype: dtype, shape: shape)
      bnk_gather_offsets(
        out.storage.pointer, pointer, positions.map { Int64($0) }, positions.count, dtype.size)
      return out
    }
  }

  /// `shape` filled with this scalar.
  func repeated(_ shape: Shape) throws -> Tensor {
    try MemoryLimit.check(dtype, shape)
    switch dtype {
    case .string:
      return Tensor(strings: .init(repeating: strings[0], count: shape.count), shape: shape)
    case .resource, .variant:
      return Tensor(
        objects: .init(repeating: objects[0], count: shape.count), dtype: dtype, shape: shape)
    default:
      let out = Tensor(dtype: dtype, shape: shape)
      let size = dtype.size
      guard shape.count > 0 else { return out }
      // Doubles what is filled.
      out.storage.pointer.copyMemory(from: pointer, byteCount: size)
      var filled = 1
      while filled < shape.count {
        let next = min(filled, shape.count - filled)
        (out.storage.pointer + filled * size).copyMemory(
          from: out.pointer, byteCount: next * size)
        filled += next
      }
      return out
    }
  }

  /// Combines `updates` (one scalar or an element a position) into this tensor, which is the
  /// caller's own; negative positions are skipped.
  func scatter(_ updates: Tensor, at positions: [Int], _ op: bnk_scatter_op) throws {
    if dtype == .string || !dtype.isPlain {
      for (i, position) in positions.enumerated() where position >= 0 {
        let source = updates.count == 1 && positions.count != 1 ? 0 : i
        if dtype == .string {
          storage.strings[position] = updates.strings[source]
        } else {
          storage.objects[position] = updates.objects[source]
        }
      }
      return
    }
    let ran = bnk_scatter_run(
      storage.pointer, updates.pointer, positions.map { Int64($0) }, positions.count, 1,
      Int32(dtype.rawValue), op, updates.rank == 0)
    guard ran else { throw BNormError.unsupported("dtype \(dtype.name)") }
  }

  /// `op` of the elements of two tensors of one dtype and count.
  static func combining(_ a: Tensor, _ b: Tensor, _ op: bnk_binary_op) throws -> Tensor {
    guard let function = bnk_binary(op, bnk_dtype(UInt32(a.dtype.rawValue))) else {
      throw BNormError.unsupported("dtype \(a.dtype.name)")
    }
    let out = Tensor(dtype: a.dtype, shape: a.shape)
    var error: Int32 = 0
    function(a.pointer, 1, b.pointer, 1, out.storage.pointer, a.count, &error)
    guard error & BNK_ERROR_DIVISION_BY_ZERO == 0 else {
      throw BNormError.invalid("integer division by zero")
    }
    return out
  }
}

extension BNormError {
  static func shape(_ i: Int, _ name: String, _ tensor: Tensor, _ expected: String) -> BNormError {
    .invalid("input \(i) (\(name)) has shape \(tensor.shape), expected \(expected)")
  }
}
