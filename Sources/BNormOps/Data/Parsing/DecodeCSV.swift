import BNormCore
import BNormTensor

/// The fields of lines of comma-separated values, a tensor for each column.
struct DecodeCSV: EagerOperation {
  static let opNames = ["DecodeCSV"]
  private let dtypes: [DType]
  private let format: CSVFormat

  init(_ node: NodeContext) throws {
    dtypes = try node.dtypes("OUT_TYPE")
    format = try CSVFormat(
      delimiter: try node.bytes("field_delim"), takesQuotes: try node.bool("use_quote_delim"),
      missing: try node.bytes("na_value"), columns: try node.ints("select_cols"),
      outputs: dtypes.count)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    for (i, fact) in inputs.enumerated().dropFirst() {
      if let shape = fact.shape.full, shape.rank > 1 || shape.count > 1 {
        throw BNormError.invalid(
          "Shape of a default must be a length-0 or length-1 vector, or a scalar; input \(i) "
            + "(record_defaults) has shape \(shape)")
      }
    }
    return dtypes.map { _ in inputs[0].shape }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    for (i, tensor) in inputs.enumerated().dropFirst() where tensor.count > 1 || tensor.rank > 1 {
      throw BNormError.invalid(
        "There should only be 1 default per field but field \(i - 1) has \(tensor.count)")
    }
    let defaults = Array(inputs.dropFirst())
    let outputs = dtypes.map { Tensor(dtype: $0, shape: inputs[0].shape) }
    for (row, record) in inputs[0].strings.enumerated() {
      try format.store(try format.fields(record.bytes), defaults, in: outputs, at: row, record: row)
    }
    return outputs
  }
}
