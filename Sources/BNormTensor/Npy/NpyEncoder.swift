/// The bytes of a `.npy` file for a tensor.
struct NpyEncoder {
  let header: [UInt8]
  /// Elements that differ from the tensor's own bytes; nil if they are the same.
  private let converted: [UInt8]?
  private let tensor: Tensor

  init(_ tensor: Tensor) throws {
    self.tensor = tensor
    let descriptor: String
    switch tensor.dtype {
    case .float: (descriptor, converted) = ("<f4", nil)
    case .double: (descriptor, converted) = ("<f8", nil)
    case .half: (descriptor, converted) = ("<f2", nil)
    case .bool: (descriptor, converted) = ("|b1", nil)
    case .int8, .qint8, .int4: (descriptor, converted) = ("|i1", nil)
    case .uint8, .quint8, .uint4: (descriptor, converted) = ("|u1", nil)
    case .int16, .qint16: (descriptor, converted) = ("<i2", nil)
    case .uint16, .quint16: (descriptor, converted) = ("<u2", nil)
    case .int32, .qint32: (descriptor, converted) = ("<i4", nil)
    case .uint32: (descriptor, converted) = ("<u4", nil)
    case .int64: (descriptor, converted) = ("<i8", nil)
    case .uint64: (descriptor, converted) = ("<u8", nil)
    case .complex64: (descriptor, converted) = ("<c8", nil)
    case .complex128: (descriptor, converted) = ("<c16", nil)
    case .bfloat16:
      descriptor = "<f4"
      converted = NpyEncoder.bytes(tensor.elements(BFloat16.self).lazy.map(\.float))
    case .float8_e5m2:
      descriptor = "<f4"
      converted = NpyEncoder.bytes(
        tensor.elements(UInt8.self).lazy.map { Float(Float16(bitPattern: UInt16($0) << 8)) })
    case .float8_e4m3fn:
      descriptor = "<f4"
      converted = NpyEncoder.bytes(tensor.elements(UInt8.self).lazy.map(NpyEncoder.e4m3fn))
    case .string:
      let width = max(tensor.strings.map(\.count).max() ?? 1, 1)
      descriptor = "|S\(width)"
      converted = try NpyEncoder.padded(tensor, width: width)
    case .resource, .variant:
      throw BNormError.unsupported("a \(tensor.dtype.name) tensor as .npy")
    }
    header = NpyHeader.encode(descriptor: descriptor, shape: tensor.shape)
  }

  /// Calls `body` with the elements.
  func withData<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    if let converted { return try converted.withUnsafeBytes(body) }
    return try withExtendedLifetime(tensor) {
      try body(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.byteCount))
    }
  }

  private static func bytes(_ values: some Sequence<Float>) -> [UInt8] {
    Array(values).withUnsafeBytes { Array($0) }
  }

  private static func padded(_ tensor: Tensor, width: Int) throws -> [UInt8] {
    let (size, overflow) = tensor.count.multipliedReportingOverflow(by: width)
    guard !overflow, size <= Shape.maximumCount else {
      throw BNormError.invalid("\(tensor.count) strings of up to \(width) bytes do not fit a .npy")
    }
    var out: [UInt8] = []
    out.reserveCapacity(size)
    for string in tensor.strings {
      out += string.bytes
      out.append(contentsOf: repeatElement(0, count: width - string.count))
    }
    return out
  }

  /// 4 bits of exponent with bias 7, 3 bits of fraction, no infinity.
  private static func e4m3fn(_ bits: UInt8) -> Float {
    let sign: Float = bits & 0x80 == 0 ? 1 : -1
    let exponent = Int(bits >> 3) & 15
    let fraction = Float(bits & 7)
    if bits & 0x7f == 0x7f { return .nan }
    if exponent == 0 { return sign * fraction / 512 }
    return sign * Float(sign: .plus, exponent: exponent - 7, significand: 1 + fraction / 8)
  }
}
