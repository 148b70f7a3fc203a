import BNormCore
import BNormTensor

/// The bytes of strings as numbers.
struct DecodeRaw: EagerOperation {
  static let opNames = ["DecodeRaw", "DecodePaddedRaw"]
  private let dtype: DType
  private let isPadded: Bool
  private let isLittleEndian: Bool

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("out_type")
    isPadded = node.op == "DecodePaddedRaw"
    isLittleEndian = try node.bool("little_endian")
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    var last = -1
    if isPadded, let length = inputs[1].integers?.first, length >= 0 { last = length / dtype.size }
    return [PartialShape(inputs[0].shape.dimensions.map { $0 + [last] })]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let strings = inputs[0].strings
    let length = isPadded ? try fixedLength(inputs[1]) : strings.first?.count ?? 0
    guard length % dtype.size == 0 else {
      throw BNormError.invalid(
        isPadded
          ? "fixed_length (\(length)) must be a multiple of the size of out_type (\(dtype.size))"
          : "Input to DecodeRaw has length \(length) that is not a multiple of \(dtype.size), the "
            + "size "
            + "of \(dtype.name)")
    }
    let shape = try Shape(checking: inputs[0].shape.dimensions + [length / dtype.size])
    try MemoryLimit.check(dtype, shape)
    let out = Tensor(zeros: dtype, shape: shape)
    for (i, string) in strings.enumerated() {
      guard isPadded || string.count == length else {
        throw BNormError.invalid(
          "DecodeRaw requires input strings to all be the same size, but element \(i) has size "
            + "\(string.count) != \(length)")
      }
      string.bytes.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        (out.storage.pointer + i * length).copyMemory(
          from: base, byteCount: min(length, bytes.count))
      }
    }
    // The parts of a complex number are swapped each by itself.
    let unit = dtype.isComplex ? dtype.size / 2 : dtype.size
    let bytes = UnsafeMutableBufferPointer(
      start: out.storage.pointer.assumingMemoryBound(to: UInt8.self), count: out.byteCount)
    if !isLittleEndian, unit > 1 {
      for start in stride(from: 0, to: bytes.count, by: unit) {
        for k in 0..<unit / 2 { bytes.swapAt(start + k, start + unit - 1 - k) }
      }
    }
    if dtype == .bool { for i in bytes.indices where bytes[i] > 1 { bytes[i] = 1 } }
    return [out]
  }

  private func fixedLength(_ tensor: Tensor) throws -> Int {
    guard tensor.rank == 0, let length = tensor.integers?[0] else {
      throw BNormError.invalid(
        "input 1 (fixed_length) has shape \(tensor.shape), expected a scalar")
    }
    guard length > 0 else {
      throw BNormError.invalid("fixed_length (\(length)) must be greater than zero.")
    }
    return length
  }
}
