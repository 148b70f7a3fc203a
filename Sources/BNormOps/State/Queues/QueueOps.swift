import BNormCore
import BNormTensor

/// A queue of the session.
struct QueueMaking: EagerOperation {
  static let opNames = [
    "FIFOQueue", "FIFOQueueV2", "PaddingFIFOQueue", "PaddingFIFOQueueV2", "PriorityQueue",
    "PriorityQueueV2", "RandomShuffleQueue", "RandomShuffleQueueV2",
  ]
  private let order: TensorQueue.Order
  private let dtypes: [DType]
  private let shapes: [PartialShape]
  private let capacity: Int
  private let minimumLeft: Int
  private let seeds: (Int, Int)
  private let name: ResourceName

  init(_ node: NodeContext) throws {
    let op = node.op.hasSuffix("V2") ? String(node.op.dropLast(2)) : node.op
    order = TensorQueue.Order(rawValue: op) ?? .fifo
    var dtypes = try node.dtypes("component_types")
    var shapes = try node.shapes("shapes")
    guard shapes.isEmpty || shapes.count == dtypes.count else {
      throw BNormError.invalid(
        "Queue shapes must have the same number of components as there are component types, "
          + "\(shapes.count) vs. \(dtypes.count)")
    }
    if order == .priority {
      dtypes.insert(.int64, at: 0)
      shapes.insert(.scalar, at: 0)
    }
    if order == .padding {
      guard shapes.count == dtypes.count else {
        throw BNormError.invalid("Shapes must be provided for all components, but received 0 shapes.")
      }
      if let bad = shapes.first(where: { $0.rank == nil }) {
        throw BNormError.invalid("the shape \(bad) of a component has no known rank")
      }
    } else if order != .priority || !dtypes.isEmpty {
      for shape in shapes where shape.full == nil {
        throw BNormError.invalid("the shape \(shape) of a component is not fully known")
      }
    }
    self.dtypes = dtypes
    self.shapes = shapes
    let declared = try node.int32("capacity")
    capacity = declared < 0 ? -1 : declared
    minimumLeft = order == .random ? try node.int("min_after_dequeue") : 0
    seeds = order == .random ? (try node.int("seed"), try node.int("seed2")) : (0, 0)
    guard minimumLeft >= 0, capacity < 0 || minimumLeft < max(capacity, 1) else {
      throw BNormError.invalid(
        "min_after_dequeue \(minimumLeft) must be >= 0 and less than capacity \(capacity)")
    }
    let shared = try node.string("shared_name")
    name = ResourceName(
      container: try node.string("container"), name: shared.isEmpty ? node.name : shared)
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let queue = try context.session.object(name) {
      TensorQueue(
        order: order, name: name.name, dtypes: dtypes, shapes: shapes, capacity: capacity,
        minimumLeft: minimumLeft, seed: UInt64(bitPattern: Int64(seeds.0)),
        seed2: UInt64(bitPattern: Int64(seeds.1)))
    }
    guard queue.order == order, queue.dtypes == dtypes, queue.shapes == shapes,
      queue.capacity == capacity
    else {
      throw BNormError.invalid(
        "Shared queue '\(name)' has other types, shapes or another capacity than the node")
    }
    return [Tensor(scalar: queue, dtype: .resource)]
  }
}

/// Adds a tuple, or one for each row of the components.
struct QueueEnqueue: EagerOperation, UnfoldableOperation {
  static let opNames = [
    "QueueEnqueue", "QueueEnqueueV2", "QueueEnqueueMany", "QueueEnqueueManyV2",
  ]
  private let isMany: Bool

  init(_ node: NodeContext) throws {
    isMany = node.op.contains("Many")
    try node.refuseTimeout()
  }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let queue = try inputs.queue(context)
    let components = Array(inputs.dropFirst())
    guard isMany else {
      try queue.enqueue(components)
      return []
    }
    for (i, component) in components.enumerated() {
      guard component.rank > 0 else {
        throw BNormError.invalid(
          "Shape mismatch in tuple component \(i): EnqueueMany takes tensors of at least one dimension")
      }
      guard component.shape[0] == components[0].shape[0] else {
        throw BNormError.invalid(
          "All input tensors must have the same size in the 0th dimension. Component \(i) has "
            + "\(component.shape[0]), and should have \(components[0].shape[0])")
      }
    }
    let rows = components.map { $0.unstacked() }
    for k in 0..<(components.first?.shape[0] ?? 0) { try queue.enqueue(rows.map { $0[k] }) }
    return []
  }
}

/// Takes a tuple.
struct QueueDequeue: EagerOperation, UnfoldableOperation {
  static let opNames = ["QueueDequeue", "QueueDequeueV2"]
  init(_ node: NodeContext) throws { try node.refuseTimeout() }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let queue = try inputs.queue(context)
    return try queue.dequeue(1, allowsFewer: false, as: context.outputDTypes)[0]
  }
}

/// Takes tuples, stacked along a new dimension 0.
struct QueueDequeueMany: EagerOperation, UnfoldableOperation {
  static let opNames = [
    "QueueDequeueMany", "QueueDequeueManyV2", "QueueDequeueUpTo", "QueueDequeueUpToV2",
  ]
  private let allowsFewer: Bool

  init(_ node: NodeContext) throws {
    allowsFewer = node.op.contains("UpTo")
    try node.refuseTimeout()
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let queue = try inputs.queue(context)
    let count = try inputs.scalarInteger(1, "n")
    guard count >= 0 else {
      throw BNormError.invalid("DequeueManyOp requested \(count) < 0 elements")
    }
    guard !queue.shapes.isEmpty else {
      throw BNormError.invalid(
        "\(queue.typeName)'s DequeueMany and DequeueUpTo require the components to have specified "
          + "shapes.")
    }
    let tuples = try queue.dequeue(count, allowsFewer: allowsFewer, as: context.outputDTypes)
    return try context.outputDTypes.enumerated().map { c, dtype in
      try stack(tuples.map { $0[c] }, dtype, queue.shape(c))
    }
  }

  /// Elements of shapes that differ are filled up with zeros.
  private func stack(_ values: [Tensor], _ dtype: DType, _ declared: PartialShape) throws -> Tensor {
    var dims = (declared.dimensions ?? []).map { max($0, 0) }
    for value in values {
      for (k, d) in value.shape.dimensions.enumerated() where k < dims.count {
        dims[k] = max(dims[k], d)
      }
    }
    let element = Shape(dims)
    let shape = try Shape(checking: [values.count] + dims)
    if values.allSatisfy({ $0.shape == element }) {
      return try Tensor.joining(values, gaps: { _ in 0 }, dtype: dtype, shape: shape)
    }
    let out = Tensor(zeros: dtype, shape: try shape.fitting(dtype))
    for (i, value) in values.enumerated() {
      out.writePadded(value, at: i * element.count, in: element)
    }
    return out
  }
}

/// The number of a queue's tuples, or whether it is closed.
struct QueueQuery: EagerOperation, UnfoldableOperation {
  static let opNames = ["QueueSize", "QueueSizeV2", "QueueIsClosed", "QueueIsClosedV2"]
  private let wantsSize: Bool

  init(_ node: NodeContext) throws { wantsSize = node.op.hasPrefix("QueueSize") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let queue = try inputs.queue(context)
    return [wantsSize ? Tensor(scalar: Int32(clamping: queue.count)) : Tensor(scalar: queue.isClosed)]
  }
}

/// Closes a queue: nothing more can be added.
struct QueueClose: EagerOperation, UnfoldableOperation {
  static let opNames = ["QueueClose", "QueueCloseV2"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    try inputs.queue(context).close()
    return []
  }
}

extension Array where Element == Tensor {
  func queue(_ context: RunContext) throws -> TensorQueue {
    try self[0].handled(TensorQueue.self, in: [context.session], "input 0 (handle)")
  }
}

extension Tensor {
  /// Writes `value` into the corner of an element of shape `element` that begins at `offset`; only
  /// for the maker of this tensor.
  func writePadded(_ value: Tensor, at offset: Int, in element: Shape) {
    guard value.count > 0 else { return }
    let (from, to) = (value.shape.strides, element.strides)
    for i in 0..<value.count {
      var place = offset
      for k in from.indices { place += i / from[k] % value.shape[k] * to[k] }
      switch dtype {
      case .string: storage.strings[place] = value.strings[i]
      case .resource, .variant: storage.objects[place] = value.objects[i]
      default:
        (storage.pointer + place * dtype.size).copyMemory(
          from: value.pointer + i * dtype.size, byteCount: dtype.size)
      }
    }
  }
}

extension NodeContext {
  /// Throws if the op shall wait for a time: TensorFlow's queues do not.
  fileprivate func refuseTimeout() throws {
    let timeout = try int("timeout_ms")
    guard timeout == -1 else {
      throw BNormError.invalid("attribute timeout_ms is \(timeout), only -1 is possible")
    }
  }
}
