import BNormTensor

/// Collects the nodes of one op's gradient.
struct OpGradientBuilder {
  private(set) var nodes: [NodeDefinition] = []
  /// The op's inputs and the gradients of its outputs.
  private(set) var x: [String] = []
  private(set) var dy: [String] = []
  let xTypes: [DType]
  private let signature: OpSignature
  private let attributes: [String: AttributeValue]

  init(_ signature: OpSignature, _ attributes: [String: AttributeValue]) throws {
    self.signature = signature
    self.attributes = attributes
    let typing = try NodeTyping(signature: signature, attributes: attributes)
    xTypes = typing.inputs.map { $0.dtype! }
    for (i, dtype) in xTypes.enumerated() {
      x.append("x\(i)")
      nodes.append(.argument("x\(i)", dtype, i))
    }
    for (i, output) in typing.outputs.enumerated() {
      dy.append("dy\(i)")
      // What comes back for a variable's handle is the gradient of its value.
      let dtype = output.dtype == .resource ? DType.float : output.dtype
      nodes.append(.argument("dy\(i)", dtype, x.count + i))
    }
  }

  var op: String { signature.name }

  /// The op's own attribute, or its default.
  func attribute(_ key: String) throws -> AttributeValue {
    guard let value = attributes[key] ?? signature.attribute(key)?.defaultValue else {
      throw BNormError.invalid("attribute \(key) is missing")
    }
    return value
  }

  var dtype: DType {
    get throws {
      guard let dtype = try attribute("T").asDType else {
        throw BNormError.invalid("attribute T is no dtype")
      }
      return dtype
    }
  }

  /// Adds a node and returns its first output. `T` is the op's own unless it is given; attributes
  /// named in `taking` are those of the op.
  @discardableResult
  mutating func add(
    _ op: String, _ inputs: [String], T: DType? = nil, _ given: [String: AttributeValue] = [:],
    taking: [String] = []
  ) throws -> String {
    var all = given
    if all["T"] == nil, OpSignature.find(op)?.attribute("T") != nil {
      all["T"] = .dtype(try T ?? dtype)
    }
    for key in taking { all[key] = try attribute(key) }
    let name = "n\(nodes.count)"
    nodes.append(NodeDefinition(name: name, op: op, inputs: inputs, attributes: all))
    return name
  }

  mutating func add(_ op: String, _ inputs: String...) throws -> String { try add(op, inputs) }

  mutating func constant(_ tensor: Tensor) throws -> String {
    try add("Const", [], ["dtype": .dtype(tensor.dtype), "value": .tensor(tensor)])
  }

  /// A number of the op's dtype.
  mutating func number(_ value: Float) throws -> String {
    try cast(constant(Tensor(scalar: value)), from: .float, to: dtype)
  }

  mutating func cast(_ value: String, from: DType, to: DType) throws -> String {
    try add("Cast", [value], ["SrcT": .dtype(from), "DstT": .dtype(to)])
  }

  /// Zeros for input `i`.
  mutating func zeros(_ i: Int) throws -> String { try add("ZerosLike", [x[i]], T: xTypes[i]) }

  mutating func shape(_ i: Int) throws -> String { try add("Shape", [x[i]], T: xTypes[i]) }

  /// Sums gradients of broadcast inputs 0 and 1 back to the inputs' shapes.
  mutating func unbroadcast(_ first: String, _ second: String) throws -> [String] {
    let shapes = try (shape(0), shape(1))
    let axes = try add("BroadcastGradientArgs", [shapes.0, shapes.1], T: .int32)
    return [
      try add("Reshape", add("Sum", first, "\(axes):0"), shapes.0),
      try add("Reshape", add("Sum", second, "\(axes):1"), shapes.1),
    ]
  }
}

/// The gradients of ops.
enum OpGradients {
  typealias Rule = @Sendable (inout OpGradientBuilder) throws -> [String]

  enum Entry: Sendable {
    /// Nothing goes back through the op.
    case zero
    case rule(Rule)
  }

  static func find(_ op: String) -> Entry? {
    if flat.contains(op) { return .zero }
    return (unary[op] ?? binary[op] ?? reductions[op] ?? arrays[op] ?? neural[op]).map(Entry.rule)
  }

  private static let flat: Set<String> = [
    "Const", "EditDistance", "Equal", "FakeQuantWithMinMaxArgsGradient",
    "FakeQuantWithMinMaxVarsGradient", "FakeQuantWithMinMaxVarsPerChannelGradient", "Floor",
    "FloorDiv", "Greater", "GreaterEqual", "Less", "LessEqual", "LinSpace", "LogicalAnd",
    "LogicalNot", "LogicalOr", "NotEqual", "OnesLike", "RandomUniform", "Range", "Rank", "Shape",
    "Size", "StatelessMultinomial", "StatelessRandomNormal", "StatelessRandomUniform",
    "StatelessTruncatedNormal", "StopGradient", "TruncateDiv", "ZerosLike",
  ]
}
