import BNormTensor

/// A variable: a named tensor of the session that ops read and assign.
public final class Variable: TensorObject, @unchecked Sendable {
  public let name: String
  public let dtype: DType
  /// The declared shape.
  public let shape: PartialShape
  private let lock = Lock()
  private var storage: TensorStorage?
  private var valueShape = Shape.scalar

  public init(name: String, dtype: DType, shape: PartialShape) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
  }

  public var typeName: String { "Variable" }
  public var isInitialized: Bool { lock.withLock { storage != nil } }

  private var uninitialized: BNormError {
    .invalid("Attempting to use uninitialized value \(name): the variable was never assigned")
  }

  /// The current value; throws when nothing was assigned yet.
  public func read() throws -> Tensor {
    try lock.withLock {
      guard let storage else { throw uninitialized }
      return Tensor(dtype: dtype, shape: valueShape, storage: storage)
    }
  }

  /// Replaces the value; nil leaves the variable uninitialized.
  public func assign(_ tensor: Tensor?) {
    let owned = tensor?.owned
    lock.withLock {
      storage = owned?.storage
      valueShape = owned?.shape ?? .scalar
    }
  }

  /// Changes the value under the variable's lock. `body` gets a tensor whose elements nobody else
  /// sees, so it may write them in place.
  public func update<R>(_ body: (Tensor) throws -> R) throws -> R {
    try lock.withLock {
      guard storage != nil else { throw uninitialized }
      if !isKnownUniquelyReferenced(&storage) {
        storage = Tensor(dtype: dtype, shape: valueShape, storage: storage!).copy().storage
      }
      return try body(Tensor(dtype: dtype, shape: valueShape, storage: storage!))
    }
  }
}

extension Variable {
  /// Changes the values of several variables under their locks; a variable may be among them more
  /// than once.
  public static func update<R>(
    _ variables: [Variable], _ body: ([Tensor]) throws -> R
  ) throws -> R {
    var order: [Variable] = []
    for variable in variables where !order.contains(where: { $0 === variable }) {
      order.append(variable)
    }
    order.sort { ObjectIdentifier($0) < ObjectIdentifier($1) }
    var values: [ObjectIdentifier: Tensor] = [:]
    func lock(_ k: Int) throws -> R {
      guard k < order.count else {
        return try body(variables.map { values[ObjectIdentifier($0)]! })
      }
      return try order[k].update { tensor in
        values[ObjectIdentifier(order[k])] = tensor
        return try lock(k + 1)
      }
    }
    return try lock(0)
  }
}

/// An object that old ops refer to by strings: what a reference to it holds.
public protocol StringNamed: TensorObject {
  /// Container and name.
  var nameTensor: Tensor { get }
}

/// Reads a reference where an op takes a value.
struct ReadReference: EagerOperation {
  static let opNames: [String] = []
  /// The shape that the rest of the plan counts on.
  let shape: Shape?
  init(shape: Shape?) { self.shape = shape }
  init(_ node: NodeContext) throws { shape = nil }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    if let named = inputs[0].objects.first as? any StringNamed { return [named.nameTensor] }
    let variable = try Variable.of(inputs[0])
    let value = try variable.read()
    if let shape, shape != value.shape {
      throw BNormError.invalid(
        "variable \"\(variable.name)\" has shape \(value.shape), but it is declared with \(shape)")
    }
    return [value]
  }
}

extension Variable {
  /// The variable that a reference or resource tensor holds.
  public static func of(_ tensor: Tensor) throws -> Variable {
    guard !tensor.dtype.isPlain, tensor.dtype != .string, let object = tensor.objects.first else {
      throw BNormError.invalid("expected a variable, got a tensor of dtype \(tensor.dtype.name)")
    }
    guard let variable = object as? Variable else {
      throw BNormError.invalid("expected a variable, got a \(object?.typeName ?? "null handle")")
    }
    return variable
  }
}
