import BNormTensor

/// What is known of a tensor before a run.
public struct Fact: Sendable {
  public var dtype: DType
  public var shape: PartialShape
  /// The tensor itself, when it is constant.
  public var value: Tensor?
  /// For the handle of a variable, or a reference to one: the shape of the variable. For a list, or
  /// the flow of a tensor array: the shape of all elements, when that is fully known.
  public var handleShape: PartialShape?

  public init(_ dtype: DType, _ shape: PartialShape, value: Tensor? = nil) {
    self.dtype = dtype
    self.shape = shape
    self.value = value
  }
  public init(constant tensor: Tensor) {
    self.init(tensor.dtype, PartialShape(tensor.shape), value: tensor)
  }

  /// The elements of a constant integer tensor.
  public var integers: [Int]? { value?.integers }
}

/// An op: a type that decodes and checks a node's attributes once, and knows its shape rule.
///
/// An op runs as a `PlannedOperation` (shapes follow from the input shapes; a kernel is chosen
/// ahead), as an `EagerOperation` (tensors in, tensors out), or as both: planned where it can be.
/// Errors are thrown without the node's name; whoever calls adds `Op "name": `.
public protocol Operation: Sendable {
  /// The names in TensorFlow's registry that this type implements.
  static var opNames: [String] { get }

  init(_ node: NodeContext) throws

  /// The shapes of the outputs as far as they follow from `inputs`, whose shapes and values may be
  /// unknown; throws when the inputs cannot fit. Must be exact when all shapes (and the values of
  /// `valueInputs`) are known.
  func infer(_ inputs: [Fact]) throws -> [PartialShape]?
}

extension Operation {
  /// Nothing is known ahead.
  public func infer(_ inputs: [Fact]) throws -> [PartialShape]? { nil }
}

/// An op whose kernel can be chosen, and its weights packed, once shapes are known.
public protocol PlannedOperation: Operation {
  /// Inputs whose values (not only shapes) decide the output's shape or the kernel: axes, paddings,
  /// a permutation. They are tensors of a few elements.
  var valueInputs: [Int] { get }
  /// The op only moves whole elements, so it also works on strings, resources and variants: `lower`
  /// then sees `int64` in place of those dtypes (0 stands for the empty string).
  var movesElements: Bool { get }
  /// Chooses the kernel. All shapes, and the values of `valueInputs`, are known.
  func lower(_ context: Lowering) throws -> Kernel
}

extension PlannedOperation {
  public var valueInputs: [Int] { [] }
  public var movesElements: Bool { false }
}

/// An op that takes tensors and makes tensors.
public protocol EagerOperation: Operation {
  /// Runs on `inputs`, which are valid during the call only where they are borrowed: what keeps an
  /// input (a variable, a list) keeps `tensor.owned`. Returned tensors may be inputs.
  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor]
}

/// Marks an op that must run at each step even though its signature is not stateful.
public protocol UnfoldableOperation: Operation {}

/// An op whose outputs' `Fact.handleShape` is known.
public protocol HandleOperation: Operation {
  /// The handle shapes of the outputs.
  func handleShapes(_ inputs: [Fact]) -> [PartialShape?]
}

/// An eager op that changes an input in place when nobody else holds it: what the run no longer
/// needs is in `inputs` alone.
public protocol ConsumingOperation: EagerOperation {
  func run(consuming inputs: inout [Tensor], _ context: RunContext) throws -> [Tensor]
}

extension ConsumingOperation {
  public func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    var inputs = inputs
    return try run(consuming: &inputs, context)
  }
}

/// An activation function with a parameter, for passes that fuse it into another op.
public protocol ParameterizedActivation: Operation {
  var activationParameter: Float { get }
}
