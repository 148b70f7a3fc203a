import BNormCore
import BNormTensor
import Glibc

/// Class numbers to train against, with how often each of them and of the true ones is expected.
struct CandidateSampler: EagerOperation {
  static let opNames = [
    "UniformCandidateSampler", "LogUniformCandidateSampler", "LearnedUnigramCandidateSampler",
    "ThreadUnsafeUnigramCandidateSampler", "FixedUnigramCandidateSampler", "AllCandidateSampler",
  ]
  private enum Kind {
    case all
    case fixed(any RangeSampler & Sendable)
    /// Learns: one for each session.
    case learned
  }
  private let kind: Kind
  private let seeds: Seeds
  private let sampled: Int
  private let trueCount: Int
  private let unique: Bool
  private let range: Int

  init(_ node: NodeContext) throws {
    seeds = try Seeds(node)
    sampled = try node.int("num_sampled")
    trueCount = try node.int("num_true")
    unique = try node.bool("unique")
    range = node.op == "AllCandidateSampler" ? sampled : try node.int("range_max")
    guard sampled <= Int(Int32.max), trueCount <= Int(Int32.max) else {
      throw BNormError.invalid("num_sampled is \(sampled) and num_true is \(trueCount)")
    }
    switch node.op {
    case "AllCandidateSampler": kind = .all
    case "UniformCandidateSampler": kind = .fixed(UniformSampler(range: range))
    case "LogUniformCandidateSampler": kind = .fixed(LogUniformSampler(range: range))
    case "FixedUnigramCandidateSampler": kind = .fixed(try UnigramWeights.sampler(node))
    default:
      guard range < Int(Int32.max) else {
        throw BNormError.invalid("range_max is \(range), expected less than \(Int32.max)")
      }
      kind = .learned
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let classes = inputs[0].shape
    try classes.requireRank(2, "input 0 (true_classes)")
    return [
      .vector(sampled), PartialShape([classes[0] ?? -1, trueCount]), .vector(sampled),
    ]
  }

  private struct Key: Hashable { let node: NodeKey }
  private final class Learned: @unchecked Sendable {
    let lock = Lock()
    let sampler: LearnedUnigramSampler
    init(range: Int) { sampler = LearnedUnigramSampler(range: range) }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let classes = inputs[0]
    guard classes.rank == 2, classes.shape[1] == trueCount else {
      throw BNormError.invalid(
        "input 0 (true_classes) has shape \(classes.shape), expected \(trueCount) columns")
    }
    if unique, sampled > range {
      throw BNormError.invalid("\(sampled) different numbers cannot be drawn from \(range)")
    }
    let trueValues = classes.integers ?? []
    if let bad = trueValues.first(where: { $0 < 0 || $0 >= range }) {
      throw BNormError.invalid("input 0 (true_classes) holds \(bad), out of range [0, \(range))")
    }
    let philox = try seeds.state(context).reserve128(512 &* UInt64(sampled))
    var words = SingleWords(philox)
    switch kind {
    case .all:
      let ones = Tensor([Float](repeating: 1, count: sampled))
      return [
        Tensor((0..<sampled).map { Int64($0) }),
        Tensor([Float](repeating: 1, count: classes.count), shape: classes.shape), ones,
      ]
    case .fixed(let sampler): return try draw(sampler, &words, classes.shape, trueValues)
    case .learned:
      let learned = try context.session.object(Key(node: context.nodeKey)) {
        Learned(range: range)
      }
      return try learned.lock.withLock {
        let out = try draw(learned.sampler, &words, classes.shape, trueValues)
        learned.sampler.learn(trueValues)
        return out
      }
    }
  }

  private func draw(
    _ sampler: any RangeSampler, _ words: inout SingleWords, _ shape: Shape, _ trueValues: [Int]
  ) throws -> [Tensor] {
    if unique, let weighted = sampler as? FixedUnigramSampler, weighted.possible < sampled {
      throw BNormError.invalid(
        "\(sampled) different numbers cannot be drawn: only \(weighted.possible) have a weight")
    }
    var candidates: [Int] = []
    var tries = sampled
    if unique {
      var used = Set<Int>()
      tries = 0
      while candidates.count < sampled {
        tries += 1
        let value = sampler.sample(&words)
        if used.insert(value).inserted { candidates.append(value) }
      }
    } else {
      for _ in 0..<sampled { candidates.append(sampler.sample(&words)) }
    }
    func expected(_ value: Int) -> Float {
      let p = sampler.probability(value)
      return tries == sampled ? p * Float(sampled) : -expm1f(Float(tries) * log1pf(-p))
    }
    return [
      Tensor(candidates.map { Int64($0) }), Tensor(trueValues.map(expected), shape: shape),
      Tensor(candidates.map(expected)),
    ]
  }
}

/// The weights of a FixedUnigramCandidateSampler: an attribute, or the last column of a file.
enum UnigramWeights {
  static func sampler(_ node: NodeContext) throws -> FixedUnigramSampler {
    let file = try node.string("vocab_file")
    let unigrams = try node.floats("unigrams")
    guard file.isEmpty != unigrams.isEmpty else {
      throw BNormError.invalid("expected either attribute vocab_file or attribute unigrams")
    }
    let given = file.isEmpty ? unigrams : try read(file)
    let distortion = try node.float("distortion")
    let shards = max(1, try node.int("num_shards"))
    let shard = try node.int("shard")
    let range = try node.int("range_max")
    let reserved = try node.int("num_reserved_ids")
    guard reserved <= range &* shards &+ shards else {
      throw BNormError.invalid("num_reserved_ids is \(reserved), range_max is \(range)")
    }
    var weights: [Float] = []
    for id in 0..<max(0, reserved) where id % shards == shard { weights.append(0) }
    let first = weights.count
    for (i, weight) in given.enumerated() where (first + i) % shards == shard {
      weights.append(powf(weight, distortion))
    }
    guard weights.count == range else {
      throw BNormError.invalid("there are \(weights.count) weights, but range_max is \(range)")
    }
    guard weights.allSatisfy({ $0 >= 0 && $0.isFinite }), weights.contains(where: { $0 > 0 }) else {
      throw BNormError.invalid("weights must be finite, not negative, and not all 0")
    }
    return FixedUnigramSampler(weights: weights)
  }

  private static func read(_ path: String) throws -> [Float] {
    let file = try MappedFile(path)
    let text = String(decoding: file.bytes, as: UTF8.self)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last == "" { lines.removeLast() }
    return try lines.map { line in
      let last = line.split(separator: ",", omittingEmptySubsequences: false).last ?? ""
      let trimmed = last.drop { $0 == " " || $0 == "\t" }
      guard let weight = Float(trimmed.hasSuffix("\r") ? trimmed.dropLast() : trimmed) else {
        throw BNormError.invalid("vocab_file: \"\(line)\" does not end with a weight")
      }
      return weight
    }
  }
}

/// Where sampled candidates are true classes.
struct ComputeAccidentalHits: EagerOperation {
  static let opNames = ["ComputeAccidentalHits"]
  let trueCount: Int

  init(_ node: NodeContext) throws { trueCount = try node.int("num_true") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(2, "input 0 (true_classes)")
    try inputs[1].shape.requireRank(1, "input 1 (sampled_candidates)")
    if let columns = inputs[0].shape[1], columns != trueCount {
      throw BNormError.invalid(
        "input 0 (true_classes) has shape \(inputs[0].shape), expected \(trueCount) columns")
    }
    return [.vector(nil), .vector(nil), .vector(nil)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    var positions: [Int64: Int64] = [:]
    for (i, value) in inputs[1].elements(Int64.self).enumerated() { positions[value] = Int64(i) }
    var rows: [Int32] = []
    var ids: [Int64] = []
    for (i, value) in inputs[0].elements(Int64.self).enumerated() {
      guard let position = positions[value] else { continue }
      rows.append(Int32(truncatingIfNeeded: i / trueCount))
      ids.append(position)
    }
    let weights = [Float](repeating: -Float.greatestFiniteMagnitude, count: rows.count)
    return [Tensor(rows), Tensor(ids), Tensor(weights)]
  }
}
