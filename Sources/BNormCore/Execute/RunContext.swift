import BNormTensor

/// What an eager op may use besides its inputs: the session's state, the step's state, functions.
public struct RunContext: Sendable {
  /// State that lives as long as the session.
  public let session: SessionState
  /// State that lives as long as one step (`Session.run`): TensorArrays, stacks.
  public let step: StepState
  /// The node's name.
  public let nodeName: String
  /// Distinguishes this node from all others of the session, functions' bodies included.
  public let nodeKey: NodeKey
  /// The dtypes that the node's outputs must have.
  public let outputDTypes: [DType]
  /// Runs functions of the graph's library; nil while constants are folded.
  public let functions: (any FunctionRunner)?

  /// Runs a library function.
  public func call(_ function: FunctionReference, _ inputs: [Tensor]) throws -> [Tensor] {
    guard let functions else {
      throw BNormError.invalid("function \(function.name) cannot run here")
    }
    return try functions.call(function, inputs, step: step)
  }
}

/// Runs functions of a graph's library.
public protocol FunctionRunner: Sendable {
  func call(_ function: FunctionReference, _ inputs: [Tensor], step: StepState) throws -> [Tensor]
  /// Number of inputs and outputs of `function`.
  func arity(_ function: FunctionReference) throws -> (inputs: Int, outputs: Int)
}

/// A node of a graph, across the whole session.
public struct NodeKey: Hashable, Sendable {
  public let graph: ObjectIdentifier
  public let node: Int32
}

/// Objects by key: variables, tables, queues, generators.
public class ObjectStore: @unchecked Sendable {
  private let lock = Lock()
  private var objects: [AnyHashable: AnyObject] = [:]

  public init() {}

  /// The object under `key`, made by `create` when there is none.
  public func object<T: AnyObject>(
    _ key: some Hashable, of type: T.Type = T.self, create: () throws -> T
  ) throws -> T {
    try lock.withLock {
      if let found = objects[AnyHashable(key)] {
        guard let typed = found as? T else {
          throw BNormError.invalid("\(key) is a \(Swift.type(of: found)), expected a \(T.self)")
        }
        return typed
      }
      let made = try create()
      objects[AnyHashable(key)] = made
      return made
    }
  }

  public func find<T: AnyObject>(_ key: some Hashable, of type: T.Type = T.self) -> T? {
    lock.withLock { objects[AnyHashable(key)] as? T }
  }
  /// Lets go of all objects.
  func removeAll() {
    lock.withLock { if !objects.isEmpty { objects = [:] } }
  }

  public func set(_ key: some Hashable, _ object: AnyObject?) {
    lock.withLock { objects[AnyHashable(key)] = object }
  }
  /// All objects of a type with their keys.
  public func all<T: AnyObject>(of type: T.Type) -> [(key: AnyHashable, object: T)] {
    lock.withLock { objects.compactMap { k, v in (v as? T).map { (k, $0) } } }
  }
}

/// State of a session: variables, tables, random generators. Safe from several threads.
public final class SessionState: ObjectStore, @unchecked Sendable {
  /// Folder that relative asset paths refer to.
  public let assetFolder: String?
  /// Receives text of Print and PrintV2; standard error by default.
  public let print: @Sendable (String) -> Void

  public init(
    assetFolder: String? = nil,
    print: @escaping @Sendable (String) -> Void = { StandardError.write($0) }
  ) {
    self.assetFolder = assetFolder
    self.print = print
    super.init()
  }
}

/// State of one step.
public final class StepState: ObjectStore, @unchecked Sendable {
  private var depth = 0
  private var numbers = 0
  /// Calls within calls that the stack surely has room for.
  static let maximumDepth = 400

  /// A number that the step gives only once.
  public func nextNumber() -> Int {
    numbers += 1
    return numbers
  }

  /// Runs `body` one call deeper; throws where functions call themselves without end.
  func deeper<R>(_ body: () throws -> R) throws -> R {
    guard depth < StepState.maximumDepth else {
      throw BNormError.invalid("functions call each other more than \(depth) deep")
    }
    depth += 1
    defer { depth -= 1 }
    return try body()
  }
}

/// A resource as `resource` tensors hold it when it is known by name.
public struct ResourceName: Hashable, Sendable, CustomStringConvertible {
  public let container: String
  public let name: String
  public init(container: String, name: String) {
    self.container = container
    self.name = name
  }
  public var description: String { container.isEmpty ? name : container + "/" + name }
}
