import BNormCore
import BNormTensor

/// An iterator that a session keeps: a dataset and where it stands.
final class IteratorResource: TensorObject, @unchecked Sendable {
  private let lock = Lock()
  private var nextElement: NextElement?
  private var isOver = false
  let name: String

  init(name: String) { self.name = name }

  var typeName: String { "Iterator" }

  func start(_ dataset: Dataset) throws {
    let source = try dataset.makeIterator()
    lock.withLock {
      nextElement = source
      isOver = false
    }
  }

  func next(_ context: RunContext) throws -> [Tensor]? {
    try lock.withLock {
      guard let nextElement else {
        throw BNormError.invalid(
          "iterator \"\(name)\" has not been initialized: run its initializer before what needs "
            + "its "
            + "next element")
      }
      guard !isOver else { return nil }
      let element = try nextElement(context)
      isOver = element == nil
      return element
    }
  }

  func requireNext(_ context: RunContext) throws -> [Tensor] {
    guard let element = try next(context) else { throw BNormError.outOfRange("End of sequence") }
    return element
  }
}

/// Names of iterators in a session.
private struct IteratorKey: Hashable, CustomStringConvertible {
  let name: ResourceName
  var description: String { "iterator \(name)" }
}

/// Numbers of iterators that have a name of their own.
private final class IteratorCounter: @unchecked Sendable {
  private let lock = Lock()
  private var count = 0
  func next() -> Int {
    lock.withLock {
      count += 1
      return count
    }
  }
}

/// Handles of iterators.
struct IteratorMaking: EagerOperation {
  static let opNames = [
    "Iterator", "IteratorV2", "AnonymousIterator", "AnonymousIteratorV2", "AnonymousIteratorV3",
  ]
  private let op: String
  private let key: IteratorKey?

  init(_ node: NodeContext) throws {
    op = node.op
    guard node.op == "Iterator" || node.op == "IteratorV2" else {
      key = nil
      return
    }
    let shared = try node.string("shared_name")
    key = IteratorKey(
      name: ResourceName(
        container: try node.string("container"), name: shared.isEmpty ? node.name : shared))
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    op == "AnonymousIteratorV2" ? [.scalar, .scalar] : [.scalar]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let iterator: IteratorResource
    if let key {
      iterator = try context.session.object(key) { IteratorResource(name: key.name.description) }
    } else {
      let counter = try context.session.object("iterators") { IteratorCounter() }
      let name = "AnonymousIterator\(counter.next())"
      iterator = IteratorResource(name: name)
    }
    let handle = Tensor(scalar: iterator, dtype: .resource)
    guard op == "AnonymousIteratorV2" else { return [handle] }
    return [handle, Tensor(objects: [nil], dtype: .variant, shape: .scalar)]
  }
}

/// An iterator over the dataset that a function makes.
struct OneShotIterator: FunctionalOperation {
  static let opNames = ["OneShotIterator"]
  private let factory: FunctionReference
  private let key: IteratorKey

  init(_ node: NodeContext) throws {
    factory = try node.function("dataset_factory")
    let shared = try node.string("shared_name")
    key = IteratorKey(
      name: ResourceName(
        container: try node.string("container"), name: shared.isEmpty ? node.name : shared))
  }

  var functions: [FunctionReference] { [factory] }

  func bind(_ inputs: [Fact], _ binder: FunctionBinder) throws -> BoundOperation {
    BoundOperation(
      BoundOneShotIterator(callable: try binder.callable(factory), key: key), outputs: [.scalar])
  }
}

private struct BoundOneShotIterator: PlanOnlyOperation {
  let callable: Callable
  let key: IteratorKey

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    if let known = context.session.find(key, of: IteratorResource.self) {
      return [Tensor(scalar: known, dtype: .resource)]
    }
    let made = try callable.run([], context)
    guard made.count == 1 else {
      throw BNormError.invalid(
        "the function dataset_factory gives \(made.count) tensors, expected a dataset")
    }
    let iterator = IteratorResource(name: key.name.description)
    try iterator.start(made[0].dataset("the result of dataset_factory"))
    return [
      Tensor(scalar: try context.session.object(key) { iterator }, dtype: .resource)
    ]
  }
}

/// Starts an iterator over a dataset.
struct MakeIterator: EagerOperation {
  static let opNames = ["MakeIterator"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    try inputs[1].iterator(1).start(try inputs[0].dataset("input 0 (dataset)"))
    return []
  }
}

extension Tensor {
  fileprivate func iterator(_ i: Int) throws -> IteratorResource {
    guard dtype == .resource, count == 1, let object = objects[0] else {
      throw BNormError.invalid("input \(i) (iterator) is no scalar that holds an iterator")
    }
    guard let iterator = object as? IteratorResource else {
      throw BNormError.invalid(
        "input \(i) (iterator) holds a \(object.typeName), expected an iterator")
    }
    return iterator
  }
}

/// The next element of an iterator, or the first of a dataset.
struct IteratorGetNext: EagerOperation, UnfoldableOperation {
  static let opNames = ["IteratorGetNext", "IteratorGetNextSync", "DatasetToSingleElement"]
  private let ofDataset: Bool
  private let shapes: [PartialShape]

  init(_ node: NodeContext) throws {
    ofDataset = node.op == "DatasetToSingleElement"
    shapes = try node.shapes("output_shapes")
    guard shapes.count == node.outputDTypes.count else {
      throw BNormError.invalid(
        "attribute output_shapes has \(shapes.count) shapes, but there are "
          + "\(node.outputDTypes.count) outputs")
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { shapes }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let element: [Tensor]
    if ofDataset {
      let source = try inputs[0].dataset("input 0 (dataset)").makeIterator()
      guard let only = try source(context) else {
        throw BNormError.invalid("Dataset was empty.")
      }
      element = only.map(\.owned)
      guard try source(context) == nil else {
        throw BNormError.invalid("Dataset had more than one element.")
      }
    } else {
      element = try inputs[0].iterator(0).requireNext(context)
    }
    try element.checkElement(context.outputDTypes, shapes)
    return element
  }
}

/// The next element of an iterator, or none at the end.
struct IteratorGetNextAsOptional: EagerOperation {
  static let opNames = ["IteratorGetNextAsOptional"]
  private let dtypes: [DType]
  private let shapes: [PartialShape]

  init(_ node: NodeContext) throws {
    dtypes = try node.dtypes("output_types")
    shapes = try node.shapes("output_shapes")
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let element = try inputs[0].iterator(0).next(context)
    try element?.checkElement(dtypes, shapes)
    return [Tensor(scalar: OptionalVariant(element?.map(\.owned)), dtype: .variant)]
  }
}

/// Names of iterators, and iterators by their names.
struct IteratorStrings: EagerOperation {
  static let opNames = [
    "IteratorToStringHandle", "IteratorFromStringHandle", "IteratorFromStringHandleV2",
  ]
  private let gives: Bool
  private struct Key: Hashable, CustomStringConvertible {
    let handle: ByteString
    var description: String { "iterator \"\(handle)\"" }
  }

  init(_ node: NodeContext) throws { gives = node.op == "IteratorToStringHandle" }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    if gives {
      let iterator = try inputs[0].iterator(0)
      let handle = ByteString("iterator:" + iterator.name)
      context.session.set(Key(handle: handle), iterator)
      return [Tensor(strings: [handle], shape: .scalar)]
    }
    guard inputs[0].rank == 0 else {
      throw BNormError.invalid(
        "input 0 (string_handle) has shape \(inputs[0].shape), expected a scalar")
    }
    let key = Key(handle: inputs[0].strings[0])
    guard let iterator = context.session.find(key, of: IteratorResource.self) else {
      throw BNormError.invalid("there is no \(key)")
    }
    return [Tensor(scalar: iterator, dtype: .resource)]
  }
}

/// Lets go of iterators and caches that nothing else holds.
struct DeleteDatasetObjects: EagerOperation {
  static let opNames = ["DeleteIterator", "DeleteMemoryCache"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }
  func run(_ inputs: [Tensor], _ context: RunContext) -> [Tensor] { [] }
}

/// Caches that datasets share; each dataset here has one of its own.
struct MemoryCaches: EagerOperation {
  static let opNames = ["DummyMemoryCache", "AnonymousMemoryCache"]
  private let isDummy: Bool
  init(_ node: NodeContext) throws { isDummy = node.op == "DummyMemoryCache" }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { isDummy ? [.scalar] : [.scalar, .scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) -> [Tensor] {
    let handle = Tensor(objects: [nil], dtype: .resource, shape: .scalar)
    return isDummy ? [handle] : [handle, Tensor(objects: [nil], dtype: .variant, shape: .scalar)]
  }
}

/// What is known of a dataset without going through it.
struct DatasetFacts: EagerOperation {
  static let opNames = [
    "DatasetCardinality", "ExperimentalDatasetCardinality", "ComputeBatchSize",
  ]
  private let isCardinality: Bool
  init(_ node: NodeContext) throws { isCardinality = node.op != "ComputeBatchSize" }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let dataset = try inputs[0].dataset("input 0 (input_dataset)")
    return [Tensor(scalar: Int64(isCardinality ? dataset.cardinality : dataset.batchSize ?? -1))]
  }
}
