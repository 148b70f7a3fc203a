import BNormTensor

/// An op that runs functions of the graph's library, or parts of its graph.
public protocol FunctionalOperation: UnfoldableOperation {
  /// All functions that the op may run.
  var functions: [FunctionReference] { get }
  /// The one function that the op comes down to, given what is known of its inputs; nil when that
  /// is decided in the run.
  func direct(_ inputs: [Fact]) throws -> DirectCall?
  /// The op made ready for one place in a plan.
  func bind(_ inputs: [Fact], _ binder: FunctionBinder) throws -> BoundOperation
}

extension FunctionalOperation {
  public func direct(_ inputs: [Fact]) throws -> DirectCall? { nil }
}

/// A call of a library function with some of a node's inputs.
public struct DirectCall: Sendable {
  public var function: FunctionReference
  /// The numbers of the node's inputs that the function gets.
  public var inputs: [Int]
  public init(_ function: FunctionReference, inputs: some Sequence<Int>) {
    self.function = function
    self.inputs = Array(inputs)
  }
}

/// A functional op with its functions' bodies bound, and the shapes of its outputs.
public struct BoundOperation: Sendable {
  public var operation: any EagerOperation
  public var outputs: [PartialShape]
  public init(_ operation: any EagerOperation, outputs: [PartialShape]) {
    self.operation = operation
    self.outputs = outputs
  }
}

/// An op that stands in a plan only: no node is decoded to it.
public protocol PlanOnlyOperation: EagerOperation {}

extension PlanOnlyOperation {
  public static var opNames: [String] { [] }
  public init(_ node: NodeContext) throws {
    throw BNormError.invalid("\(Self.self) is no op of a graph")
  }
}
