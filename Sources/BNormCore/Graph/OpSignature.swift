import BNormTensor
import COpDefs

/// The type of an input or output in an op's signature.
public struct ArgumentType: Sendable {
  public enum Element: Sendable {
    case fixed(DType)
    /// The value of a `type` attribute.
    case attribute(String)
    /// The value of a `list(type)` attribute: one tensor for each.
    case list(String)
  }
  public var element: Element
  /// The `int` attribute that says how many tensors of this type there are.
  public var number: String?
  public var isReference: Bool

  public init(element: Element, number: String? = nil, isReference: Bool = false) {
    self.element = element
    self.number = number
    self.isReference = isReference
  }
}

/// What TensorFlow's registry says of an op: arguments, attributes with defaults, CPU dtypes.
public struct OpSignature: Sendable {
  public struct Argument: Sendable {
    public let name: String
    public let type: ArgumentType
  }
  public struct Attribute: Sendable {
    public let name: String
    /// `int`, `float`, `bool`, `string`, `type`, `shape`, `tensor`, `func`, or `list(…)` of one.
    public let kind: String
    public let defaultValue: AttributeValue?
    /// Names of allowed dtypes or strings; empty when all are.
    public let allowed: [String]
    public let minimum: Int?
  }

  public let name: String
  public let inputs: [Argument]
  public let outputs: [Argument]
  public let attributes: [Attribute]
  public let flags: Set<String>
  /// Type attribute → dtypes that TensorFlow has a CPU kernel for.
  public let cpuTypes: [String: Set<DType>]

  public var isStateful: Bool { flags.contains("stateful") }
  public func attribute(_ name: String) -> Attribute? { attributes.first { $0.name == name } }

  /// The signature of `op`, or nil if TensorFlow's registry does not have it.
  public static func find(_ op: String) -> OpSignature? { SignatureCache.shared.find(op) }

  /// Parses one line of the table; see `opdefs.h` for the format.
  init(name: String, text: String) {
    var inputs: [Argument] = []
    var outputs: [Argument] = []
    var attributes: [Attribute] = []
    var flags: Set<String> = []
    var cpu: [String: Set<DType>] = [:]
    for field in SignatureText.split(text, on: UInt8(ascii: ";")) {
      guard let space = field.firstIndex(of: " ") else { continue }
      let kind = field[..<space]
      let rest = field[field.index(after: space)...]
      guard kind != "flag" else {
        flags.insert(String(rest))
        continue
      }
      guard let colon = rest.firstIndex(of: ":") else { continue }
      let key = String(rest[..<colon])
      let value = rest[rest.index(after: colon)...]
      switch kind {
      case "in": inputs.append(Argument(name: key, type: SignatureText.argumentType(value)))
      case "out": outputs.append(Argument(name: key, type: SignatureText.argumentType(value)))
      case "attr": attributes.append(SignatureText.attribute(key, value))
      case "cpu": cpu[key] = Set(value.split(separator: ",").compactMap { DType(name: $0) })
      default: break
      }
    }
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
    self.flags = flags
    cpuTypes = cpu
  }
}

/// Signatures that were asked for, parsed once.
private final class SignatureCache: @unchecked Sendable {
  static let shared = SignatureCache()
  private let lock = Lock()
  private var known: [String: OpSignature] = [:]

  func find(_ op: String) -> OpSignature? {
    lock.withLock {
      if let found = known[op] { return found }
      guard let text = SignatureText.lookUp(op) else { return nil }
      let signature = OpSignature(name: op, text: text)
      known[op] = signature
      return signature
    }
  }
}
