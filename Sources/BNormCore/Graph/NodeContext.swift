import BNormTensor

/// What an op's type sees of a node when it is made: checked attributes with defaults filled in,
/// and the dtypes of inputs and outputs that follow from them.
public struct NodeContext: Sendable {
  public let name: String
  public let op: String
  public let signature: OpSignature
  public let inputDTypes: [DType]
  public let outputDTypes: [DType]
  /// `GraphDef.versions.producer` of the graph that the node comes from.
  public let producer: Int
  private let attributes: [String: AttributeValue]

  /// The attributes that the node itself has.
  public var allAttributes: [String: AttributeValue] { attributes }

  public init(
    name: String, op: String, signature: OpSignature, attributes: [String: AttributeValue],
    inputDTypes: [DType], outputDTypes: [DType], producer: Int
  ) {
    self.name = name
    self.op = op
    self.signature = signature
    self.attributes = attributes
    self.inputDTypes = inputDTypes
    self.outputDTypes = outputDTypes
    self.producer = producer
  }

  /// The attribute `key`, if the node has it or the op's definition has a default.
  public func optional(_ key: String) -> AttributeValue? {
    attributes[key] ?? signature.attribute(key)?.defaultValue
  }

  private func value<T>(
    _ key: String, _ kind: String, _ read: (AttributeValue) -> T?
  ) throws -> T {
    guard let attribute = optional(key) else {
      throw BNormError.invalid("attribute \(key) (\(kind)) is missing")
    }
    guard let value = read(attribute) else {
      throw BNormError.invalid("attribute \(key) is \(attribute.kindName), expected \(kind)")
    }
    return value
  }

  public func int(_ key: String) throws -> Int { try value(key, "int") { $0.asInt } }
  /// An int that TensorFlow's kernel keeps in 32 bits.
  public func int32(_ key: String) throws -> Int {
    let number = try int(key)
    guard Int32(exactly: number) != nil else {
      throw BNormError.invalid("attribute \(key) is \(number), which is out of range for an int32")
    }
    return number
  }
  public func float(_ key: String) throws -> Float { try value(key, "float") { $0.asFloat } }
  public func bool(_ key: String) throws -> Bool { try value(key, "bool") { $0.asBool } }
  public func bytes(_ key: String) throws -> ByteString { try value(key, "string") { $0.asBytes } }
  public func string(_ key: String) throws -> String { try bytes(key).string }
  public func dtype(_ key: String) throws -> DType { try value(key, "type") { $0.asDType } }
  public func shape(_ key: String) throws -> PartialShape { try value(key, "shape") { $0.asShape } }
  public func tensor(_ key: String) throws -> Tensor { try value(key, "tensor") { $0.asTensor } }
  public func function(_ key: String) throws -> FunctionReference {
    try value(key, "func") { $0.asFunction }
  }
  public func ints(_ key: String) throws -> [Int] { try list(key, "list(int)") { $0.asInt } }
  public func floats(_ key: String) throws -> [Float] { try list(key, "list(float)") { $0.asFloat } }
  public func bools(_ key: String) throws -> [Bool] { try list(key, "list(bool)") { $0.asBool } }
  public func strings(_ key: String) throws -> [ByteString] {
    try list(key, "list(string)") { $0.asBytes }
  }
  public func dtypes(_ key: String) throws -> [DType] { try list(key, "list(type)") { $0.asDType } }
  public func shapes(_ key: String) throws -> [PartialShape] {
    try list(key, "list(shape)") { $0.asShape }
  }
  public func functions(_ key: String) throws -> [FunctionReference] {
    try list(key, "list(func)") { $0.asFunction }
  }

  private func list<T>(
    _ key: String, _ kind: String, _ read: (AttributeValue) -> T?
  ) throws -> [T] {
    try value(key, kind) { attribute in
      guard case .list(let items) = attribute else { return nil }
      var out: [T] = []
      for item in items {
        guard let x = read(item) else { return nil }
        out.append(x)
      }
      return out
    }
  }
}

extension AttributeValue {
  public var asInt: Int? { if case .int(let v) = self { v } else { nil } }
  public var asFloat: Float? { if case .float(let v) = self { v } else { nil } }
  public var asBool: Bool? { if case .bool(let v) = self { v } else { nil } }
  public var asBytes: ByteString? { if case .string(let v) = self { v } else { nil } }
  public var asShape: PartialShape? { if case .shape(let v) = self { v } else { nil } }
  public var asTensor: Tensor? { if case .tensor(let v) = self { v } else { nil } }
  public var asFunction: FunctionReference? { if case .function(let v) = self { v } else { nil } }
  /// The dtype; a reference dtype (number + 100) by what it refers to.
  public var asDType: DType? {
    guard case .type(let v) = self, v > 0 else { return nil }
    return UInt8(exactly: v > 100 ? v - 100 : v).flatMap { DType(rawValue: $0) }
  }

  /// The kind's name as signatures write it.
  public var kindName: String {
    switch self {
    case .int: "int"
    case .float: "float"
    case .bool: "bool"
    case .string: "string"
    case .type: "type"
    case .shape: "shape"
    case .tensor: "tensor"
    case .function: "func"
    case .placeholder: "placeholder"
    case .list(let items): "list(\(items.first?.kindName ?? ""))"
    }
  }
}
