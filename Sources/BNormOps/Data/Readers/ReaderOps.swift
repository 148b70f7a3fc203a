import BNormCore
import BNormTensor

/// A reader of the session.
struct ReaderMaking: EagerOperation {
  static let opNames = [
    "IdentityReader", "IdentityReaderV2", "WholeFileReader", "WholeFileReaderV2", "TextLineReader",
    "TextLineReaderV2", "TFRecordReader", "TFRecordReaderV2", "FixedLengthRecordReader",
    "FixedLengthRecordReaderV2",
  ]
  private let form: RecordReader.Form
  private let key: Key

  private struct Key: Hashable, CustomStringConvertible {
    let name: ResourceName
    var description: String { "reader \(name)" }
  }

  init(_ node: NodeContext) throws {
    let shared = try node.string("shared_name")
    key = Key(
      name: ResourceName(
        container: try node.string("container"), name: shared.isEmpty ? node.name : shared))
    let op = node.op.hasSuffix("V2") ? String(node.op.dropLast(2)) : node.op
    switch op {
    case "WholeFileReader": form = .wholeFile
    case "TextLineReader":
      let skipped = try node.int("skip_header_lines")
      guard skipped >= 0 else {
        throw BNormError.invalid("skip_header_lines must be >= 0 not \(skipped)")
      }
      form = .textLines(skipping: skipped)
    case "TFRecordReader":
      form = .records(windowBits: try Inflate.windowBits(try node.string("compression_type")))
    case "FixedLengthRecordReader":
      let header = try node.int("header_bytes")
      let length = try node.int("record_bytes")
      let footer = try node.int("footer_bytes")
      let hop = try node.int("hop_bytes")
      guard header >= 0, length > 0, footer >= 0, hop >= 0 else {
        throw BNormError.invalid(
          "record_bytes must be > 0 and the others >= 0, got header_bytes \(header), record_bytes "
            + "\(length), footer_bytes \(footer), hop_bytes \(hop)")
      }
      let encoding = node.op.hasSuffix("V2") ? try node.string("encoding") : ""
      form = .fixedLength(
        header: header, length: length, footer: footer, hop: hop == 0 ? length : hop,
        windowBits: try Inflate.windowBits(encoding))
    default: form = .identity
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let reader = try context.session.object(key) { RecordReader(form) }
    return [Tensor(scalar: reader, dtype: .resource)]
  }
}

extension Tensor {
  fileprivate func reader() throws -> RecordReader {
    guard dtype == .resource, count == 1, let reader = objects[0] as? RecordReader else {
      throw BNormError.invalid("input 0 (reader_handle) holds no reader")
    }
    return reader
  }

  fileprivate func stringQueue() throws -> any StringQueue {
    guard dtype == .resource, count == 1, let queue = objects[0] as? any StringQueue else {
      throw BNormError.invalid("input 1 (queue_handle) holds no queue")
    }
    return queue
  }
}

/// Records of a reader.
struct ReaderRead: EagerOperation, UnfoldableOperation {
  static let opNames = ["ReaderRead", "ReaderReadV2", "ReaderReadUpTo", "ReaderReadUpToV2"]
  private let isMany: Bool

  init(_ node: NodeContext) throws { isMany = node.op.contains("UpTo") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    isMany ? [.vector(nil), .vector(nil)] : [.scalar, .scalar]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let reader = try inputs[0].reader()
    let queue = try inputs[1].stringQueue()
    guard isMany else {
      let record = try reader.read(queue, context)
      return [
        Tensor(strings: [record.key], shape: .scalar),
        Tensor(strings: [record.value], shape: .scalar),
      ]
    }
    guard inputs[2].rank == 0, let count = inputs[2].integers?[0], count > 0 else {
      throw BNormError.invalid(
        "input 2 (num_records) is \(inputs[2].integers ?? []), expected one number greater than "
          + "zero"
      )
    }
    let records = try reader.read(upTo: count, queue, context)
    return [
      Tensor(strings: records.map(\.key), shape: [records.count]),
      Tensor(strings: records.map(\.value), shape: [records.count]),
    ]
  }
}

/// What a reader has done, and its new start.
struct ReaderState: EagerOperation, UnfoldableOperation {
  static let opNames = [
    "ReaderNumRecordsProduced", "ReaderNumRecordsProducedV2", "ReaderNumWorkUnitsCompleted",
    "ReaderNumWorkUnitsCompletedV2", "ReaderReset", "ReaderResetV2",
  ]
  private let op: String
  init(_ node: NodeContext) throws { op = node.op }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { op.hasPrefix("ReaderReset") ? [] : [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let reader = try inputs[0].reader()
    if op.hasPrefix("ReaderReset") {
      reader.reset()
      return []
    }
    let count = op.contains("Records") ? reader.recordsProduced : reader.unitsCompleted
    return [Tensor(scalar: Int64(count))]
  }
}
