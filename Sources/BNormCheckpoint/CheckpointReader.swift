import BNormTensor
import Glibc

/// What a kind of checkpoint file offers.
protocol CheckpointFormat: Sendable {
  var entries: [String: CheckpointReader.Entry] { get }
  /// The part `slice` of a tensor; nil for all of it.
  func read(_ name: String, _ entry: CheckpointReader.Entry, slice: TensorSlice?) throws -> Tensor
}

/// Reads the tensors of a checkpoint by name.
///
/// A checkpoint is a tensor bundle (`PREFIX.index` and `PREFIX.data-…`) or, from before TensorFlow
/// 1.0, one or more tables of slices. Data is mapped and read when it is asked for.
public final class CheckpointReader: Sendable {
  public struct Entry: Sendable {
    /// TensorFlow's number of the dtype, which bnorm may not know.
    public let dtypeNumber: Int
    public let shape: Shape
    /// The parts in which the tensor is stored; empty for one whole.
    public let slices: [TensorSlice]

    public var dtype: DType? { UInt8(exactly: dtypeNumber).flatMap { DType(rawValue: $0) } }
  }

  private let format: any CheckpointFormat
  private let prefix: String

  /// - Parameter prefix: The path without `.index`.
  public init(_ prefix: String) throws {
    self.prefix = prefix
    let isBundle = access(prefix + ".index", F_OK) == 0
    do {
      if isBundle {
        format = try BundleReader(prefix)
      } else {
        format = try SliceTableReader(try CheckpointReader.tables(prefix))
      }
    } catch let error as BNormError {
      throw error.prefixed("checkpoint \(prefix)\(isBundle ? ".index" : "")")
    }
  }

  /// There is a checkpoint of the name.
  public static func exists(_ prefix: String) -> Bool {
    if access(prefix + ".index", F_OK) == 0 { return true }
    guard let files = try? tables(prefix), let first = files.first,
      let file = try? MappedFile(first)
    else { return false }
    return TableReader.looksLikeTable(file.bytes)
  }

  /// The files of a checkpoint of the old kind: one, or shards `PREFIX-?????-of-?????`.
  private static func tables(_ prefix: String) throws -> [String] {
    if access(prefix, F_OK) == 0 { return [prefix] }
    let isPattern = prefix.contains { "*?[".contains($0) }
    let files = FilePattern.expand(isPattern ? prefix : prefix + "-?????-of-?????")
    guard !files.isEmpty else {
      throw BNormError.invalid("neither \(prefix).index nor \(prefix) exists")
    }
    return files
  }

  /// The tensors' names in order.
  public var names: [String] { format.entries.keys.sorted() }

  public func entry(_ name: String) -> Entry? { format.entries[name] }

  /// A tensor, or the part `slice` of it.
  public func read(_ name: String, slice: TensorSlice? = nil) throws -> Tensor {
    guard let entry = format.entries[name] else {
      throw BNormError.invalid("checkpoint \(prefix) has no tensor \"\(name)\"")
    }
    do { return try format.read(name, entry, slice: slice) } catch let error as BNormError {
      throw error.prefixed("checkpoint \(prefix), tensor \"\(name)\"")
    }
  }
}

extension CheckpointFormat {
  /// Puts the part `slice` together from the parts that are stored.
  func assemble(
    _ entry: CheckpointReader.Entry, _ dtype: DType, _ slice: TensorSlice?,
    _ part: (TensorSlice, Shape) throws -> Tensor
  ) throws -> Tensor {
    let full = TensorSlice(fullRank: entry.shape.rank)
    let box = try (slice ?? full).box(in: entry.shape)
    let parts = try entry.slices.map { ($0, try $0.box(in: entry.shape)) }
    if let (stored, _) = parts.first(where: { $0.1 == box }) {
      return try part(stored, Shape(checking: box.map(\.count)))
    }
    // What is stored bounds what is asked for, so that this allocation is bounded by the file.
    var out: Tensor?
    var copied = 0
    for (stored, storedBox) in parts
    where zip(storedBox, box).allSatisfy({ $0.overlaps($1) }) {
      let tensor = try part(stored, Shape(checking: storedBox.map(\.count)))
      if out == nil { out = Tensor(zeros: dtype, shape: try Shape(checking: box.map(\.count))) }
      copied += BoxCopy.copy(tensor, storedBox, &out!, box)
    }
    let shape = try Shape(checking: box.map(\.count))
    guard copied == shape.count else {
      throw BNormError.invalid(
        "only \(copied) of \(shape.count) elements of slice \(slice ?? full) are stored")
    }
    return out ?? Tensor(dtype: dtype, shape: shape)
  }
}
