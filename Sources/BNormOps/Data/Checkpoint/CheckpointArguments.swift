import BNormCheckpoint
import BNormCore
import BNormTensor

/// Checked reading of what save and restore ops are given.
enum CheckpointArguments {
  /// The only string of input `index`.
  static func string(_ inputs: [Tensor], _ index: Int, _ name: String) throws -> String {
    let tensor = inputs[index]
    guard tensor.count == 1, let text = tensor.strings.first else {
      throw BNormError.invalid(
        "input \(index) (\(name)) has shape \(tensor.shape), expected one string")
    }
    return text.string
  }

  /// The strings of input `index`, a vector of `count` elements.
  static func strings(
    _ inputs: [Tensor], _ index: Int, _ name: String, count: Int
  ) throws -> [String] {
    let tensor = inputs[index]
    guard tensor.shape == [count] else {
      throw BNormError.invalid(
        "input \(index) (\(name)) has shape \(tensor.shape), expected [\(count)] for \(count) "
          + "tensors")
    }
    return tensor.strings.map(\.string)
  }

  /// The reader of a checkpoint; one for all ops of a step.
  static func reader(_ prefix: String, _ context: RunContext) throws -> CheckpointReader {
    struct Key: Hashable { let prefix: String }
    return try context.step.object(Key(prefix: prefix)) { try CheckpointReader(prefix) }
  }

  /// The tensor of a checkpoint, or the part of it that `part` names.
  static func restore(
    _ reader: CheckpointReader, _ name: String, _ part: String, as dtype: DType
  ) throws -> Tensor {
    let slice = try ShapeAndSlice(part)
    if let entry = reader.entry(name) {
      guard entry.dtypeNumber == Int(dtype.rawValue) else {
        throw BNormError.invalid(
          "tensor \"\(name)\" has dtype \(entry.dtype?.name ?? "\(entry.dtypeNumber)") in the "
            + "checkpoint, expected \(dtype.name)")
      }
      if let slice, slice.shape != entry.shape {
        throw BNormError.invalid(
          "tensor \"\(name)\" has shape \(entry.shape) in the checkpoint, expected \(slice.shape)")
      }
    }
    return try reader.read(name, slice: slice?.slice)
  }
}
