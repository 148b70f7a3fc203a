/// TensorFlow's element types, numbered as `tensorflow.DataType`.
public enum DType: UInt8, Sendable, CaseIterable, Hashable {
  case float = 1
  case double = 2
  case int32 = 3
  case uint8 = 4
  case int16 = 5
  case int8 = 6
  case string = 7
  case complex64 = 8
  case int64 = 9
  case bool = 10
  case qint8 = 11
  case quint8 = 12
  case qint32 = 13
  case bfloat16 = 14
  case qint16 = 15
  case quint16 = 16
  case uint16 = 17
  case complex128 = 18
  case half = 19
  case resource = 20
  case variant = 21
  case uint32 = 22
  case uint64 = 23
  case float8_e5m2 = 24
  case float8_e4m3fn = 25
  case int4 = 29
  case uint4 = 30

  /// TensorFlow's name, e.g. `float`, `bfloat16`, `int32`.
  public var name: String { String(describing: self) }

  /// The dtype with TensorFlow's name `name` (also `float32`, `float64`, `float16`).
  public init?(name: some StringProtocol) {
    switch name {
    case "float32": self = .float
    case "float64": self = .double
    case "float16": self = .half
    default:
      guard let found = DType.byName[String(name)] else { return nil }
      self = found
    }
  }

  private static let byName: [String: DType] = Dictionary(
    uniqueKeysWithValues: allCases.map { ($0.name, $0) })

  /// Bytes of one element in memory; 0 for `string`, `resource` and `variant`, which are objects.
  public var size: Int {
    switch self {
    case .uint8, .int8, .bool, .qint8, .quint8, .float8_e5m2, .float8_e4m3fn, .int4, .uint4: 1
    case .int16, .uint16, .qint16, .quint16, .half, .bfloat16: 2
    case .float, .int32, .uint32, .qint32: 4
    case .double, .int64, .uint64, .complex64: 8
    case .complex128: 16
    case .string, .resource, .variant: 0
    }
  }

  /// Elements are plain bytes of `size`, not objects.
  public var isPlain: Bool { size > 0 }
  public var isFloating: Bool {
    switch self {
    case .float, .double, .half, .bfloat16, .float8_e5m2, .float8_e4m3fn: true
    default: false
    }
  }
  public var isComplex: Bool { self == .complex64 || self == .complex128 }
  public var isQuantized: Bool {
    switch self {
    case .qint8, .quint8, .qint16, .quint16, .qint32: true
    default: false
    }
  }
  public var isInteger: Bool {
    switch self {
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .int4, .uint4: true
    default: false
    }
  }
  public var isUnsigned: Bool {
    switch self {
    case .uint8, .uint16, .uint32, .uint64, .uint4, .quint8, .quint16: true
    default: false
    }
  }
}
