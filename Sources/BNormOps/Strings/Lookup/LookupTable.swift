import BNormCore
import BNormTensor

/// An element of a table's keys.
enum LookupKey: Hashable, Sendable {
  case integer(Int64)
  case string(ByteString)
  /// A key of several elements, by their bytes.
  case bytes([UInt8])

  /// The keys of a tensor; with `width` above 1 each is a row.
  static func keys(_ tensor: Tensor, rowShape: Shape = .scalar) -> [LookupKey] {
    let width = rowShape.count
    if rowShape.rank == 0 {
      switch tensor.dtype {
      case .string: return tensor.strings.map { .string($0) }
      case .int64: return tensor.elements(Int64.self).map { .integer($0) }
      case .int32: return tensor.elements(Int32.self).map { .integer(Int64($0)) }
      default: break
      }
    }
    if tensor.dtype == .string {
      let rows = width == 0 ? 0 : tensor.count / width
      return (0..<rows).map { r in
        .bytes(tensor.strings[(r * width)..<((r + 1) * width)].flatMap { Array(String($0.count).utf8) + [0] + $0.bytes })
      }
    }
    let size = max(width * tensor.dtype.size, 1)
    return (0..<(tensor.byteCount / size)).map { r in
      .bytes(Array(UnsafeRawBufferPointer(start: tensor.pointer + r * size, count: size)))
    }
  }
}

/// A table of the session: keys with values of one shape.
final class LookupTable: TensorObject, @unchecked Sendable {
  enum Kind: Sendable {
    /// Initialised once, then only read.
    case initializedOnce
    case mutable
    /// Keys that mean an empty and a deleted bucket and cannot be stored.
    case dense(empty: LookupKey, deleted: LookupKey)
  }

  let keyDType: DType
  let valueDType: DType
  let keyShape: Shape
  let valueShape: Shape
  let kind: Kind
  private let lock = Lock()
  private var index: [LookupKey: Int] = [:]
  /// By entry: one row of keys and of values; nil where an entry was removed.
  private var keyRows: [Tensor?] = []
  private var valueRows: [Tensor?] = []
  private var initialized = false

  init(
    keyDType: DType, valueDType: DType, keyShape: Shape = .scalar, valueShape: Shape = .scalar,
    kind: Kind
  ) {
    self.keyDType = keyDType
    self.valueDType = valueDType
    self.keyShape = keyShape
    self.valueShape = valueShape
    self.kind = kind
  }

  var typeName: String { "LookupTable" }
  var isInitialized: Bool {
    if case .initializedOnce = kind { return lock.withLock { initialized } }
    return true
  }
  var count: Int { lock.withLock { index.count } }

  func checkTypes(keys: DType, values: DType?) throws {
    guard keys == keyDType else {
      throw BNormError.invalid("keys have dtype \(keys.name), the table's keys \(keyDType.name)")
    }
    if let values, values != valueDType {
      throw BNormError.invalid("values have dtype \(values.name), the table's \(valueDType.name)")
    }
  }

  /// The shape of the keys without the shape of one key.
  func outerShape(_ keys: Tensor) throws -> Shape {
    let d = keys.shape.dimensions
    guard d.count >= keyShape.rank, Array(d.suffix(keyShape.rank)) == keyShape.dimensions else {
      throw BNormError.invalid("keys have shape \(keys.shape), which does not end in \(keyShape)")
    }
    if case .dense = kind, keys.count != (d.first ?? 1) * keyShape.count {
      throw BNormError.invalid(
        "keys have shape \(keys.shape), expected \(Shape([d.first ?? 1] + keyShape.dimensions))")
    }
    return Shape(Array(d.dropLast(keyShape.rank)))
  }

  private func checkValues(_ keys: Tensor, _ values: Tensor) throws -> Int {
    try checkTypes(keys: keys.dtype, values: values.dtype)
    let outer = try outerShape(keys)
    guard values.shape.dimensions == outer.dimensions + valueShape.dimensions else {
      throw BNormError.invalid(
        "values have shape \(values.shape), expected \(Shape(outer.dimensions + valueShape.dimensions))")
    }
    return outer.count
  }

  /// The values of keys; `defaults` has the shape of one value, or of all.
  func find(_ keys: Tensor, _ defaults: Tensor) throws -> Tensor {
    try checkTypes(keys: keys.dtype, values: defaults.dtype)
    guard isInitialized else { throw BNormError.invalid("the table is not initialized") }
    let outer = try outerShape(keys)
    let shape = try Shape(checking: outer.dimensions + valueShape.dimensions)
    let isShared = defaults.shape == valueShape
    guard isShared || defaults.shape == shape else {
      throw BNormError.invalid(
        "default_value has shape \(defaults.shape), expected \(valueShape) or \(shape)")
    }
    let wanted = LookupKey.keys(keys, rowShape: keyShape)
    for key in wanted { try checkReserved(key) }
    let rows = lock.withLock { wanted.map { index[$0].flatMap { valueRows[$0] } } }
    let width = valueShape.count
    var parts = TensorRows(dtype: valueDType, shape: shape, width: width)
    for (i, row) in rows.enumerated() {
      if let row { parts.set(i, row, 0) } else { parts.set(i, defaults, isShared ? 0 : i) }
    }
    return parts.tensor
  }

  private func checkReserved(_ key: LookupKey) throws {
    guard case .dense(let empty, let deleted) = kind else { return }
    guard key != empty else { throw BNormError.invalid("the empty_key cannot be used as a key") }
    guard key != deleted else { throw BNormError.invalid("the deleted_key cannot be used as a key") }
  }

  func insert(_ keys: Tensor, _ values: Tensor) throws {
    let count = try checkValues(keys, values)
    let wanted = LookupKey.keys(keys, rowShape: keyShape)
    for key in wanted { try checkReserved(key) }
    lock.withLock {
      for i in 0..<count { put(wanted[i], i, keys, values) }
    }
  }

  private func put(_ key: LookupKey, _ i: Int, _ keys: Tensor, _ values: Tensor) {
    let row = TensorRows.row(values, i, valueShape)
    if let entry = index[key] {
      valueRows[entry] = row
    } else {
      index[key] = keyRows.count
      keyRows.append(TensorRows.row(keys, i, keyShape))
      valueRows.append(row)
    }
  }

  /// Fills a table that is initialised once; the same content twice is no error.
  func initialize(_ keys: Tensor, _ values: Tensor) throws {
    let count = try checkValues(keys, values)
    let wanted = LookupKey.keys(keys, rowShape: keyShape)
    guard count > 0 else { throw BNormError.invalid("keys and values cannot be empty tensors") }
    try lock.withLock {
      guard !initialized else { return }
      for i in 0..<count {
        if let entry = index[wanted[i]], let old = valueRows[entry],
          LookupKey.keys(old) != LookupKey.keys(TensorRows.row(values, i, valueShape))
        {
          throw BNormError.invalid("the table has the key \(wanted[i]) twice with different values")
        }
        put(wanted[i], i, keys, values)
      }
      initialized = true
    }
  }

  func remove(_ keys: Tensor) throws {
    try checkTypes(keys: keys.dtype, values: nil)
    _ = try outerShape(keys)
    let wanted = LookupKey.keys(keys, rowShape: keyShape)
    for key in wanted { try checkReserved(key) }
    lock.withLock {
      for key in wanted {
        guard let entry = index.removeValue(forKey: key) else { continue }
        keyRows[entry] = nil
        valueRows[entry] = nil
      }
    }
  }

  func replaceAll(_ keys: Tensor, _ values: Tensor) throws {
    if case .dense(let empty, let deleted) = kind {
      return try replaceBuckets(keys, values, empty, deleted)
    }
    _ = try checkValues(keys, values)
    lock.withLock {
      index = [:]
      keyRows = []
      valueRows = []
    }
    try insert(keys, values)
  }

  /// A dense table is imported as it is exported: a row for each bucket, unused ones among them.
  private func replaceBuckets(
    _ keys: Tensor, _ values: Tensor, _ empty: LookupKey, _ deleted: LookupKey
  ) throws {
    try checkTypes(keys: keys.dtype, values: values.dtype)
    let count = keys.shape.dimensions.first ?? 0
    for (name, tensor, row) in [("keys", keys, keyShape), ("values", values, valueShape)]
    where tensor.rank == 0 || tensor.shape[0] != count || tensor.count != count * row.count {
      throw BNormError.invalid(
        "\(name) have shape \(tensor.shape), expected \(exportShape(count, row))")
    }
    let buckets = keys.reshaped(Shape([count] + keyShape.dimensions))
    let wanted = LookupKey.keys(buckets, rowShape: keyShape)
    let rows = values.reshaped(Shape([count] + valueShape.dimensions))
    lock.withLock {
      index = [:]
      keyRows = []
      valueRows = []
      for i in 0..<count where wanted[i] != empty && wanted[i] != deleted {
        put(wanted[i], i, buckets, rows)
      }
    }
  }

  /// A dense table exports matrices, the others rows of the values' shape.
  private func exportShape(_ count: Int, _ row: Shape) -> Shape {
    if case .dense = kind { return [count, row.count] }
    return Shape([count] + row.dimensions)
  }

  func export() throws -> (keys: Tensor, values: Tensor) {
    let (k, v) = lock.withLock { (keyRows.compactMap { $0 }, valueRows.compactMap { $0 }) }
    var keys = TensorRows(
      dtype: keyDType, shape: exportShape(k.count, keyShape), width: keyShape.count)
    var values = TensorRows(
      dtype: valueDType, shape: exportShape(v.count, valueShape), width: valueShape.count)
    for i in k.indices {
      keys.set(i, k[i], 0)
      values.set(i, v[i], 0)
    }
    return (keys.tensor, values.tensor)
  }
}

extension LookupTable: TableObject {
  var isFixed: Bool { if case .initializedOnce = kind { true } else { false } }

  func entries() throws -> (keys: Tensor, values: Tensor) {
    let (keys, values) = try export()
    return (
      keys.reshaped(Shape([keys.shape[0]] + keyShape.dimensions)),
      values.reshaped(Shape([values.shape[0]] + valueShape.dimensions))
    )
  }
}

/// Builds a tensor row by row, whatever its dtype.
struct TensorRows {
  private let out: Tensor
  private let width: Int

  init(dtype: DType, shape: Shape, width: Int) {
    out = Tensor(dtype: dtype, shape: shape)
    self.width = width
  }

  var tensor: Tensor { out }

  /// Row `i` becomes row `from` of `source`.
  mutating func set(_ i: Int, _ source: Tensor, _ from: Int) {
    switch out.dtype {
    case .string:
      for k in 0..<width { out.storage.strings[i * width + k] = source.strings[from * width + k] }
    case .resource, .variant:
      for k in 0..<width { out.storage.objects[i * width + k] = source.objects[from * width + k] }
    default:
      let size = width * out.dtype.size
      (out.storage.pointer + i * size).copyMemory(from: source.pointer + from * size, byteCount: size)
    }
  }

  static func row(_ tensor: Tensor, _ i: Int, _ shape: Shape) -> Tensor {
    var rows = TensorRows(dtype: tensor.dtype, shape: shape, width: shape.count)
    rows.set(0, tensor, i)
    return rows.tensor
  }
}
