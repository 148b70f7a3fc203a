import BNormTensor

/// Writes `TensorProto` messages.
public enum TensorProtoEncoder {
  /// The whole message; the elements as they lie in memory, strings as a list.
  public static func encode(_ tensor: Tensor, _ writer: inout WireWriter) throws {
    encodeType(tensor, &writer)
    if tensor.dtype == .string || !tensor.dtype.isPlain {
      try encodeValues(tensor, &writer)
    } else if tensor.byteCount > 0 {
      writer.data(4, UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.byteCount))
    }
  }

  /// A serialised `TensorProto`.
  public static func encode(_ tensor: Tensor) throws -> [UInt8] {
    var writer = WireWriter()
    try encode(tensor, &writer)
    return writer.bytes
  }

  /// What comes before the elements.
  static func encodeType(_ tensor: Tensor, _ writer: inout WireWriter) {
    writer.integer(1, Int(tensor.dtype.rawValue))
    writer.message(2) { ShapeEncoder.encode(tensor.shape.dimensions, &$0) }
  }

  /// The elements alone, as the list of the dtype.
  public static func encodeValues(_ tensor: Tensor, _ writer: inout WireWriter) throws {
    guard tensor.count > 0 else { return }
    switch tensor.dtype {
    case .string: for string in tensor.strings { writer.data(8, string.bytes) }
    case .float, .complex64, .double, .complex128:
      let fields: [DType: Int] = [.float: 5, .double: 6, .complex64: 9, .complex128: 12]
      // The list lies in the message as the elements lie in memory.
      writer.data(
        fields[tensor.dtype]!,
        UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.byteCount))
    case .float8_e5m2, .float8_e4m3fn: writer.data(18, tensor.elements(UInt8.self))
    case .half, .bfloat16: list(13, tensor.elements(UInt16.self).lazy.map { Int64($0) }, &writer)
    case .bool: list(11, tensor.elements(UInt8.self).lazy.map { Int64($0) }, &writer)
    case .int64: list(10, tensor.elements(Int64.self), &writer)
    case .uint32: list(16, tensor.elements(UInt32.self).lazy.map { Int64($0) }, &writer)
    case .uint64:
      list(17, tensor.elements(UInt64.self).lazy.map { Int64(bitPattern: $0) }, &writer)
    case .resource, .variant:
      throw BNormError.unsupported("writing a \(tensor.dtype.name) tensor")
    default: list(7, (tensor.integers ?? []).lazy.map { Int64($0) }, &writer)
    }
  }

  private static func list(
    _ field: Int, _ values: some Sequence<Int64>, _ writer: inout WireWriter
  ) {
    var inner = WireWriter()
    for value in values { inner.varint(UInt64(bitPattern: value)) }
    writer.data(field, inner.bytes)
  }
}
