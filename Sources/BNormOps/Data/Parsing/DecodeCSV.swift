import BNormCore
import BNormTensor
import Glibc

/// The fields of lines of comma-separated values, a tensor for each column.
struct DecodeCSV: EagerOperation {
  static let opNames = ["DecodeCSV"]
  private let dtypes: [DType]
  private let delimiter: UInt8
  private let takesQuotes: Bool
  private let missing: ByteString
  private let columns: [Int]

  init(_ node: NodeContext) throws {
    dtypes = try node.dtypes("OUT_TYPE")
    let delimiter = try node.bytes("field_delim").bytes
    guard delimiter.count == 1 else {
      throw BNormError.invalid(
        "field_delim should be only 1 char, got \"\(ByteString(delimiter))\"")
    }
    self.delimiter = delimiter[0]
    takesQuotes = try node.bool("use_quote_delim")
    missing = try node.bytes("na_value")
    columns = try node.ints("select_cols")
    guard columns.isEmpty || columns.count == dtypes.count else {
      throw BNormError.invalid(
        "select_cols should match output size: \(columns.count) columns, \(dtypes.count) outputs")
    }
    guard zip(columns, columns.dropFirst()).allSatisfy({ $0 < $1 }), (columns.first ?? 0) >= 0
    else {
      throw BNormError.invalid("select_cols should be strictly increasing indices, got \(columns)")
    }
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
      let found = try fields(record.bytes)
      guard found.count == dtypes.count else {
        throw BNormError.invalid(
          "Expect \(dtypes.count) fields but have \(found.count) in record \(row)")
      }
      for (i, field) in found.enumerated() {
        if field.isEmpty || field == missing {
          guard defaults[i].count == 1 else {
            throw BNormError.invalid("Field \(i) is required but missing in record \(row)!")
          }
          outputs[i].store(defaults[i], at: row)
        } else {
          guard outputs[i].store(text: field, at: row) else {
            throw BNormError.invalid(
              "Field \(i) in record \(row) is not a valid \(dtypes[i].name): \(field)")
          }
        }
      }
    }
    return outputs
  }

  private func fields(_ text: [UInt8]) throws -> [ByteString] {
    let (quote, lineFeed, carriageReturn) = (UInt8(ascii: "\""), UInt8(10), UInt8(13))
    var out: [ByteString] = []
    var number = 0
    func isWanted() -> Bool {
      columns.isEmpty || (out.count < columns.count && columns[out.count] == number)
    }
    var i = 0
    while i < text.count {
      if text[i] == lineFeed || text[i] == carriageReturn {
        i += 1
        continue
      }
      var field: [UInt8] = []
      if takesQuotes, text[i] == quote {
        i += 1
        while i < text.count - 1, text[i] != quote || text[i + 1] != delimiter {
          if text[i] == quote {
            guard text[i + 1] == quote else {
              throw BNormError.invalid("Quote inside a string has to be escaped by another quote")
            }
            i += 1
          }
          field.append(text[i])
          i += 1
        }
        guard i < text.count, text[i] == quote,
          i == text.count - 1 || text[i + 1] == delimiter
        else {
          throw BNormError.invalid("Quoted field has to end with quote followed by delim or end")
        }
        i += 2
      } else {
        while i < text.count, text[i] != delimiter {
          guard !takesQuotes || text[i] != quote, text[i] != lineFeed, text[i] != carriageReturn
          else { throw BNormError.invalid("Unquoted fields cannot have quotes/CRLFs inside") }
          field.append(text[i])
          i += 1
        }
        i += 1
      }
      if isWanted() { out.append(ByteString(field)) }
      number += 1
      if !columns.isEmpty, out.count == columns.count { return out }
    }
    if text.last == delimiter, isWanted() { out.append(.empty) }
    return out
  }
}

extension Tensor {
  /// Writes a scalar as element `i`; only for the maker of this tensor.
  fileprivate func store(_ scalar: Tensor, at i: Int) {
    if dtype == .string {
      storage.strings[i] = scalar.strings[0]
    } else {
      (storage.pointer + i * dtype.size).copyMemory(from: scalar.pointer, byteCount: dtype.size)
    }
  }

  /// Writes what `text` says as element `i`; false if it is no such number.
  fileprivate func store(text: ByteString, at i: Int) -> Bool {
    if dtype == .string {
      storage.strings[i] = text
      return true
    }
    func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
    guard let first = text.bytes.firstIndex(where: { !isSpace($0) }),
      let last = text.bytes.lastIndex(where: { !isSpace($0) })
    else { return false }
    let trimmed = String(decoding: text.bytes[first...last], as: UTF8.self)
    switch dtype {
    case .int32:
      guard let value = Int32(trimmed) else { return false }
      mutableElements(Int32.self)[i] = value
    case .int64:
      guard let value = Int64(trimmed) else { return false }
      mutableElements(Int64.self)[i] = value
    case .float, .double:
      let parsed = trimmed.withCString { start -> (Float, Double)? in
        var end: UnsafeMutablePointer<CChar>?
        let double = strtod(start, &end)
        guard end == UnsafeMutablePointer(mutating: start) + trimmed.utf8.count else { return nil }
        return (strtof(start, nil), double)
      }
      guard let parsed else { return false }
      if dtype == .float {
        mutableElements(Float.self)[i] = parsed.0
      } else {
        mutableElements(Double.self)[i] = parsed.1
      }
    default: return false
    }
    return true
  }
}
