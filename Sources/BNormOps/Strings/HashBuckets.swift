import BNormCore
import BNormTensor

/// Hashes modulo a number of buckets.
struct HashBuckets: EagerOperation {
  static let opNames = [
    "StringToHashBucket", "StringToHashBucketFast", "StringToHashBucketStrong",
    "_TensorToHashBucketFast",
  ]
  private enum Kind: Sendable { case memory, fast, strong(UInt64, UInt64) }
  private let kind: Kind
  let buckets: UInt64

  init(_ node: NodeContext) throws {
    buckets = UInt64(try node.int("num_buckets"))
    switch node.op {
    case "StringToHashBucket": kind = .memory
    case "StringToHashBucketStrong":
      let key = try node.ints("key")
      guard key.count == 2 else {
        throw BNormError.invalid("attribute key has \(key.count) elements, expected 2")
      }
      kind = .strong(UInt64(bitPattern: Int64(key[0])), UInt64(bitPattern: Int64(key[1])))
    default: kind = .fast
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let strings: [ByteString]
    if inputs[0].dtype == .string {
      strings = inputs[0].strings
    } else if inputs[0].dtype == .uint64 {
      strings = inputs[0].elements(UInt64.self).map { ByteString(String($0)) }
    } else {
      strings = (inputs[0].integers ?? []).map { ByteString(String($0)) }
    }
    let out = strings.map { text -> Int64 in
      let hash =
        switch kind {
        case .memory: MemoryHash.hash(text.bytes)
        case .fast: FarmHash.fingerprint(text.bytes)
        case .strong(let a, let b): SipHash.hash(text.bytes, key: (a, b))
        }
      return Int64(bitPattern: hash % buckets)
    }
    return [Tensor(out, shape: inputs[0].shape)]
  }
}

/// A fingerprint of each row: 8 bytes of FarmHash.
struct Fingerprint: EagerOperation {
  static let opNames = ["Fingerprint"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 1, "input 0 (data)")
    try inputs[1].shape.requireRank(0, "input 1 (method)")
    return [PartialShape([inputs[0].shape[0] ?? -1, 8])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let method = try inputs[1].scalarString("input 1 (method)").string
    guard method == "farmhash64" else {
      throw BNormError.invalid("method is \"\(method)\", only farmhash64 exists")
    }
    let data = inputs[0]
    guard data.rank >= 1 else { throw BNormError.invalid("input 0 (data) is a scalar") }
    let rows = data.shape[0]
    let out = Tensor(dtype: .uint8, shape: [rows, 8])
    let width = rows > 0 ? data.count / rows : 0
    let bytes = out.mutableElements(UInt8.self)
    for r in 0..<rows {
      let hash: UInt64
      if data.dtype == .string {
        let hashes = data.strings[(r * width)..<((r + 1) * width)].map {
          FarmHash.fingerprint($0.bytes)
        }
        hash =
          width == 1
          ? hashes[0] : hashes.withUnsafeBytes { FarmHash.fingerprint($0) }
      } else {
        let size = width * data.dtype.size
        hash = FarmHash.fingerprint(
          UnsafeRawBufferPointer(start: data.pointer + r * size, count: size))
      }
      for k in 0..<8 { bytes[r * 8 + k] = UInt8(truncatingIfNeeded: hash >> UInt64(8 * k)) }
    }
    return [out]
  }
}
