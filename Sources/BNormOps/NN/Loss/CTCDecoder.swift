import BNormCore
import BNormTensor
import Glibc

/// The most probable labels of sequences, step by step or by beam search.
///
/// Inputs: logits [time, batch, classes], lengths. Outputs: indices, values and shape of the labels
/// (for each path), and the logarithms of the probabilities.
struct CTCDecoder: EagerOperation {
  static let opNames = ["CTCGreedyDecoder", "CTCBeamSearchDecoder"]
  private let isGreedy: Bool
  private let mergesRepeated: Bool
  private let blank: Int
  private let width: Int
  private let paths: Int

  init(_ node: NodeContext) throws {
    isGreedy = node.op == "CTCGreedyDecoder"
    mergesRepeated = try node.bool("merge_repeated")
    blank = isGreedy ? try node.int("blank_index") : -1
    width = isGreedy ? 1 : try node.int("beam_width")
    paths = isGreedy ? 1 : try node.int("top_paths")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(3, "input 0 (inputs)")
    try inputs[1].shape.requireRank(1, "input 1 (sequence_length)")
    if let a = inputs[0].shape[1], let b = inputs[1].shape[0], a != b {
      throw BNormError.invalid(
        "input 1 (sequence_length) has \(b) elements, but input 0 has a batch of \(a)")
    }
    let batch = inputs[0].shape[1] ?? inputs[1].shape[0]
    return (0..<paths).map { _ in PartialShape([-1, 2]) } + (0..<paths).map { _ in .vector(nil) }
      + (0..<paths).map { _ in .vector(2) } + [PartialShape([batch ?? -1, paths])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = inputs[0].shape
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    guard shape.count > 0 else {
      throw BNormError.invalid("input 0 (inputs) has shape \(shape): there is nothing to decode")
    }
    let lengths = inputs[1].elements(Int32.self)
    for (b, length) in lengths.enumerated() where Int(length) > shape[0] {
      throw BNormError.invalid(
        "input 1 (sequence_length) is \(length) for sequence \(b), but there are \(shape[0]) steps")
    }
    return inputs[0].dtype == .double
      ? try decode(inputs[0].elements(Double.self), lengths, shape)
      : try decode(inputs[0].elements(Float.self), lengths, shape)
  }

  private func decode<T: BinaryFloatingPoint & Element>(
    _ logits: UnsafeBufferPointer<T>, _ lengths: UnsafeBufferPointer<Int32>, _ shape: Shape
  ) throws -> [Tensor] {
    let (batch, classes) = (shape[1], shape[2])
    var labels = [[[Int]]](repeating: [], count: paths)
    var scores: [T] = []
    let blank = blank < 0 ? classes + blank : blank
    guard blank >= 0, blank < classes else {
      throw BNormError.invalid(
        "attribute blank_index is \(self.blank), expected one of [\(-classes), \(classes))")
    }
    for b in 0..<batch {
      let rows = (0..<max(0, Int(lengths[b]))).lazy.map { t in
        UnsafeBufferPointer(rebasing: logits[((t * batch + b) * classes)...].prefix(classes))
      }
      guard isGreedy else {
        var search = CTCBeamSearch<T>(width: width, classes: classes)
        for row in rows { search.step(row) }
        for (p, found) in try search.best(paths, mergesRepeated: mergesRepeated).enumerated() {
          labels[p].append(found.labels)
          scores.append(found.score)
        }
        continue
      }
      var found: [Int] = []
      var score: T = 0
      var previous = -1
      for row in rows {
        var best = 0
        for c in 0..<classes where row[c] > row[best] { best = c }
        score -= row[best]
        if best != blank, !(mergesRepeated && best == previous) { found.append(best) }
        previous = best
      }
      labels[0].append(found)
      scores.append(score)
    }
    let sparse = labels.map { CTCDecoder.sparse($0) }
    return sparse.map(\.indices) + sparse.map(\.values) + sparse.map(\.shape)
      + [Tensor(scores, shape: [batch, paths])]
  }

  private static func sparse(_ sequences: [[Int]]) -> (indices: Tensor, values: Tensor, shape: Tensor)
  {
    var indices: [Int64] = []
    for (b, sequence) in sequences.enumerated() {
      for t in sequence.indices { indices += [Int64(b), Int64(t)] }
    }
    let values = sequences.joined().map { Int64($0) }
    let longest = sequences.map(\.count).max() ?? 0
    return (
      Tensor(indices, shape: [values.count, 2]), Tensor(values),
      Tensor([Int64(sequences.count), Int64(longest)])
    )
  }
}

/// A beam search over label sequences: an entry is a sequence, with the probabilities that it has
/// ended in a blank or in its last label.
struct CTCBeamSearch<T: BinaryFloatingPoint> {
  private struct Probability {
    var total = -T.infinity
    var blank = -T.infinity
    var label = -T.infinity
  }

  private final class Entry {
    let parent: Entry?
    let label: Int
    var children: [Int: Entry] = [:]
    var old = Probability()
    var new = Probability()

    init(parent: Entry?, label: Int) {
      self.parent = parent
      self.label = label
    }

    var isActive: Bool { new.total != -T.infinity }

    func child(_ label: Int) -> Entry {
      if let known = children[label] { return known }
      let made = Entry(parent: self, label: label)
      children[label] = made
      return made
    }
  }

  private let width: Int
  private let classes: Int
  /// The best entries, best first.
  private var leaves: [Entry]
  /// Entries refer to their parents only: the root keeps the tree.
  private let root: Entry

  init(width: Int, classes: Int) {
    self.width = width
    self.classes = classes
    root = Entry(parent: nil, label: -1)
    root.new.total = 0
    root.new.blank = 0
    leaves = [root]
  }

  private static func logSum(_ a: T, _ b: T) -> T {
    if a == -T.infinity { return b }
    if b == -T.infinity { return a }
    return max(a, b) + T(log1p(exp(Double(min(a, b) - max(a, b)))))
  }

  private mutating func push(_ entry: Entry) {
    if leaves.count == width {
      guard let last = leaves.last, entry.new.total > last.new.total else { return }
      leaves.removeLast()
    }
    var low = 0
    var high = leaves.count
    while low < high {
      let middle = (low + high) / 2
      if entry.new.total > leaves[middle].new.total { high = middle } else { low = middle + 1 }
    }
    leaves.insert(entry, at: low)
  }

  private func isCandidate(_ probability: Probability) -> Bool {
    probability.total > -T.infinity
      && (leaves.count < width || probability.total > leaves[leaves.count - 1].new.total)
  }

  mutating func step(_ logits: UnsafeBufferPointer<T>) {
    var most = logits[0]
    for logit in logits where logit > most { most = logit }
    var sum = 0.0
    for logit in logits { sum += exp(Double(logit - most)) }
    let offset = most + T(log(sum))
    let branches = leaves
    leaves = []
    for entry in branches { entry.old = entry.new }
    for entry in branches {
      if let parent = entry.parent {
        if parent.isActive {
          let previous = entry.label == parent.label ? parent.old.blank : parent.old.total
          entry.new.label = CTCBeamSearch.logSum(entry.new.label, previous)
        }
        entry.new.label += logits[entry.label] - offset
      }
      entry.new.blank = entry.old.total + logits[classes - 1] - offset
      entry.new.total = CTCBeamSearch.logSum(entry.new.blank, entry.new.label)
      push(entry)
    }
    for entry in branches where isCandidate(entry.old) {
      for label in 0..<(classes - 1) {
        let child = entry.child(label)
        guard !child.isActive else { continue }
        let previous = label == entry.label ? entry.old.blank : entry.old.total
        child.new.blank = -T.infinity
        child.new.label = logits[label] - offset + previous
        child.new.total = child.new.label
        if isCandidate(child.new) {
          if leaves.count == width {
            leaves[width - 1].new = Probability()
            leaves.removeLast()
          }
          push(child)
        } else {
          child.old = Probability()
          child.new = Probability()
        }
      }
    }
  }

  /// The `count` best sequences.
  func best(_ count: Int, mergesRepeated: Bool) throws -> [(labels: [Int], score: T)] {
    guard count <= width else {
      throw BNormError.invalid("attribute top_paths is \(count), more than beam_width, \(width)")
    }
    guard count <= leaves.count else {
      throw BNormError.invalid(
        "attribute top_paths is \(count), but there are only \(leaves.count) sequences")
    }
    return leaves.prefix(count).map { leaf in
      var labels: [Int] = []
      var previous = -1
      var entry = leaf
      while let parent = entry.parent {
        if !mergesRepeated || entry.label != previous { labels.append(entry.label) }
        previous = entry.label
        entry = parent
      }
      return (labels.reversed(), leaf.new.total)
    }
  }
}
