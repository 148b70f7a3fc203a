import BNormProto
import BNormTensor

/// The values of one `Feature` message.
enum Feature {
  /// No kind is set.
  case none
  case strings([ByteString])
  case floats([Float])
  case integers([Int64])

  var dtype: DType? {
    switch self {
    case .none: nil
    case .strings: .string
    case .floats: .float
    case .integers: .int64
    }
  }

  var count: Int {
    switch self {
    case .none: 0
    case .strings(let values): values.count
    case .floats(let values): values.count
    case .integers(let values): values.count
    }
  }

  init(_ bytes: UnsafeRawBufferPointer) throws {
    self = .none
    var reader = WireReader(bytes)
    while let (field, value) = try reader.next() {
      guard case .bytes(let list) = value, (1...3).contains(field) else { continue }
      var inner = WireReader(list)
      switch field {
      case 1:
        var values: [ByteString] = []
        if case .strings(let before) = self { values = before }
        while let (number, value) = try inner.next() {
          if number == 1, case .bytes(let string) = value { values.append(ByteString(string)) }
        }
        self = .strings(values)
      case 2:
        var values: [Float] = []
        if case .floats(let before) = self { values = before }
        while let (number, value) = try inner.next() {
          guard number == 1 else { continue }
          switch value {
          case .fixed32(let bits): values.append(Float(bitPattern: bits))
          case .bytes(let packed):
            guard packed.count % 4 == 0 else {
              throw BNormError.invalid("a list of floats has \(packed.count) bytes")
            }
            for i in stride(from: 0, to: packed.count, by: 4) {
              values.append(
                Float(bitPattern: packed.loadUnaligned(fromByteOffset: i, as: UInt32.self)))
            }
          default: throw BNormError.invalid("a list of floats holds another kind of value")
          }
        }
        self = .floats(values)
      default:
        var values: [Int64] = []
        if case .integers(let before) = self { values = before }
        while let (number, value) = try inner.next() {
          guard number == 1 else { continue }
          switch value {
          case .varint(let bits): values.append(Int64(bitPattern: bits))
          case .bytes(let packed):
            var packed = WireReader(packed)
            while !packed.isAtEnd { values.append(Int64(bitPattern: try packed.varint())) }
          default: throw BNormError.invalid("a list of integers holds another kind of value")
          }
        }
        self = .integers(values)
      }
    }
  }
}

/// A growing list of values of one dtype: int64, float or string.
struct FeatureValues {
  let dtype: DType
  private var strings: [ByteString] = []
  private var floats: [Float] = []
  private var integers: [Int64] = []

  init(_ dtype: DType) { self.dtype = dtype }

  var count: Int { strings.count + floats.count + integers.count }

  /// Appends values of the same dtype.
  mutating func append(_ feature: Feature) {
    switch feature {
    case .none: break
    case .strings(let values): strings += values
    case .floats(let values): floats += values
    case .integers(let values): integers += values
    }
  }

  /// Appends the elements of a tensor of the same dtype.
  mutating func append(_ tensor: Tensor) {
    switch dtype {
    case .string: strings += tensor.strings
    case .float: floats += tensor.elements(Float.self)
    default: integers += tensor.elements(Int64.self)
    }
  }

  /// Appends `count` times the element of a scalar, or zeros.
  mutating func pad(_ scalar: Tensor?, count: Int) {
    switch dtype {
    case .string: strings += repeatElement(scalar?.strings[0] ?? .empty, count: count)
    case .float: floats += repeatElement(scalar?.elements(Float.self)[0] ?? 0, count: count)
    default: integers += repeatElement(scalar?.elements(Int64.self)[0] ?? 0, count: count)
    }
  }

  func tensor(_ shape: Shape? = nil) -> Tensor {
    switch dtype {
    case .string: Tensor(strings: strings, shape: shape ?? [count])
    case .float: Tensor(floats, shape: shape ?? [count])
    default: Tensor(integers, shape: shape ?? [count])
    }
  }
}
