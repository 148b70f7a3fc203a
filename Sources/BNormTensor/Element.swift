/// A Swift type that lies in memory as one element of a plain dtype.
public protocol Element: Sendable, BitwiseCopyable, Equatable {
  static var dtype: DType { get }
  /// TensorFlow's zero value of the dtype.
  static var zero: Self { get }
}

extension Float: Element { public static var dtype: DType { .float } }
extension Double: Element { public static var dtype: DType { .double } }
extension Float16: Element { public static var dtype: DType { .half } }
extension Int8: Element { public static var dtype: DType { .int8 } }
extension Int16: Element { public static var dtype: DType { .int16 } }
extension Int32: Element { public static var dtype: DType { .int32 } }
extension Int64: Element { public static var dtype: DType { .int64 } }
extension UInt8: Element { public static var dtype: DType { .uint8 } }
extension UInt16: Element { public static var dtype: DType { .uint16 } }
extension UInt32: Element { public static var dtype: DType { .uint32 } }
extension UInt64: Element { public static var dtype: DType { .uint64 } }
extension Bool: Element {
  public static var dtype: DType { .bool }
  public static var zero: Bool { false }
}

/// The upper half of an IEEE single.
public struct BFloat16: Element, Hashable {
  public var bitPattern: UInt16
  public static var dtype: DType { .bfloat16 }
  public static var zero: BFloat16 { BFloat16(bitPattern: 0) }

  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// Rounds to nearest, ties to even; any NaN becomes the quiet NaN of its sign.
  public init(_ value: Float) {
    let bits = value.bitPattern
    if value.isNaN {
      bitPattern = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000 | 0x7fc0
    } else {
      bitPattern = UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ ((bits >> 16) & 1)) >> 16)
    }
  }

  public var float: Float { Float(bitPattern: UInt32(bitPattern) << 16) }
}

/// A complex number as TensorFlow lays it out: real part, then imaginary part.
public struct Complex<Part: BinaryFloatingPoint & Element>: Equatable, BitwiseCopyable, Sendable {
  public var real: Part
  public var imaginary: Part
  public init(_ real: Part, _ imaginary: Part) {
    self.real = real
    self.imaginary = imaginary
  }
}

extension Complex: Element {
  public static var dtype: DType { Part.dtype == .float ? .complex64 : .complex128 }
  public static var zero: Complex { Complex(0, 0) }
}

public typealias Complex64 = Complex<Float>
public typealias Complex128 = Complex<Double>

/// A computation that is generic over the element type; `DType.visit` picks the type.
public protocol ElementVisitor {
  associatedtype Result
  func visit<T: Element>(_ type: T.Type) throws -> Result
}

/// A computation over the real integer and floating types that Swift itself has.
public protocol NumericVisitor {
  associatedtype Result
  func visit<T: Element & Numeric & Comparable>(_ type: T.Type) throws -> Result
}

extension DType {
  /// Calls `visitor` with the Swift type of this dtype; quantized types by their integer.
  public func visit<V: ElementVisitor>(_ visitor: V) throws -> V.Result {
    switch self {
    case .float: try visitor.visit(Float.self)
    case .double: try visitor.visit(Double.self)
    case .half: try visitor.visit(Float16.self)
    case .bfloat16: try visitor.visit(BFloat16.self)
    case .int8, .qint8, .int4: try visitor.visit(Int8.self)
    case .int16, .qint16: try visitor.visit(Int16.self)
    case .int32, .qint32: try visitor.visit(Int32.self)
    case .int64: try visitor.visit(Int64.self)
    case .uint8, .quint8, .uint4, .float8_e5m2, .float8_e4m3fn: try visitor.visit(UInt8.self)
    case .uint16, .quint16: try visitor.visit(UInt16.self)
    case .uint32: try visitor.visit(UInt32.self)
    case .uint64: try visitor.visit(UInt64.self)
    case .bool: try visitor.visit(Bool.self)
    case .complex64: try visitor.visit(Complex64.self)
    case .complex128: try visitor.visit(Complex128.self)
    case .string, .resource, .variant:
      throw BNormError.unsupported("dtype \(name) has no plain elements")
    }
  }

  /// Calls `visitor` with the Swift type of this real dtype (not bfloat16, bool or complex).
  public func visitNumeric<V: NumericVisitor>(_ visitor: V) throws -> V.Result {
    switch self {
    case .float: try visitor.visit(Float.self)
    case .double: try visitor.visit(Double.self)
    case .half: try visitor.visit(Float16.self)
    case .int8, .qint8: try visitor.visit(Int8.self)
    case .int16, .qint16: try visitor.visit(Int16.self)
    case .int32, .qint32: try visitor.visit(Int32.self)
    case .int64: try visitor.visit(Int64.self)
    case .uint8, .quint8: try visitor.visit(UInt8.self)
    case .uint16, .quint16: try visitor.visit(UInt16.self)
    case .uint32: try visitor.visit(UInt32.self)
    case .uint64: try visitor.visit(UInt64.self)
    default: throw BNormError.unsupported("dtype \(name) here")
    }
  }
}
