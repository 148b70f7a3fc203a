import BNormCore
import BNormTensor

/// A queue of tuples of tensors. Steps run one node after the other, so what TensorFlow would wait
/// for can never come: it is an error.
final class TensorQueue: StringNamed, @unchecked Sendable {
  enum Order: String {
    case fifo = "FIFOQueue"
    case padding = "PaddingFIFOQueue"
    case priority = "PriorityQueue"
    case random = "RandomShuffleQueue"
  }

  let order: Order
  let name: String
  let dtypes: [DType]
  /// The components' shapes; empty when they are not declared.
  let shapes: [PartialShape]
  /// The number of tuples that the queue holds; -1 for any.
  let capacity: Int
  /// The number of tuples that a random queue keeps back until it is closed.
  let minimumLeft: Int
  private let lock = Lock()
  private var tuples: [[Tensor]] = []
  /// Tuples of a queue by priority.
  private var heap = PriorityHeap<[Tensor]>()
  /// Where the first tuple is: those before it are gone.
  private var head = 0
  private var closed = false
  private var generator: PhiloxWords

  init(
    order: Order, name: String, dtypes: [DType], shapes: [PartialShape], capacity: Int,
    minimumLeft: Int = 0, seed: UInt64 = 0, seed2: UInt64 = 0
  ) {
    self.order = order
    self.name = name
    self.dtypes = dtypes
    self.shapes = shapes
    self.capacity = capacity
    self.minimumLeft = minimumLeft
    generator = PhiloxWords(orRandom: seed, seed2)
  }

  var typeName: String { order.rawValue }
  var nameTensor: Tensor { ObjectName(kind: "_queues", name: name).tensor }
  var count: Int { lock.withLock { tuples.count - head + heap.count } }
  var isClosed: Bool { lock.withLock { closed } }
  private var label: String { "\(order.rawValue) '\(name)'" }

  func close() { lock.withLock { closed = true } }

  func shape(_ component: Int) -> PartialShape {
    component < shapes.count ? shapes[component] : .unknown
  }

  // MARK: Enqueue

  func enqueue(_ tuple: [Tensor]) throws {
    try check(tuple.map(\.dtype))
    for (i, tensor) in tuple.enumerated() where !shape(i).accepts(tensor.shape) {
      throw BNormError.invalid(
        "Shape mismatch in tuple component \(i). Expected \(shape(i)), got \(tensor.shape)")
    }
    if order == .priority, tuple[0].rank != 0 {
      throw BNormError.invalid(
        "Expected priority element to be a scalar, but received shape: \(tuple[0].shape)")
    }
    let owned = tuple.map(\.owned)
    try lock.withLock {
      guard !closed else { throw BNormError.invalid("\(label) is closed.") }
      guard capacity < 0 || tuples.count - head + heap.count < capacity else {
        throw BNormError.invalid(
          "\(label) is full (capacity \(capacity)), and nothing takes from it while this waits")
      }
      insert(owned)
    }
  }

  private func insert(_ tuple: [Tensor]) {
    guard order == .priority else { return tuples.append(tuple) }
    heap.push(tuple, priority: tuple[0].elements(Int64.self)[0])
  }

  private func check(_ given: [DType]) throws {
    guard given.count == dtypes.count else {
      throw BNormError.invalid(
        "Wrong number of components in tuple. Expected \(dtypes.count), got \(given.count)")
    }
    for (i, dtype) in given.enumerated() where dtype != dtypes[i] {
      throw BNormError.invalid(
        "Type mismatch in tuple component \(i). Expected \(dtypes[i].name), got \(dtype.name)")
    }
  }

  // MARK: Dequeue

  /// Takes `count` tuples; fewer from a closed queue when `allowsFewer`.
  func dequeue(_ count: Int, allowsFewer: Bool, as given: [DType]) throws -> [[Tensor]] {
    try check(given)
    return try lock.withLock {
      let here = tuples.count - head + heap.count
      let available = closed || order != .random ? here : max(here - minimumLeft, 0)
      var taken = count
      if available < count {
        guard closed else {
          throw BNormError.invalid(
            "\(label) has \(here) elements, but \(count) are requested, and nothing adds to it while "
              + "this waits")
        }
        guard allowsFewer, available > 0 else {
          throw BNormError.outOfRange(
            "\(label) is closed and has insufficient elements (requested \(count), current size "
              + "\(here))")
        }
        taken = available
      }
      return (0..<taken).map { _ in takeOne() }
    }
  }

  private func takeOne() -> [Tensor] {
    if order == .priority { return heap.pop().item }
    if order == .random {
      let i = head + Int(generator.next()) % (tuples.count - head)
      tuples.swapAt(i, tuples.count - 1)
      return tuples.removeLast()
    }
    let tuple = tuples[head]
    tuples[head] = []
    head += 1
    if head >= 64, head * 2 > tuples.count {
      tuples.removeFirst(head)
      head = 0
    }
    return tuple
  }
}

extension PhiloxWords {
  /// Seeds of 0 stand for seeds that nobody knows.
  fileprivate init(orRandom seed: UInt64, _ seed2: UInt64) {
    guard seed == 0, seed2 == 0 else {
      self.init(seed: seed, seed2: seed2)
      return
    }
    self.init(seed: .random(in: 0...(.max)), seed2: .random(in: 0...(.max)))
  }
}

extension TensorQueue: StringQueue {
  func takeString() throws -> ByteString {
    let tuple = try dequeue(1, allowsFewer: false, as: [.string])[0]
    guard tuple[0].count == 1 else {
      throw BNormError.invalid(
        "the next element of \(typeName) '\(name)' has shape \(tuple[0].shape), expected one string")
    }
    return tuple[0].strings[0]
  }
}
