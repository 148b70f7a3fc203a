import BNormTensor

/// How many bytes constants may take beyond what a file holds for them: a list of values that is
/// shorter than its shape repeats its last value, so that a few bytes can declare a huge tensor.
public final class ImportBudget {
  /// For one tensor.
  public let perTensor: Int
  /// What is left for all.
  public private(set) var left: Int

  public init(perTensor: Int = 1 << 30, total: Int = 4 << 30) {
    self.perTensor = perTensor
    left = total
  }

  func spend(_ bytes: Int, _ shape: Shape) throws {
    guard bytes <= perTensor, bytes <= left else {
      throw BNormError.invalid(
        "tensor of shape \(shape) would take \(bytes) bytes, but the file has few values for it")
    }
    left -= bytes
  }
}
