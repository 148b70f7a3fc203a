import BNorm
import Glibc

/// A session that runs the same step again and again.
struct Training {
  let session: Session
  private let call: Session.Call

  init(
    _ model: Model, fetches: [String], feeds: [String], targets: [String], initialize: [String]
  ) throws {
    session = try model.makeSession()
    if !initialize.isEmpty { _ = try session.run([], targets: initialize) }
    call = try session.prepare(
      fetches.map(model.knownOutput), feeds: feeds, targets: targets)
  }

  func step(_ values: [Tensor]) throws -> [Tensor] {
    do { return try session.run(call, values) } catch let error as BNormError {
      guard error.message.contains("uninitialized value") else { throw error }
      throw BNormError.invalid(
        error.message + "; give the variables' values with --checkpoint PREFIX or --initialize NODE")
    }
  }

  /// Refuses before the first step what cannot be written after the last.
  static func checkFolder(of prefix: String) throws {
    var folder = "."
    if let slash = prefix.lastIndex(of: "/") {
      folder = slash == prefix.startIndex ? "/" : String(prefix[..<slash])
    }
    guard access(folder, W_OK) == 0 else {
      throw BNormError.invalid(
        "cannot write \(prefix): folder \(folder): \(String(cString: strerror(errno)))")
    }
  }
}

/// What the steps of a training gave.
struct TrainingLog {
  private let names: [String]
  private var kept: [(index: Int, name: String, values: [Tensor])]

  init(_ names: [String], keeps: [String]) {
    self.names = names
    kept = keeps.compactMap { name in
      names.firstIndex { OutputOptions.sameTensor($0, name) }.map { ($0, name, []) }
    }
  }

  mutating func add(_ step: Int, _ values: [Tensor]) throws {
    for i in kept.indices {
      let value = values[kept[i].index]
      if let first = kept[i].values.first, first.shape != value.shape {
        throw BNormError.invalid(
          "--output: \"\(kept[i].name)\" has shape \(first.shape) in step 1, but \(value.shape) in "
            + "step \(step)")
      }
      kept[i].values.append(value)
    }
  }

  func line(_ step: Int, _ values: [Tensor]) -> String {
    "step \(step)"
      + zip(names, values).map { name, value in
        let isScalar = value.rank == 0
        return "  "
          + (isScalar
            ? "\(name) \(Report.values(value, limit: 1)[0])" : Report.summary(name, value))
      }.joined()
  }

  func json(_ step: Int, _ values: [Tensor]) -> String {
    "\(Json.object([("step", .int(step))] + zip(names, values).map { ($0, TrainingLog.value($1)) }))"
  }

  private static func value(_ tensor: Tensor) -> Json {
    var items: [Json] = []
    if tensor.dtype == .bool {
      items = tensor.elements(Bool.self).map { .bool($0) }
    } else if let integers = tensor.integers {
      items = integers.map { .int(Int($0)) }
    } else if let numbers = tensor.doubles {
      items = numbers.map { .number($0) }
    } else {
      items = Report.values(tensor, limit: tensor.count).map { .string($0) }
    }
    return tensor.rank == 0 ? items[0] : .array(items)
  }

  /// The values of all steps of what is fetched as `name`.
  func array(_ name: String) throws -> Tensor {
    guard let entry = kept.first(where: { $0.name == name }), let first = entry.values.first else {
      throw BNormError.invalid("\"\(name)\" was not fetched")
    }
    let shape = try Shape(checking: [entry.values.count] + first.shape.dimensions)
    if first.dtype == .string {
      return Tensor(strings: entry.values.flatMap(\.strings), shape: shape)
    }
    guard first.dtype.isPlain else {
      throw BNormError.invalid("\"\(name)\" is a \(first.dtype.name), which no array holds")
    }
    let out = Tensor(dtype: first.dtype, shape: shape)
    for (i, value) in entry.values.enumerated() {
      (out.storage.pointer + i * first.byteCount).copyMemory(
        from: value.pointer, byteCount: first.byteCount)
    }
    return out
  }
}
