import BNormCore
import BNormTensor
import CBNormKernels

/// Eight bytes of FarmHash for each entry of the first dimension.
struct Fingerprint: EagerOperation {
  static let opNames = ["Fingerprint"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 1, "input 0 (data)")
    try inputs[1].requireScalar("input 1 (method)")
    return [PartialShape([inputs[0].shape[0] ?? -1, 8])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let data = inputs[0]
    guard inputs[1].rank == 0, let method = inputs[1].strings.first, method == "farmhash64" else {
      throw BNormError.invalid(
        "input 1 (method) is \(inputs[1].strings), expected the scalar \"farmhash64\"")
    }
    guard data.rank > 0 else { throw BNormError.invalid("input 0 (data) is a scalar") }
    guard data.dtype.isPlain || data.dtype == .string else {
      throw BNormError.unsupported("dtype \(data.dtype.name)")
    }
    let rows = data.shape[0]
    let out = Tensor(dtype: .uint8, shape: [rows, 8])
    guard rows > 0 else { return [out] }
    let words = UnsafeMutableRawPointer(mutating: out.pointer).assumingMemoryBound(to: UInt64.self)
    if data.dtype == .string {
      let prints = data.strings.map { string in
        string.bytes.withUnsafeBytes { bnk_fingerprint64($0.baseAddress, $0.count) }
      }
      let each = prints.count / rows
      for row in 0..<rows {
        // Several strings: the fingerprint of their fingerprints.
        words[row] =
          each == 1
          ? prints[row]
          : prints[row * each..<(row + 1) * each].withUnsafeBytes {
            bnk_fingerprint64($0.baseAddress, $0.count)
          }
      }
    } else {
      let bytes = data.byteCount / rows
      for row in 0..<rows { words[row] = bnk_fingerprint64(data.pointer + row * bytes, bytes) }
    }
    return [out]
  }
}

/// Sixteen bytes of FarmHash for each string, as two numbers.
struct SdcaFprint: EagerOperation {
  static let opNames = ["SdcaFprint"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(1, "input 0 (input)")
    return [PartialShape([inputs[0].shape[0] ?? -1, 2])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank == 1 else {
      throw BNormError.invalid("input 0 (input) has shape \(inputs[0].shape), expected a vector")
    }
    var words: [Int64] = []
    for string in inputs[0].strings {
      var pair: (UInt64, UInt64) = (0, 0)
      string.bytes.withUnsafeBytes { bytes in
        withUnsafeMutableBytes(of: &pair) {
          bnk_fingerprint128(
            bytes.baseAddress, bytes.count, $0.baseAddress!.assumingMemoryBound(to: UInt64.self))
        }
      }
      // 0 and 1 stand for something else where the prints are keys.
      words.append(Int64(bitPattern: pair.0 >= 2 ? pair.0 : pair.0 &+ ~2))
      words.append(Int64(bitPattern: pair.1))
    }
    return [Tensor(words, shape: [words.count / 2, 2])]
  }
}
