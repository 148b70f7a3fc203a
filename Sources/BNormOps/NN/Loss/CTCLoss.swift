import BNormCore
import BNormTensor
import Glibc

/// The connectionist temporal classification loss and its gradient.
///
/// Inputs: logits [time, batch, classes], indices and values of the labels, lengths.
struct CTCLoss: PlannedOperation {
  static let opNames = ["CTCLoss", "CTCLossV2"]
  private let collapsesLabels: Bool
  private let mergesRepeated: Bool
  private let ignoresLonger: Bool
  /// The blank is the first class instead of the last.
  private let blankFirst: Bool

  init(_ node: NodeContext) throws {
    collapsesLabels = try node.bool("preprocess_collapse_repeated")
    mergesRepeated = try node.bool("ctc_merge_repeated")
    ignoresLonger = try node.bool("ignore_longer_outputs_than_inputs")
    blankFirst = node.op == "CTCLossV2"
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(3, "input 0 (inputs)")
    try inputs[1].shape.requireRank(2, "input 1 (labels_indices)")
    try inputs[2].shape.requireRank(1, "input 2 (labels_values)")
    try inputs[3].shape.requireRank(1, "input 3 (sequence_length)")
    if let a = inputs[1].shape[0], let b = inputs[2].shape[0], a != b {
      throw BNormError.invalid(
        "input 1 (labels_indices) has \(a) rows, but input 2 (labels_values) has \(b) elements")
    }
    if let a = inputs[0].shape[1], let b = inputs[3].shape[0], a != b {
      throw BNormError.invalid(
        "input 3 (sequence_length) has \(b) elements, but input 0 has a batch of \(a)")
    }
    let batch = inputs[0].shape[1] ?? inputs[3].shape[0]
    let shape = inputs[0].shape.dimensions ?? [-1, -1, -1]
    return [.vector(batch), PartialShape([shape[0], batch ?? -1, shape[2]])]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    guard shape.count > 0 else {
      throw BNormError.invalid("input 0 (inputs) has shape \(shape): there is nothing to score")
    }
    guard context.inputShape(1)[1] == 2 else {
      throw BNormError.invalid(
        "input 1 (labels_indices) has shape \(context.inputShape(1)), expected two columns")
    }
    let count = context.inputShape(2).count
    let operation = self
    let isDouble = context.inputDType(0) == .double
    return .run { io in
      let labels = try operation.labels(
        UnsafeBufferPointer(
          start: io.input(1).assumingMemoryBound(to: Int64.self), count: 2 * count),
        UnsafeBufferPointer(start: io.input(2).assumingMemoryBound(to: Int32.self), count: count),
        shape)
      let lengths = UnsafeBufferPointer(
        start: io.input(3).assumingMemoryBound(to: Int32.self), count: shape[1])
      if isDouble {
        try operation.run(
          io.input(0).assumingMemoryBound(to: Double.self), labels, lengths, shape,
          io.output(0).assumingMemoryBound(to: Double.self),
          io.output(1).assumingMemoryBound(to: Double.self))
      } else {
        try operation.run(
          io.input(0).assumingMemoryBound(to: Float.self), labels, lengths, shape,
          io.output(0).assumingMemoryBound(to: Float.self),
          io.output(1).assumingMemoryBound(to: Float.self))
      }
    }
  }

  /// The labels of each sequence as they are given.
  private func labels(
    _ indices: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Int32>, _ shape: Shape
  ) throws -> [[Int]] {
    var out = [[Int]](repeating: [], count: shape[1])
    for (i, value) in values.enumerated() {
      let batch = indices[2 * i]
      guard batch >= 0, batch < Int64(shape[1]) else {
        throw BNormError.invalid(
          "input 1 (labels_indices) names sequence \(batch) of a batch of \(shape[1])")
      }
      out[Int(batch)].append(Int(value))
    }
    return out
  }

  /// The labels with blanks between them and around.
  private func path(
    _ labels: [Int], batch: Int, length: Int, classes: Int
  ) throws -> [Int] {
    guard !labels.isEmpty else {
      throw BNormError.invalid("sequence \(batch) has no labels")
    }
    let blank = blankFirst ? 0 : classes - 1
    var path = [blank]
    var isFinished = false
    for (i, label) in labels.enumerated() {
      if collapsesLabels, i > 0, label == labels[i - 1] { continue }
      if blankFirst ? label == blank : label >= classes - 1 {
        isFinished = true
        continue
      }
      guard !isFinished else {
        throw BNormError.invalid(
          "sequence \(batch) has label \(label) after a blank; there are \(classes) classes")
      }
      guard label >= 0, label < classes else {
        throw BNormError.invalid("sequence \(batch) has label \(label) of \(classes) classes")
      }
      path += [label, blank]
    }
    guard ignoresLonger || labels.count <= length else {
      throw BNormError.invalid(
        "sequence \(batch) has \(labels.count) labels, but only \(length) steps")
    }
    return path
  }

  private func run<T: BinaryFloatingPoint>(
    _ logits: UnsafePointer<T>, _ labels: [[Int]], _ lengths: UnsafeBufferPointer<Int32>,
    _ shape: Shape, _ loss: UnsafeMutablePointer<T>, _ gradient: UnsafeMutablePointer<T>
  ) throws {
    let (time, batch, classes) = (shape[0], shape[1], shape[2])
    loss.update(repeating: 0, count: batch)
    gradient.update(repeating: 0, count: shape.count)
    var paths: [[Int]] = []
    for b in 0..<batch {
      let length = Int(lengths[b])
      guard length >= 0, length <= time else {
        throw BNormError.invalid(
          "input 3 (sequence_length) is \(length) for sequence \(b), but there are \(time) steps")
      }
      paths.append(try path(labels[b], batch: b, length: length, classes: classes))
    }
    for b in 0..<batch {
      let length = Int(lengths[b])
      guard length > 0, !ignoresLonger || labels[b].count <= length else { continue }
      // Probabilities in the tensor's own precision: what underflows there is impossible.
      var y = [Double](repeating: 0, count: length * classes)
      for t in 0..<length {
        let row = logits + (t * batch + b) * classes
        var most = -T.infinity
        for c in 0..<classes where row[c] > most { most = row[c] }
        var sum = 0.0
        for c in 0..<classes { sum += exp(Double(row[c] - most)) }
        for c in 0..<classes { y[t * classes + c] = Double(T(exp(Double(row[c] - most)) / sum)) }
      }
      let alignment = CTCAlignment(
        path: paths[b], y: y, length: length, classes: classes, merges: mergesRepeated)
      loss[b] = T(-alignment.logProbability)
      for t in 0..<length {
        let target = gradient + (t * batch + b) * classes
        alignment.gradient(t) { target[$0] = T($1) }
      }
    }
  }
}

/// Forward and backward variables of all alignments of a path of labels with a sequence.
struct CTCAlignment {
  private let path: [Int]
  private let y: [Double]
  private let length: Int
  private let classes: Int
  private let merges: Bool
  private var alpha: [Double]
  private var beta: [Double]
  private(set) var logProbability = -Double.infinity

  init(path: [Int], y: [Double], length: Int, classes: Int, merges: Bool) {
    self.path = path
    self.y = y
    self.length = length
    self.classes = classes
    self.merges = merges
    alpha = [Double](repeating: -.infinity, count: length * path.count)
    beta = alpha
    forward()
    backward()
    for u in path.indices {
      logProbability = CTCAlignment.logSum(logProbability, alpha[u] + beta[u])
    }
  }

  static func logSum(_ a: Double, _ b: Double) -> Double {
    if a == -.infinity { return b }
    if b == -.infinity { return a }
    // In single precision for every dtype, as TensorFlow computes it.
    return max(a, b) + Double(log1pf(expf(Float(-abs(a - b)))))
  }

  private var blank: Int { path[0] }
  private func logY(_ u: Int, _ t: Int) -> Double { log(y[t * classes + path[u]]) }
  /// The places on the path that can be reached at step `t` and leave time for the rest.
  private func places(_ t: Int) -> Range<Int> {
    let count = path.count
    let low = max(0, count - 2 * (length - t))
    return low..<max(low, min(count, 2 * (t + 1)))
  }

  private mutating func forward() {
    let count = path.count
    alpha[0] = logY(0, 0)
    if count > 1 { alpha[1] = logY(1, 0) }
    for t in 1..<max(length, 1) {
      for u in places(t) {
        let before = (t - 1) * count
        var sum = -Double.infinity
        if merges || path[u] == blank { sum = alpha[before + u] }
        if u > 0 { sum = CTCAlignment.logSum(sum, alpha[before + u - 1]) }
        if u > 1, path[u] != blank, !(merges && path[u] == path[u - 2]) {
          sum = CTCAlignment.logSum(sum, alpha[before + u - 2])
        }
        alpha[t * count + u] = logY(u, t) + sum
      }
    }
  }

  private mutating func backward() {
    let count = path.count
    // A path of the blank alone has no place before the last one; TensorFlow's kernel then marks the
    // last step but one.
    for u in (count - 2)..<count where (length - 1) * count + u >= 0 {
      beta[(length - 1) * count + u] = 0
    }
    for t in stride(from: length - 2, through: 0, by: -1) {
      for u in places(t) {
        let after = (t + 1) * count
        var sum = beta[t * count + u]
        if merges || path[u] == blank {
          sum = CTCAlignment.logSum(sum, beta[after + u] + logY(u, t + 1))
        }
        if u + 1 < count { sum = CTCAlignment.logSum(sum, beta[after + u + 1] + logY(u + 1, t + 1)) }
        if u + 2 < count, path[u] != blank, !(merges && path[u] == path[u + 2]) {
          sum = CTCAlignment.logSum(sum, beta[after + u + 2] + logY(u + 2, t + 1))
        }
        beta[t * count + u] = sum
      }
    }
  }

  /// Gives the gradient of each class's logit at step `t`.
  func gradient(_ t: Int, _ put: (Int, Double) -> Void) {
    guard logProbability != -.infinity else {
      for c in 0..<classes { put(c, y[t * classes + c]) }
      return
    }
    var sums = [Double](repeating: -.infinity, count: classes)
    for u in path.indices {
      let at = t * path.count + u
      sums[path[u]] = CTCAlignment.logSum(sums[path[u]], alpha[at] + beta[at])
    }
    // In float even for double tensors, as in TensorFlow.
    for c in 0..<classes {
      put(c, y[t * classes + c] - Double(expf(Float(sums[c] - logProbability))))
    }
  }
}
