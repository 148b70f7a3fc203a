import BNormTensor

/// A table of keys with values, as a frozen graph needs to know it.
public protocol TableObject: TensorObject {
  var keyDType: DType { get }
  var valueDType: DType { get }
  /// Filled once, then only read.
  var isFixed: Bool { get }
  /// The keys, `[n, …key]`, and their values, `[n, …value]`.
  func entries() throws -> (keys: Tensor, values: Tensor)
}

extension FreezeFrame {
  static let tableOps: Set<String> = [
    "HashTable", "HashTableV2", "MutableHashTable", "MutableHashTableV2",
    "MutableHashTableOfTensors", "MutableHashTableOfTensorsV2", "MutableDenseHashTable",
    "MutableDenseHashTableV2",
  ]

  /// Writes a table with its entries as constants that fill it before anything reads it.
  func writeTable(_ index: Int32, _ node: Node, _ inputs: [FrozenValue]) throws {
    try write(index, inputs)
    guard let table = freezer.table(of: node) else { return }
    let (keys, values) = try table.entries()
    guard keys.count > 0 else { return }
    let base = name(index)
    let second = node.op.hasSuffix("V2") ? "V2" : ""
    let handle = FrozenOutput(node: base, port: 0)
    let parts = [scope.constant(base + "/keys", keys), scope.constant(base + "/values", values)]
    let types = [table.keyDType, table.valueDType].map { AttributeValue.type(Int($0.rawValue)) }
    let fill = scope.unused(base + "/fill")
    if table.isFixed {
      scope.add(
        fill, "InitializeTable" + second, [handle] + parts,
        attributes: ["Tkey": types[0], "Tval": types[1]])
    } else {
      scope.add(
        fill, "LookupTableInsert" + second, [handle] + parts,
        attributes: ["Tin": types[0], "Tout": types[1]])
    }
    let filled = scope.unused(base + "/filled")
    let dtype: DType = second.isEmpty ? .string : .resource
    scope.add(
      filled, second.isEmpty ? "RefIdentity" : "Identity", [handle], controls: [fill],
      attributes: ["T": .type(Int(dtype.rawValue))])
    set(index, .tensor(FrozenOutput(node: filled, port: 0)))
  }
}
