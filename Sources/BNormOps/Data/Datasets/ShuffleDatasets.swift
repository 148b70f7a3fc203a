import BNormCore
import BNormTensor

/// Gives the seeds of each iterator of a dataset: always the same, or drawn from the first ones.
final class SeedSource: TensorObject, @unchecked Sendable {
  private let lock = Lock()
  private let seeds: (UInt64, UInt64)
  private var words: PhiloxWords?

  init(_ seed: Int, _ seed2: Int, redraws: Bool) {
    var seeds = (UInt64(bitPattern: Int64(seed)), UInt64(bitPattern: Int64(seed2)))
    if seed == 0, seed2 == 0 { seeds = (.random(in: .min ... .max), .random(in: .min ... .max)) }
    self.seeds = seeds
    words = redraws ? PhiloxWords(seed: seeds.0, seed2: seeds.1) : nil
  }

  var typeName: String { "SeedGenerator" }

  func next() -> (UInt64, UInt64) {
    lock.withLock {
      guard words != nil else { return seeds }
      let first = words!.next()
      return (UInt64(first), UInt64(words!.next()))
    }
  }
}

/// Sources of seeds that several datasets share.
struct SeedGenerators: EagerOperation {
  static let opNames = [
    "DummySeedGenerator", "AnonymousSeedGenerator", "AnonymousRandomSeedGenerator",
    "DeleteSeedGenerator", "DeleteRandomSeedGenerator",
  ]
  private let op: String
  init(_ node: NodeContext) throws { op = node.op }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    op.hasPrefix("Delete") ? [] : op.hasPrefix("Dummy") ? [.scalar] : [.scalar, .scalar]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    if op.hasPrefix("Delete") { return [] }
    guard op != "DummySeedGenerator" else {
      return [Tensor(objects: [nil], dtype: .resource, shape: .scalar)]
    }
    let arguments = DatasetInputs(inputs)
    let redraws = op == "AnonymousSeedGenerator" ? try arguments.bool(2, "reshuffle") : true
    let source = SeedSource(
      try arguments.integer(0, "seed"), try arguments.integer(1, "seed2"), redraws: redraws)
    return [
      Tensor(scalar: source, dtype: .resource),
      Tensor(objects: [nil], dtype: .variant, shape: .scalar),
    ]
  }
}

/// Elements drawn at random from a buffer of the next ones, in TensorFlow's order for given seeds.
struct ShuffleDatasets: EagerOperation {
  static let opNames = [
    "ShuffleDataset", "ShuffleDatasetV2", "ShuffleDatasetV3", "ShuffleAndRepeatDataset",
    "ShuffleAndRepeatDatasetV2",
  ]
  private let op: String
  private let redraws: Bool

  init(_ node: NodeContext) throws {
    op = node.op
    redraws = node.op == "ShuffleDatasetV2" ? true : try node.bool("reshuffle_each_iteration")
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ tensors: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let inputs = DatasetInputs(tensors)
    let input = try inputs.dataset()
    var size = try inputs.integer(1, "buffer_size")
    guard size > 0 || size == Dataset.unknown else {
      throw BNormError.invalid(
        "buffer_size must be greater than zero or UNKNOWN_CARDINALITY, got \(size)")
    }
    // A buffer for all elements: a place is the element's own number.
    if size < 0 { size = Int.max }
    let repeats = op.hasPrefix("ShuffleAndRepeat") ? try inputs.integer(4, "count") : 1
    guard repeats > 0 || repeats == -1 else {
      throw BNormError.invalid("count must be greater than zero or -1, got \(repeats)")
    }
    // The last input is a source of seeds in newer versions.
    let handle = op.hasSuffix("V2") || op.hasSuffix("V3") ? tensors[tensors.count - 1] : nil
    let source: SeedSource
    if let shared = handle?.objects.first as? SeedSource {
      source = shared
    } else if op == "ShuffleDatasetV2" {
      source = SeedSource(0, 0, redraws: true)
    } else {
      source = SeedSource(
        try inputs.integer(2, "seed"), try inputs.integer(3, "seed2"), redraws: redraws)
    }
    return [input.shuffled(size, repeats: repeats, source).tensor]
  }
}

extension Dataset {
  /// A part of the buffer whose elements come from one pass over the input.
  private struct Slice {
    var start: Int
    var end: Int
  }

  func shuffled(_ size: Int, repeats: Int, _ seeds: SeedSource) -> Dataset {
    let whole = repeats == 1 ? self : repeating(repeats)
    return Dataset(cardinality: whole.cardinality, batchSize: batchSize) { [self] in
      let (seed, seed2) = seeds.next()
      var words = PhiloxWords(seed: seed, seed2: seed2)
      var source: NextElement?
      // Position p of the stream of elements lies at p % size, once the buffer is full.
      var buffer: [[Tensor]] = []
      var slices = [Slice(start: 0, end: 0)]
      var count = 0
      var turns = 0
      return { context in
        while count < size, repeats == -1 || turns < repeats {
          let isNew = source == nil
          if isNew { source = try self.makeIterator() }
          guard let element = try source!(context) else {
            source = nil
            turns += 1
            if isNew, repeats == -1, count == 0 { return nil }
            if repeats == -1 || turns < repeats {
              let end = slices[slices.count - 1].end
              slices.append(Slice(start: end, end: end))
            }
            continue
          }
          let place = slices[slices.count - 1].end % size
          let owned = element.map(\.owned)
          if place < buffer.count { buffer[place] = owned } else { buffer.append(owned) }
          slices[slices.count - 1].end += 1
          count += 1
        }
        guard count > 0 else { return nil }
        while slices[0].start == slices[0].end {
          slices.removeFirst()
          // Each pass has seeds of its own.
          let (seed, seed2) = seeds.next()
          words = PhiloxWords(seed: seed, seed2: seed2)
        }
        let offset = Int(words.next()) % (slices[0].end - slices[0].start)
        let index = (slices[0].start + offset) % size
        let element = buffer[index]
        buffer[index] = buffer[slices[0].start % size]
        buffer[slices[0].start % size] = []
        slices[0].start += 1
        count -= 1
        return element
      }
    }
  }
}
