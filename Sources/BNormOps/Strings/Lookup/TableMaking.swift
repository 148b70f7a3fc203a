import BNormCore
import BNormTensor

/// Makes a table, or finds the one of the same name.
struct TableMaking: EagerOperation {
  static let opNames = [
    "HashTable", "HashTableV2", "AnonymousHashTable", "MutableHashTable", "MutableHashTableV2",
    "AnonymousMutableHashTable", "MutableHashTableOfTensors", "MutableHashTableOfTensorsV2",
    "AnonymousMutableHashTableOfTensors", "MutableDenseHashTable", "MutableDenseHashTableV2",
    "AnonymousMutableDenseHashTable",
  ]
  let keyDType: DType
  let valueDType: DType
  let valueShape: Shape
  /// nil for an anonymous table, which each run makes anew.
  let name: (container: String, shared: String)?
  let isDense: Bool
  let isMutable: Bool

  init(_ node: NodeContext) throws {
    keyDType = try node.dtype("key_dtype")
    valueDType = try node.dtype("value_dtype")
    isDense = node.op.contains("Dense")
    isMutable = node.op.contains("Mutable")
    name =
      node.op.hasPrefix("Anonymous")
      ? nil : (try node.string("container"), try node.string("shared_name"))
    guard isDense || node.op.contains("OfTensors") else {
      valueShape = .scalar
      return
    }
    guard let shape = try node.shape("value_shape").full else {
      throw BNormError.invalid("attribute value_shape is not fully known")
    }
    guard isDense || shape.rank <= 1 else {
      throw BNormError.invalid("attribute value_shape is \(shape), expected a scalar or a vector")
    }
    valueShape = shape
    if isDense {
      let buckets = try node.int("initial_num_buckets")
      guard buckets > 0, buckets & (buckets - 1) == 0 else {
        throw BNormError.invalid("initial_num_buckets is \(buckets), expected a power of two")
      }
      let load = try node.float("max_load_factor")
      guard load > 0, load < 1 else {
        throw BNormError.invalid("max_load_factor is \(load), expected between 0 and 1")
      }
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let table: LookupTable
    if let name {
      table = try context.session.object(
        ResourceName(
          container: name.container, name: name.shared.isEmpty ? context.nodeName : name.shared)
      ) { try makeTable(inputs) }
      guard table.keyDType == keyDType, table.valueDType == valueDType else {
        throw BNormError.invalid(
          "the table of this name maps \(table.keyDType.name) to \(table.valueDType.name), "
            + "expected \(keyDType.name) to \(valueDType.name)")
      }
    } else {
      table = try makeTable(inputs)
    }
    return [Tensor(scalar: table, dtype: .resource)]
  }

  private func makeTable(_ inputs: [Tensor]) throws -> LookupTable {
    guard isDense else {
      return LookupTable(
        keyDType: keyDType, valueDType: valueDType, valueShape: valueShape,
        kind: isMutable ? .mutable : .initializedOnce)
    }
    guard inputs.count == 2 else {
      throw BNormError.invalid("the op has no deleted_key, without which no table can be made")
    }
    let (empty, deleted) = (inputs[0], inputs[1])
    guard empty.shape == deleted.shape else {
      throw BNormError.invalid(
        "empty_key has shape \(empty.shape), deleted_key has shape \(deleted.shape)")
    }
    guard empty.rank <= 1 else {
      throw BNormError.invalid("empty_key has shape \(empty.shape), expected a scalar or a vector")
    }
    let keys = (
      LookupKey.keys(empty, rowShape: empty.shape)[0],
      LookupKey.keys(deleted, rowShape: deleted.shape)[0]
    )
    guard keys.0 != keys.1 else {
      throw BNormError.invalid("empty_key and deleted_key must differ")
    }
    return LookupTable(
      keyDType: keyDType, valueDType: valueDType, keyShape: empty.shape, valueShape: valueShape,
      kind: .dense(empty: keys.0, deleted: keys.1))
  }
}

extension Tensor {
  /// The table that a handle holds.
  func table() throws -> LookupTable {
    guard dtype == .resource, let table = objects.first as? LookupTable else {
      throw BNormError.invalid("input 0 (table_handle) holds no table")
    }
    return table
  }
}
