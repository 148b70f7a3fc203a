import BNormTensor
import Glibc

/// How lines of values are read.
struct CSVFormat: Sendable {
  private let delimiter: UInt8
  private let takesQuotes: Bool
  private let missing: ByteString
  /// The columns that are wanted; empty for all.
  private let columns: [Int]

  init(
    delimiter: ByteString, takesQuotes: Bool, missing: ByteString, columns: [Int], outputs: Int
  ) throws {
    guard delimiter.count == 1 else {
      throw BNormError.invalid("field_delim should be only 1 char, got \"\(delimiter)\"")
    }
    guard columns.isEmpty || columns.count == outputs else {
      throw BNormError.invalid(
        "select_cols should match output size: \(columns.count) columns, \(outputs) outputs")
    }
    guard zip(columns, columns.dropFirst()).allSatisfy({ $0 < $1 }), (columns.first ?? 0) >= 0
    else {
      throw BNormError.invalid("select_cols should be strictly increasing indices, got \(columns)")
    }
    self.delimiter = delimiter.bytes[0]
    self.takesQuotes = takesQuotes
    self.missing = missing
    self.columns = columns
  }

  /// Writes the values of a record's fields as elements `place` of `outputs`.
  func store(
    _ found: [ByteString], _ defaults: [Tensor], in outputs: [Tensor], at place: Int, record: Int
  ) throws {
    guard found.count == outputs.count else {
      throw BNormError.invalid(
        "Expect \(outputs.count) fields but have \(found.count) in record \(record)")
    }
    for (i, field) in found.enumerated() {
      if field.isEmpty || field == missing {
        guard defaults[i].count == 1 else {
          throw BNormError.invalid("Field \(i) is required but missing in record \(record)!")
        }
        outputs[i].store(defaults[i], at: place)
      } else {
        guard outputs[i].store(text: field, at: place) else {
          throw BNormError.invalid(
            "Field \(i) in record \(record) is not a valid \(outputs[i].dtype.name): \(field)")
        }
      }
    }
  }

  /// The records of a file: lines, where an end of line may stand within quotes.
  func records(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var out: [ArraySlice<UInt8>] = []
    var (start, i, isQuoted) = (0, 0, false)
    while i < bytes.count {
      if takesQuotes, bytes[i] == UInt8(ascii: "\"") { isQuoted.toggle() }
      if !isQuoted, bytes[i] == 10 || bytes[i] == 13 {
        out.append(bytes[start..<i])
        if bytes[i] == 13, i + 1 < bytes.count, bytes[i + 1] == 10 { i += 1 }
        start = i + 1
      }
      i += 1
    }
    if start < bytes.count { out.append(bytes[start...]) }
    return out
  }

  /// The wanted fields of a record.
  func fields(_ text: [UInt8]) throws -> [ByteString] {
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
  func store(_ scalar: Tensor, at i: Int) {
    if dtype == .string {
      storage.strings[i] = scalar.strings[0]
    } else {
      (storage.pointer + i * dtype.size).copyMemory(from: scalar.pointer, byteCount: dtype.size)
    }
  }

  /// Writes what `text` says as element `i`; false if it is no such number.
  func store(text: ByteString, at i: Int) -> Bool {
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
