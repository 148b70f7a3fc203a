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
  private var generator: QueueGenerator

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
    generator = QueueGenerator(seed: seed, seed2: seed2)
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

/// Words of Philox 4x32-10, one after the other: what shuffling queues draw from.
struct QueueGenerator {
  private var counter: SIMD4<UInt32>
  private let key: SIMD2<UInt32>
  private var words = SIMD4<UInt32>()
  private var used = 4

  init(seed: UInt64, seed2: UInt64) {
    var (seed, seed2) = (seed, seed2)
    if seed == 0, seed2 == 0 {
      seed = .random(in: 0...(.max))
      seed2 = .random(in: 0...(.max))
    }
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = SIMD4(0, 0, UInt32(truncatingIfNeeded: seed2), UInt32(truncatingIfNeeded: seed2 >> 32))
  }

  mutating func next() -> UInt32 {
    if used == 4 {
      words = block()
      used = 0
    }
    defer { used += 1 }
    return words[used]
  }

  private mutating func block() -> SIMD4<UInt32> {
    var (c, k) = (counter, key)
    for _ in 0..<10 {
      let a = UInt64(0xd251_1f53) &* UInt64(c[0])
      let b = UInt64(0xcd9e_8d57) &* UInt64(c[2])
      c = SIMD4(
        UInt32(truncatingIfNeeded: b >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: a))
      k[0] &+= 0x9e37_79b9
      k[1] &+= 0xbb67_ae85
    }
    counter[0] &+= 1
    if counter[0] == 0 { counter[1] &+= 1 }
    return c
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
