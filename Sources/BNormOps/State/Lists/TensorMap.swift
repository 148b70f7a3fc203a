import BNormCore
import BNormTensor

/// A dictionary of tensors by tensors as a variant holds it, in the order of insertion.
final class TensorMap: TensorObject, CopyableObject, @unchecked Sendable {
  /// A tensor as a key: dtype, shape and elements count.
  struct Key: Hashable {
    let dtype: DType
    let shape: Shape
    let bytes: [UInt8]
    let strings: [ByteString]

    init(_ tensor: Tensor) throws {
      guard tensor.dtype != .resource, tensor.dtype != .variant else {
        throw BNormError.invalid("a key of dtype \(tensor.dtype.name) cannot be looked up")
      }
      dtype = tensor.dtype
      shape = tensor.shape
      strings = tensor.dtype == .string ? tensor.strings : []
      bytes = Array(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.byteCount))
    }
  }

  var values: [Key: Tensor] = [:]
  var keys: [(key: Key, tensor: Tensor)] = []

  var typeName: String { "TensorMap" }

  func copy() -> TensorMap {
    let out = TensorMap()
    out.values = values
    out.keys = keys
    return out
  }
  var tensor: Tensor { Tensor(scalar: self, dtype: .variant) }
}

/// A map without keys.
struct EmptyTensorMap: EagerOperation {
  static let opNames = ["EmptyTensorMap"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }
  func run(_ inputs: [Tensor], _ context: RunContext) -> [Tensor] { [TensorMap().tensor] }
}

/// A map with one key set.
struct TensorMapInsert: ConsumingOperation {
  static let opNames = ["TensorMapInsert"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(consuming inputs: inout [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (key, value) = (inputs[1].owned, inputs[2].owned)
    let map = try inputs.take(0, TensorMap.self, "input_handle")
    let hashed = try TensorMap.Key(key)
    if map.values.updateValue(value, forKey: hashed) == nil { map.keys.append((hashed, key)) }
    return [map.tensor]
  }
}

/// A map without one of its keys.
struct TensorMapErase: ConsumingOperation {
  static let opNames = ["TensorMapErase"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(consuming inputs: inout [Tensor], _ context: RunContext) throws -> [Tensor] {
    let key = try TensorMap.Key(inputs[1])
    let map = try inputs.take(0, TensorMap.self, "input_handle")
    guard map.values.removeValue(forKey: key) != nil else {
      throw BNormError.invalid("Trying to erase non-existent item.")
    }
    map.keys.removeAll { $0.key == key }
    return [map.tensor]
  }
}

/// Looks in a map: the value of a key, whether there is one, how many there are, all of them.
struct TensorMapQuery: EagerOperation {
  static let opNames = ["TensorMapLookup", "TensorMapHasKey", "TensorMapSize", "TensorMapStackKeys"]
  private let op: String

  init(_ node: NodeContext) throws { op = node.op }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    op == "TensorMapHasKey" || op == "TensorMapSize" ? [.scalar] : nil
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let map = try inputs.object(0, TensorMap.self, "input_handle")
    switch op {
    case "TensorMapSize": return [Tensor(scalar: Int32(clamping: map.keys.count))]
    case "TensorMapHasKey": return [Tensor(scalar: map.values[try TensorMap.Key(inputs[1])] != nil)]
    case "TensorMapLookup":
      guard let value = map.values[try TensorMap.Key(inputs[1])] else {
        throw BNormError.invalid("Trying to lookup non-existent key.")
      }
      guard value.dtype == context.outputDTypes[0] else {
        throw BNormError.invalid(
          "the value has dtype \(value.dtype.name), expected \(context.outputDTypes[0].name)")
      }
      return [value]
    default: return [try keys(map, context.outputDTypes[0])]
    }
  }

  private func keys(_ map: TensorMap, _ dtype: DType) throws -> Tensor {
    guard let first = map.keys.first?.tensor else {
      throw BNormError.invalid("TensorMapStackKeys cannot be called on empty map.")
    }
    for (_, key) in map.keys where key.dtype != dtype || key.shape != first.shape {
      throw BNormError.invalid(
        "Key does not match requested dtype or shape: a key has dtype \(key.dtype.name) and shape "
          + "\(key.shape), expected \(dtype.name) and \(first.shape)")
    }
    return try Tensor.joining(
      map.keys.map(\.tensor), gaps: { _ in 0 }, dtype: dtype,
      shape: try Shape(checking: [map.keys.count] + first.shape.dimensions))
  }
}
