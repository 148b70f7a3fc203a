import BNormCore
import BNormTensor

/// Values of keys, or the default.
struct LookupTableFind: EagerOperation {
  static let opNames = ["LookupTableFind", "LookupTableFindV2"]
  init(_ node: NodeContext) throws {}

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    [try inputs[0].table().find(inputs[1], inputs[2])]
  }
}

/// Writes to a table.
struct LookupTableWriting: EagerOperation {
  static let opNames = [
    "LookupTableInsert", "LookupTableInsertV2", "LookupTableImport", "LookupTableImportV2",
    "LookupTableRemoveV2", "InitializeTable", "InitializeTableV2",
  ]
  let op: String

  init(_ node: NodeContext) throws {
    op = node.op.hasSuffix("V2") ? String(node.op.dropLast(2)) : node.op
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let table = try inputs[0].table()
    let isFixed = if case .initializedOnce = table.kind { true } else { false }
    if isFixed, op == "LookupTableImport" {
      // So do the initialisers of newer versions.
      return try initialize(table, inputs)
    }
    guard (op == "InitializeTable") == isFixed else {
      throw BNormError.invalid(
        isFixed
          ? "the table is initialized once and cannot be changed"
          : "the table is mutable: it is filled with LookupTableInsert")
    }
    switch op {
    case "LookupTableInsert": try table.insert(inputs[1].owned, inputs[2].owned)
    case "LookupTableImport": try table.replaceAll(inputs[1].owned, inputs[2].owned)
    case "LookupTableRemove": try table.remove(inputs[1])
    default:
      guard inputs[1].rank == 1 else {
        throw BNormError.invalid("keys have shape \(inputs[1].shape), expected a vector")
      }
      return try initialize(table, inputs)
    }
    return []
  }

  private func initialize(_ table: LookupTable, _ inputs: [Tensor]) throws -> [Tensor] {
    try table.initialize(inputs[1].owned, inputs[2].owned)
    return []
  }
}

/// All keys and values.
struct LookupTableExport: EagerOperation {
  static let opNames = ["LookupTableExport", "LookupTableExportV2"]
  init(_ node: NodeContext) throws {}

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (keys, values) = try inputs[0].table().export()
    return [keys, values]
  }
}

/// The number of entries.
struct LookupTableSize: EagerOperation {
  static let opNames = ["LookupTableSize", "LookupTableSizeV2"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    [Tensor(scalar: Int64(try inputs[0].table().count))]
  }
}
