import BNormCore
import BNormTensor
import CBNormKernels

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
        case .fast: text.bytes.withUnsafeBytes { bnk_fingerprint64($0.baseAddress, $0.count) }
        case .strong(let a, let b): SipHash.hash(text.bytes, key: (a, b))
        }
      return Int64(bitPattern: hash % buckets)
    }
    return [Tensor(out, shape: inputs[0].shape)]
  }
}
