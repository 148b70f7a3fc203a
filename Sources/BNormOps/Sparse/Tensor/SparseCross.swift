import BNormCore
import BNormTensor
import CBNormKernels

/// All combinations of the features of each row, one of every input; joined as text or hashed.
struct SparseCross: EagerOperation {
  static let opNames = ["SparseCross", "SparseCrossV2", "SparseCrossHashed"]
  private enum Form {
    case joined
    case hashed(key: UInt64, buckets: Int)
    case keyed
  }
  private let op: String
  private let sparseCount: Int
  private let denseCount: Int
  private let form: Form
  private let needsStrings: Bool

  init(_ node: NodeContext) throws {
    op = node.op
    sparseCount = try node.int("N")
    denseCount = try node.dtypes("dense_types").count
    guard try node.dtypes("sparse_types").count == sparseCount else {
      throw BNormError.invalid("attribute sparse_types does not have N = \(sparseCount) dtypes")
    }
    switch node.op {
    case "SparseCross":
      let out = try node.dtype("out_type")
      let inner = try node.dtype("internal_type")
      let hashes = try node.bool("hashed_output")
      guard (out == .int64) == hashes else {
        throw BNormError.invalid(
          "attribute out_type is \(out.name), but hashed_output is \(hashes)")
      }
      needsStrings = inner == .string
      form =
        out == .string
        ? .joined
        : .hashed(
          key: UInt64(bitPattern: Int64(try node.int("hash_key"))),
          buckets: try node.int("num_buckets"))
    case "SparseCrossV2": (form, needsStrings) = (.joined, false)
    default: (form, needsStrings) = (.keyed, false)
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { .sparse(rank: 2) }

  /// One input's features: those of row r are at `starts[r]..<starts[r] + counts[r]`.
  private struct Column {
    let values: Tensor
    let isDense: Bool
    var starts: [Int]
    var counts: [Int]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let columns = try makeColumns(inputs)
    let rows = columns.first?.counts.count ?? 0
    for (i, column) in columns.enumerated() {
      guard column.counts.count == rows else {
        throw BNormError.invalid(
          "Expected batch size \(rows) got \(column.counts.count) at position \(i)")
      }
      if needsStrings, column.values.dtype != .string {
        throw BNormError.invalid(
          "Input values should be of internal type string but received \(column.values.dtype.name)")
      }
    }
    var total = 0
    var most = 0
    for row in 0..<rows {
      var count = columns.isEmpty ? 0 : 1
      for column in columns {
        let (product, overflow) = count.multipliedReportingOverflow(by: column.counts[row])
        guard !overflow, product <= Shape.maximumCount else {
          throw BNormError.invalid("row \(row) has too many combinations")
        }
        count = product
      }
      most = max(most, count)
      total += count
    }
    try MemoryLimit.check(.string, try Shape(checking: [total, 2]))
    var cells: [Int] = []
    cells.reserveCapacity(2 * total)
    let values = try combine(columns, rows, inputs, total) { row, number in
      cells.append(row)
      cells.append(number)
    }
    return SparseInput(cells: cells, values: values, shape: [rows, most]).outputs()
  }

  private func makeColumns(_ inputs: [Tensor]) throws -> [Column] {
    var columns: [Column] = []
    for i in 0..<sparseCount {
      let sparse = try SparseInput(
        indices: inputs[i], values: inputs[sparseCount + i], shape: inputs[2 * sparseCount + i], i)
      guard sparse.rank == 2 else {
        throw BNormError.invalid(
          "input \(i) (indices) has shape \(inputs[i].shape), expected [?,2]")
      }
      try MemoryLimit.check(.int64, try Shape(checking: [sparse.shape[0], 2]))
      var column = Column(values: sparse.values, isDense: false, starts: [], counts: [])
      var next = 0
      for row in 0..<sparse.shape[0] {
        column.starts.append(next)
        while next < sparse.count, sparse.cells[2 * next] == row { next += 1 }
        column.counts.append(next - column.starts[row])
      }
      columns.append(column)
    }
    for i in 0..<denseCount {
      let dense = inputs[3 * sparseCount + i]
      guard dense.rank == 2 else {
        throw BNormError.shape(3 * sparseCount + i, "dense_inputs", dense, "a matrix")
      }
      let (rows, width) = (dense.shape[0], dense.shape[1])
      columns.append(
        Column(
          values: dense, isDense: true, starts: (0..<rows).map { $0 * width },
          counts: .init(repeating: width, count: rows)))
    }
    return columns
  }

  private func combine(
    _ columns: [Column], _ rows: Int, _ inputs: [Tensor], _ total: Int,
    _ place: (Int, Int) -> Void
  ) throws -> Tensor {
    switch form {
    case .joined:
      var separator: [UInt8] = Array("_X_".utf8)
      if op == "SparseCrossV2" {
        let given = inputs[inputs.count - 1]
        guard given.rank == 0 else {
          throw BNormError.shape(inputs.count - 1, "sep", given, "a scalar")
        }
        separator = given.strings[0].bytes
      }
      let texts = columns.map { column in
        column.values.dtype == .string
          ? column.values.strings
          : column.values.elements(Int64.self).map { ByteString(String($0)) }
      }
      var out: [ByteString] = []
      out.reserveCapacity(total)
      forEach(columns, rows, place) { items in
        out.append(
          ByteString(items.enumerated().map { texts[$0][$1].bytes }.joined(separator: separator)))
      }
      return Tensor(strings: out, shape: [out.count])
    case .hashed(let key, let buckets):
      return hashed(columns, rows, start: key, buckets: buckets, place) { column in
        column.values.dtype == .string
          ? fingerprints(column.values)
          : column.values.elements(Int64.self).map { UInt64(bitPattern: $0) }
      }
    case .keyed:
      let base = 3 * sparseCount + denseCount
      let names = ["num_buckets", "strong_hash", "salt"]
      for i in 0..<2 where inputs[base + i].rank != 0 {
        throw BNormError.shape(base + i, names[i], inputs[base + i], "a scalar")
      }
      let salt = inputs[base + 2].integers ?? []
      guard inputs[base + 2].rank == 1, salt.count == 2 else {
        throw BNormError.shape(base + 2, "salt", inputs[base + 2], "a vector of two elements")
      }
      let strong = inputs[base + 1].elements(Bool.self)[0]
      let (k0, k1) = (UInt64(bitPattern: Int64(salt[0])), UInt64(bitPattern: Int64(salt[1])))
      let buckets = inputs[base].integers?[0] ?? 0
      return hashed(columns, rows, start: nil, buckets: buckets, place) { column in
        if column.values.dtype == .string {
          return !strong
            ? fingerprints(column.values)
            : column.values.strings.map { text in
              text.bytes.withUnsafeBytes { bnk_siphash(k0, k1, $0.baseAddress, $0.count) }
            }
        }
        // TensorFlow hashes the lower four bytes of numbers.
        return column.values.elements(Int64.self).map { number in
          withUnsafeBytes(of: Int32(truncatingIfNeeded: number)) { bytes in
            if strong { return bnk_siphash(k0, k1, bytes.baseAddress, 4) }
            return column.isDense
              ? UInt64(bitPattern: number) : bnk_fingerprint64(bytes.baseAddress, 4)
          }
        }
      }
    }
  }

  private func fingerprints(_ tensor: Tensor) -> [UInt64] {
    tensor.strings.map { text in
      text.bytes.withUnsafeBytes { bnk_fingerprint64($0.baseAddress, $0.count) }
    }
  }

  private func hashed(
    _ columns: [Column], _ rows: Int, start: UInt64?, buckets: Int, _ place: (Int, Int) -> Void,
    _ hash: (Column) -> [UInt64]
  ) -> Tensor {
    let hashes = columns.map(hash)
    // Without buckets the remainder keeps the result from being negative.
    let divisor = buckets > 0 ? UInt64(buckets) : UInt64(Int64.max)
    var out: [Int64] = []
    forEach(columns, rows, place) { items in
      var sum = start ?? hashes[0][items[0]]
      for i in (start == nil ? 1 : 0)..<items.count {
        sum = bnk_fingerprint_cat64(sum, hashes[i][items[i]])
      }
      out.append(Int64(bitPattern: sum % divisor))
    }
    return Tensor(out)
  }

  /// Every choice of one feature of each column, row by row; the last column changes fastest.
  private func forEach(
    _ columns: [Column], _ rows: Int, _ place: (Int, Int) -> Void, _ body: ([Int]) -> Void
  ) {
    for row in 0..<rows where columns.allSatisfy({ $0.counts[row] > 0 }) {
      var items = columns.map { $0.starts[row] }
      var number = 0
      var i = 0
      repeat {
        body(items)
        place(row, number)
        number += 1
        i = items.count - 1
        while i >= 0 {
          items[i] += 1
          if items[i] < columns[i].starts[row] + columns[i].counts[row] { break }
          items[i] = columns[i].starts[row]
          i -= 1
        }
      } while i >= 0
    }
  }
}
