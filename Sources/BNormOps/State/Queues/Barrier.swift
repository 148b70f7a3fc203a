import BNormCore
import BNormTensor

/// Tuples by key whose components come one by one; those that are complete can be taken.
final class TensorBarrier: StringNamed, @unchecked Sendable {
  let name: String
  let dtypes: [DType]
  let shapes: [PartialShape]
  let lock = Lock()
  /// Incomplete tuples by key, and complete ones by the insertion that brought their key.
  var incomplete: [ByteString: (order: Int64, tuple: [Tensor?])] = [:]
  var ready = PriorityHeap<(key: ByteString, tuple: [Tensor])>()
  var isClosed = false
  private var insertions = Int64.min

  init(name: String, dtypes: [DType], shapes: [PartialShape]) {
    self.name = name
    self.dtypes = dtypes
    self.shapes = shapes
  }

  var typeName: String { "Barrier" }
  var nameTensor: Tensor { ObjectName(kind: "_barriers", name: name).tensor }

  /// Sets component `component` of the tuples of `keys`; within `lock`.
  func insert(_ values: [Tensor], _ keys: [ByteString], _ component: Int) throws {
    let known = incomplete
    for (key, value) in zip(keys, values) { try insert(value, key, component) }
    if keys.contains(where: { known[$0] == nil }) { insertions += 1 }
  }

  private func insert(_ value: Tensor, _ key: ByteString, _ component: Int) throws {
    if incomplete[key] == nil {
      guard !isClosed else {
        throw BNormError.invalid("Barrier \(name) is closed, key \"\(key)\" cannot be added")
      }
      incomplete[key] = (insertions, [Tensor?](repeating: nil, count: dtypes.count))
    }
    guard incomplete[key]!.tuple[component] == nil else {
      throw BNormError.invalid(
        "Key \(key) already has a value for component \(component) in barrier \(name)")
    }
    incomplete[key]!.tuple[component] = value
    let (order, tuple) = incomplete[key]!
    let complete = tuple.compactMap { $0 }
    guard complete.count == dtypes.count else { return }
    incomplete[key] = nil
    ready.push((key, complete), priority: order)
  }
}

/// A barrier of the session.
struct BarrierMaking: EagerOperation {
  static let opNames = ["Barrier"]
  private let dtypes: [DType]
  private let shapes: [PartialShape]
  private let name: ResourceName

  init(_ node: NodeContext) throws {
    dtypes = try node.dtypes("component_types")
    shapes = try node.shapes("shapes")
    guard shapes.isEmpty || shapes.count == dtypes.count else {
      throw BNormError.invalid(
        "attribute shapes has \(shapes.count) shapes, but there are \(dtypes.count) components")
    }
    let shared = try node.string("shared_name")
    name = ResourceName(
      container: try node.string("container"), name: shared.isEmpty ? node.name : shared)
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let barrier = try context.session.object(name) {
      TensorBarrier(name: name.name, dtypes: dtypes, shapes: shapes)
    }
    return [Tensor(scalar: barrier, dtype: .resource)]
  }
}

/// Sets a component for several keys.
struct BarrierInsertMany: EagerOperation, UnfoldableOperation {
  static let opNames = ["BarrierInsertMany"]
  private let component: Int

  init(_ node: NodeContext) throws { component = try node.int("component_index") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let barrier = try inputs.object(0, TensorBarrier.self, "handle")
    let (keys, values) = (inputs[1], inputs[2])
    guard barrier.dtypes.indices.contains(component) else {
      throw BNormError.invalid(
        "The component ID is out of range \(component) > num_components (= \(barrier.dtypes.count))")
    }
    guard values.dtype == barrier.dtypes[component] else {
      throw BNormError.invalid(
        "input 2 (values) has dtype \(values.dtype.name), but component \(component) has "
          + barrier.dtypes[component].name)
    }
    guard keys.rank == 1, values.rank > 0, values.shape[0] == keys.count else {
      throw BNormError.invalid(
        "Key and value batch sizes do not match: keys \(keys.shape), values \(values.shape)")
    }
    let rows = values.unstacked()
    if let declared = barrier.shapes.isEmpty ? nil : barrier.shapes[component],
      let row = rows.first, !declared.accepts(row.shape)
    {
      throw BNormError.invalid(
        "component \(component) has shape \(declared), but the values have shape \(row.shape)")
    }
    try barrier.lock.withLock {
      try barrier.insert(rows, keys.strings, component)
    }
    return []
  }
}

/// Takes complete tuples.
struct BarrierTakeMany: EagerOperation, UnfoldableOperation {
  static let opNames = ["BarrierTakeMany"]
  private let allowsSmall: Bool

  init(_ node: NodeContext) throws { allowsSmall = try node.bool("allow_small_batch") }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let barrier = try inputs.object(0, TensorBarrier.self, "handle")
    let count = try inputs.scalarInteger(1, "num_elements")
    guard count >= 0 else { throw BNormError.invalid("num_elements \(count) is negative") }
    let taken = try barrier.lock.withLock {
      let here = barrier.ready.count
      guard here >= count || (allowsSmall && barrier.isClosed && here > 0) else {
        let text =
          "Barrier \(barrier.name) has \(here) complete elements, but \(count) are requested"
        throw barrier.isClosed
          ? BNormError.outOfRange(text + " and it is closed") : BNormError.invalid(text)
      }
      return (0..<min(count, here)).map { _ in barrier.ready.pop() }
    }
    var out = [
      Tensor(taken.map(\.priority)),
      Tensor(strings: taken.map(\.item.key), shape: [taken.count]),
    ]
    for (c, dtype) in barrier.dtypes.enumerated() {
      let values = taken.map { $0.item.tuple[c] }
      let declared = barrier.shapes.isEmpty ? .scalar : barrier.shapes[c].full ?? .scalar
      let element = values.first?.shape ?? declared
      for value in values where value.shape != element {
        throw BNormError.invalid(
          "component \(c) has elements of shapes \(element) and \(value.shape)")
      }
      out.append(
        try Tensor.joining(
          values, gaps: { _ in 0 }, dtype: dtype,
          shape: try Shape(checking: [values.count] + element.dimensions)))
    }
    return out
  }
}

/// Sizes and closing of barriers.
struct BarrierControl: EagerOperation, UnfoldableOperation {
  static let opNames = ["BarrierReadySize", "BarrierIncompleteSize", "BarrierClose"]
  private let op: String
  private let dropsIncomplete: Bool

  init(_ node: NodeContext) throws {
    op = node.op
    dropsIncomplete = node.op == "BarrierClose" ? try node.bool("cancel_pending_enqueues") : false
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { op == "BarrierClose" ? [] : [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let barrier = try inputs.object(0, TensorBarrier.self, "handle")
    return barrier.lock.withLock {
      switch op {
      case "BarrierReadySize": return [Tensor(scalar: Int32(clamping: barrier.ready.count))]
      case "BarrierIncompleteSize":
        return [Tensor(scalar: Int32(clamping: barrier.incomplete.count))]
      default:
        barrier.isClosed = true
        if dropsIncomplete { barrier.incomplete = [:] }
        return []
      }
    }
  }
}
