import BNormTensor

/// A graph as a file describes it, before any op is known: what the importer and the builder make.
public struct GraphDefinition: Sendable {
  public var nodes: [NodeDefinition]
  public var functions: [String: FunctionDefinition]
  /// Function name → name of its gradient function.
  public var gradients: [String: String]
  /// `GraphDef.versions.producer`; ops changed meaning with it.
  public var producer: Int

  public init(
    nodes: [NodeDefinition] = [], functions: [String: FunctionDefinition] = [:],
    gradients: [String: String] = [:], producer: Int = 0
  ) {
    self.nodes = nodes
    self.functions = functions
    self.gradients = gradients
    self.producer = producer
  }
}

/// A node as a file describes it.
public struct NodeDefinition: Sendable {
  public var name: String
  public var op: String
  /// `node`, `node:port`, `^control`; within a function also `node:output:index`.
  public var inputs: [String]
  public var device: String
  public var attributes: [String: AttributeValue]

  public init(
    name: String, op: String, inputs: [String] = [], device: String = "",
    attributes: [String: AttributeValue] = [:]
  ) {
    self.name = name
    self.op = op
    self.inputs = inputs
    self.device = device
    self.attributes = attributes
  }
}

/// A name and the attributes that a function is instantiated with.
public struct FunctionReference: Sendable, Hashable {
  public var name: String
  public var attributes: [String: AttributeValue]
  public init(name: String, attributes: [String: AttributeValue] = [:]) {
    self.name = name
    self.attributes = attributes
  }
  public static func == (a: FunctionReference, b: FunctionReference) -> Bool {
    a.name == b.name && String(describing: a.attributes) == String(describing: b.attributes)
  }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// An attribute of a node.
public enum AttributeValue: Sendable {
  case int(Int)
  case float(Float)
  case bool(Bool)
  case string(ByteString)
  /// A `tensorflow.DataType` number; above 100 a reference.
  case type(Int)
  case shape(PartialShape)
  case tensor(Tensor)
  case function(FunctionReference)
  /// The name of the function's attribute that stands here.
  case placeholder(String)
  case list([AttributeValue])
}

/// A function of a graph's library.
public struct FunctionDefinition: Sendable {
  /// An input or output of the function.
  public struct Argument: Sendable {
    public var name: String
    public var type: ArgumentType
    public init(name: String, type: ArgumentType) {
      self.name = name
      self.type = type
    }
  }

  public var name: String
  public var inputs: [Argument]
  public var outputs: [Argument]
  /// The signature's attributes with their defaults.
  public var attributeDefaults: [String: AttributeValue]
  /// The function's own attributes (`_noinline`, `api_implements`, …).
  public var attributes: [String: AttributeValue]
  public var nodes: [NodeDefinition]
  /// Output name → `node:output:index` or an input's name.
  public var returns: [String: String]
  /// Nodes that run whenever the function does.
  public var controlReturns: [String]
  public var isStateful: Bool

  public init(
    name: String, inputs: [Argument], outputs: [Argument],
    attributeDefaults: [String: AttributeValue] = [:], attributes: [String: AttributeValue] = [:],
    nodes: [NodeDefinition], returns: [String: String], controlReturns: [String] = [],
    isStateful: Bool = false
  ) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.attributeDefaults = attributeDefaults
    self.attributes = attributes
    self.nodes = nodes
    self.returns = returns
    self.controlReturns = controlReturns
    self.isStateful = isStateful
  }
}
