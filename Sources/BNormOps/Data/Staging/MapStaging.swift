import BNormCore
import BNormTensor

/// Tuples that are put aside in the session by a number, whole or in parts. Steps run one node
/// after
/// the other, so what TensorFlow would wait for can never come: it is an error.
struct MapStaging: EagerOperation {
  static let opNames = [
    "MapStage", "MapUnstage", "MapPeek", "MapUnstageNoKey", "MapSize", "MapIncompleteSize",
    "MapClear", "OrderedMapStage", "OrderedMapUnstage", "OrderedMapPeek", "OrderedMapUnstageNoKey",
    "OrderedMapSize", "OrderedMapIncompleteSize", "OrderedMapClear",
  ]
  private let action: String
  private let capacity: Int
  private let memoryLimit: Int
  private let dtypes: [DType]
  private let key: Key

  private struct Key: Hashable, CustomStringConvertible {
    let name: ResourceName
    var description: String { "staging map \(name)" }
  }

  private final class Area: @unchecked Sendable {
    let lock = Lock()
    /// By key; what a part of was taken has nil there.
    var complete: [Int64: [Tensor?]] = [:]
    var incomplete: [Int64: [Tensor?]] = [:]
    var byteCount = 0
  }

  init(_ node: NodeContext) throws {
    let isOrdered = node.op.hasPrefix("Ordered")
    action = String(node.op.dropFirst(isOrdered ? 10 : 3))
    capacity = try node.int("capacity")
    memoryLimit = try node.int("memory_limit")
    dtypes = try node.dtypes("dtypes")
    let shared = try node.string("shared_name")
    key = Key(
      name: ResourceName(
        container: try node.string("container"), name: shared.isEmpty ? node.name : shared))
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    action.hasSuffix("Size") ? [.scalar] : nil
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let area = try context.session.object(key) { Area() }
    return try area.lock.withLock {
      switch action {
      case "Stage":
        try stage(inputs, area)
        return []
      case "Unstage", "Peek":
        let number = try number(inputs[0])
        guard area.complete[number] != nil else {
          throw BNormError.invalid(
            "\(key) has no tuple under key \(number), and nothing adds one while this waits")
        }
        return try values(number, inputs[1], area, takes: action == "Unstage", context.outputDTypes)
      case "UnstageNoKey":
        guard let number = area.complete.keys.min() else {
          throw BNormError.invalid("\(key) is empty, and nothing adds to it while this waits")
        }
        let dtypes = Array(context.outputDTypes.dropFirst())
        return [Tensor(scalar: number)]
          + (try values(number, inputs[0], area, takes: true, dtypes))
      case "Size": return [Tensor(scalar: Int32(clamping: area.complete.count))]
      case "IncompleteSize": return [Tensor(scalar: Int32(clamping: area.incomplete.count))]
      default:
        area.complete = [:]
        area.incomplete = [:]
        area.byteCount = 0
        return []
      }
    }
  }

  private func number(_ tensor: Tensor) throws -> Int64 {
    guard tensor.count == 1 else {
      throw BNormError.invalid("input 0 (key) has shape \(tensor.shape), expected a scalar")
    }
    return tensor.elements(Int64.self)[0]
  }

  private func indices(_ tensor: Tensor) throws -> [Int] {
    let indices = tensor.integers ?? []
    for (i, index) in indices.enumerated() {
      guard index >= 0, index < dtypes.count else {
        throw BNormError.invalid("Index '\(index)' is out of bounds [0, \(dtypes.count))")
      }
      guard i == 0 || indices[i - 1] < index else {
        throw BNormError.invalid("Indices are not strictly ordered: \(indices)")
      }
    }
    return indices
  }

  private func stage(_ inputs: [Tensor], _ area: Area) throws {
    let number = try number(inputs[0])
    let indices = try indices(inputs[1])
    let values = inputs[2...].map(\.owned)
    guard indices.count == values.count else {
      throw BNormError.invalid(
        "input 1 (indices) has \(indices.count) elements, but there are \(values.count) values")
    }
    for (index, value) in zip(indices, values) where value.dtype != dtypes[index] {
      throw BNormError.invalid(
        "the value for index \(index) has dtype \(value.dtype.name), expected \(dtypes[index].name)"
      )
    }
    var tuple = area.incomplete[number] ?? Array(repeating: nil, count: dtypes.count)
    for (index, value) in zip(indices, values) {
      guard tuple[index] == nil else {
        throw BNormError.invalid(
          "The tensor for index '\(index)' for key '\(number)' was already initialized")
      }
      tuple[index] = value
    }
    guard tuple.allSatisfy({ $0 != nil }) else {
      area.incomplete[number] = tuple
      return
    }
    let bytes = tuple.reduce(0) { $0 + ($1?.byteCount ?? 0) }
    guard memoryLimit == 0 || bytes <= memoryLimit else {
      throw BNormError.invalid(
        "Attempted to insert tensors with combined size of '\(bytes)' bytes into \(key) with a "
          + "memory "
          + "limit of '\(memoryLimit)'.")
    }
    guard capacity == 0 || area.complete.count < capacity,
      memoryLimit == 0 || area.byteCount + bytes <= memoryLimit
    else {
      throw BNormError.invalid("\(key) is full, and nothing takes from it while this waits")
    }
    area.incomplete[number] = nil
    if area.complete[number] == nil {
      area.complete[number] = tuple
      area.byteCount += bytes
    }
  }

  private func values(
    _ number: Int64, _ indexTensor: Tensor, _ area: Area, takes: Bool, _ outputs: [DType]
  ) throws -> [Tensor] {
    let indices = try indices(indexTensor)
    guard var tuple = area.complete[number] else { return [] }
    var out: [Tensor] = []
    for index in indices {
      guard let value = tuple[index] else {
        throw BNormError.invalid(
          "Tensor at index '\(index)' for key '\(number)' has already been removed.")
      }
      out.append(value)
      if takes {
        tuple[index] = nil
        area.byteCount -= value.byteCount
      }
    }
    area.complete[number] = tuple.allSatisfy { $0 == nil } ? nil : tuple
    guard out.count <= outputs.count, zip(out, outputs).allSatisfy({ $0.dtype == $1 }) else {
      throw BNormError.invalid(
        "\(key) holds dtypes \(out.map(\.dtype.name)), expected \(outputs.map(\.name))")
    }
    // What was not asked for has no value.
    return out + outputs[out.count...].map { Tensor(zeros: $0, shape: [0]) }
  }
}
