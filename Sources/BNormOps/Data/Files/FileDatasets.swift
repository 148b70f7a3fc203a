import BNormCheckpoint
import BNormCore
import BNormTensor

/// Datasets of the records of files.
struct FileDatasets: EagerOperation {
  static let opNames = [
    "TextLineDataset", "TFRecordDataset", "TFRecordDatasetV2", "FixedLengthRecordDataset",
    "FixedLengthRecordDatasetV2", "MatchingFilesDataset", "ExperimentalMatchingFilesDataset",
  ]
  private let op: String

  init(_ node: NodeContext) throws { op = node.op }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ tensors: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard tensors[0].rank <= 1 else {
      throw BNormError.invalid(
        "input 0 (filenames) has shape \(tensors[0].shape), expected a scalar or a vector")
    }
    let inputs = DatasetInputs(tensors)
    if op.hasSuffix("MatchingFilesDataset") {
      let names = tensors[0].strings.flatMap { FilePattern.expand($0.string) }.sorted()
      let elements = names.map { [Tensor(strings: [ByteString($0)], shape: .scalar)] }
      return [Dataset.list(elements).tensor]
    }
    let paths = tensors[0].strings.map { RecordFile.resolve($0, context) }
    if op.hasPrefix("FixedLength") {
      let header = try inputs.integer(1, "header_bytes")
      let length = try inputs.integer(2, "record_bytes")
      let footer = try inputs.integer(3, "footer_bytes")
      let bits = op.hasSuffix("V2") ? try compression(tensors[5], 5) : nil
      guard header >= 0, footer >= 0, length > 0 else {
        throw BNormError.invalid(
          "records of \(length) bytes after \(header) and before \(footer) bytes cannot be read")
      }
      return [
        records(paths) { path in
          try RecordFile.records(
            try RecordFile.read(path, bits), header: header, length: length, footer: footer, path)
        }.tensor
      ]
    }
    let bits = try compression(tensors[1], 1)
    if op == "TextLineDataset" {
      return [records(paths) { RecordFile.lines(try RecordFile.read($0, bits)) }.tensor]
    }
    return [records(paths) { try RecordFile.records(try RecordFile.read($0, bits), $0) }.tensor]
  }

  private func compression(_ tensor: Tensor, _ i: Int) throws -> Int32? {
    guard tensor.rank == 0 else {
      throw BNormError.invalid(
        "input \(i) (compression_type) has shape \(tensor.shape), expected a scalar")
    }
    return try Inflate.windowBits(tensor.strings[0].string)
  }

  /// The records of one file after the other, each file read when its first record is needed.
  private func records(
    _ paths: [String], _ read: @escaping @Sendable (String) throws -> [ByteString]
  ) -> Dataset {
    Dataset {
      var (file, next) = (0, 0)
      var current: [ByteString] = []
      return { _ in
        while next >= current.count {
          guard file < paths.count else { return nil }
          file += 1
          (current, next) = ([], 0)
          current = try read(paths[file - 1])
        }
        next += 1
        return [Tensor(strings: [current[next - 1]], shape: .scalar)]
      }
    }
  }
}
