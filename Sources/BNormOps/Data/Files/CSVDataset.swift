import BNormCore
import BNormTensor

/// Datasets of the records of files of comma-separated values.
struct CSVDataset: EagerOperation {
  static let opNames = ["CSVDataset", "CSVDatasetV2", "ExperimentalCSVDataset"]
  private let dtypes: [DType]
  private let hasExcluded: Bool

  init(_ node: NodeContext) throws {
    dtypes = try node.dtypes("output_types")
    hasExcluded = node.op == "CSVDatasetV2"
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ tensors: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard tensors[0].rank <= 1 else {
      throw BNormError.invalid(
        "input 0 (filenames) has shape \(tensors[0].shape), expected a scalar or a vector")
    }
    for i in [1, 4, 6] where tensors[i].rank != 0 {
      throw BNormError.invalid("input \(i) has shape \(tensors[i].shape), expected a scalar")
    }
    let inputs = DatasetInputs(tensors)
    let bits = try Inflate.windowBits(tensors[1].strings[0].string)
    let hasHeader = try inputs.bool(3, "header")
    let excluded = hasExcluded ? Set(tensors[tensors.count - 1].integers ?? []) : []
    let format = try CSVFormat(
      delimiter: tensors[4].strings[0], takesQuotes: try inputs.bool(5, "use_quote_delim"),
      missing: tensors[6].strings[0], columns: tensors[7].integers ?? [], outputs: dtypes.count)
    let defaults = tensors[8..<8 + dtypes.count].map(\.owned)
    for (i, tensor) in defaults.enumerated() where tensor.count > 1 || tensor.rank > 1 {
      throw BNormError.invalid(
        "Each record default should be at most rank 1 with one element, but that of field \(i) has "
          + "shape \(tensor.shape)")
    }
    let paths = tensors[0].strings.map { RecordFile.resolve($0, context) }
    return [
      Dataset { [dtypes] in
        var (file, next, number) = (0, 0, 0)
        var records: [ArraySlice<UInt8>] = []
        return { _ in
          while next >= records.count {
            guard file < paths.count else { return nil }
            file += 1
            (records, next) = ([], 0)
            records = format.records(try RecordFile.read(paths[file - 1], bits))
            if hasHeader, !records.isEmpty { records.removeFirst() }
          }
          let record = Array(records[next])
          next += 1
          number += 1
          var fields = record.isEmpty ? [.empty] : try format.fields(record)
          if !excluded.isEmpty {
            fields = fields.enumerated().filter { !excluded.contains($0.offset) }.map(\.element)
          }
          let element = dtypes.map { Tensor(dtype: $0, shape: .scalar) }
          try format.store(fields, defaults, in: element, at: 0, record: number - 1)
          return element
        }
      }.tensor
    ]
  }
}
