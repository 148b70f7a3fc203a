import BNormTensor
import CTensorFlowProto
import Glibc

/// Makes tensors from unpacked `TensorProto` messages; large buffers are taken over, not copied.
public struct TensorProtoDecoder {
  public typealias Message = UnsafeMutablePointer<Tensorflow__TensorProto>

  let arena: UnpackArena
  let budget: ImportBudget

  public init(arena: UnpackArena, budget: ImportBudget = ImportBudget()) {
    self.arena = arena
    self.budget = budget
  }

  /// Unpacks and decodes a serialised `TensorProto`.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer, budget: ImportBudget = ImportBudget()
  ) throws -> Tensor {
    let arena = UnpackArena()
    let message = try arena.unpack("TensorProto", bytes, tensorflow__tensor_proto__init)
    return try TensorProtoDecoder(arena: arena, budget: budget).decode(message)
  }

  /// The tensor. Throws `unsupported` for objects and for dtypes that bnorm does not know.
  public func decode(_ message: Message) throws -> Tensor {
    let number = message.pointee.dtype.rawValue
    guard let dtype = UInt8(exactly: number).flatMap({ DType(rawValue: $0) }) else {
      throw BNormError.unsupported("a tensor of dtype number \(number)")
    }
    let shape = try ShapeDecoder.shape(message.pointee.tensor_shape)
    return try decode(message, dtype: dtype, shape: shape)
  }

  /// The tensor of a message that does not itself say its dtype and shape.
  public func decode(_ message: Message, dtype: DType, shape: Shape) throws -> Tensor {
    guard dtype == .string || dtype.isPlain else {
      throw BNormError.unsupported("a \(dtype.name) tensor in a file")
    }
    if dtype == .string { return try strings(message, shape) }
    let byteCount = shape.count.multipliedReportingOverflow(by: dtype.size)
    guard !byteCount.overflow, byteCount.partialValue <= Shape.maximumCount else {
      throw BNormError.invalid("tensor of shape \(shape) is too large")
    }
    let tensor = try plain(message, dtype, shape)
    if dtype == .bool || dtype == .int4 || dtype == .uint4 { TensorProtoDecoder.normalise(tensor) }
    return tensor
  }

  private func plain(_ message: Message, _ dtype: DType, _ shape: Shape) throws -> Tensor {
    let content = message.pointee.tensor_content
    if content.len > 0 { return try fromContent(message, dtype, shape) }
    switch dtype {
    case .float:
      return try values(
        dtype, shape, &message.pointee.float_val, message.pointee.n_float_val, Float.self) { $0 }
    case .double:
      return try values(
        dtype, shape, &message.pointee.double_val, message.pointee.n_double_val, Double.self) { $0 }
    case .complex64:
      return try complex(
        dtype, shape, message.pointee.scomplex_val, message.pointee.n_scomplex_val)
    case .complex128:
      return try complex(
        dtype, shape, message.pointee.dcomplex_val, message.pointee.n_dcomplex_val)
    case .half, .bfloat16:
      return try values(
        dtype, shape, &message.pointee.half_val, message.pointee.n_half_val, UInt16.self
      ) { UInt16(truncatingIfNeeded: $0) }
    case .int64:
      return try values(
        dtype, shape, &message.pointee.int64_val, message.pointee.n_int64_val, Int64.self) { $0 }
    case .uint32:
      return try values(
        dtype, shape, &message.pointee.uint32_val, message.pointee.n_uint32_val, UInt32.self) { $0 }
    case .uint64:
      return try values(
        dtype, shape, &message.pointee.uint64_val, message.pointee.n_uint64_val, UInt64.self) { $0 }
    case .bool:
      return try values(
        dtype, shape, &message.pointee.bool_val, message.pointee.n_bool_val, UInt8.self
      ) { $0 != 0 ? 1 : 0 }
    case .float8_e5m2, .float8_e4m3fn:
      var data = message.pointee.float8_val.data
      return try values(dtype, shape, &data, message.pointee.float8_val.len, UInt8.self) { $0 }
    case .int32, .qint32: return try integers(message, dtype, shape, Int32.self)
    case .int16, .uint16, .qint16, .quint16: return try integers(message, dtype, shape, Int16.self)
    default: return try integers(message, dtype, shape, Int8.self)
    }
  }

  private func integers<T: FixedWidthInteger & BitwiseCopyable>(
    _ message: Message, _ dtype: DType, _ shape: Shape, _ type: T.Type
  ) throws -> Tensor {
    try values(dtype, shape, &message.pointee.int_val, message.pointee.n_int_val, type) {
      T(truncatingIfNeeded: $0)
    }
  }

  /// `tensor_content`: the elements as they lie in memory.
  private func fromContent(_ message: Message, _ dtype: DType, _ shape: Shape) throws -> Tensor {
    let content = message.pointee.tensor_content
    guard content.len == shape.count * dtype.size, let data = content.data else {
      throw BNormError.invalid(
        "tensor_content has \(content.len) bytes, but shape \(shape) of \(dtype.name) needs "
          + "\(shape.count * dtype.size)")
    }
    if let storage = takeOver(data, content.len) {
      message.pointee.tensor_content = .init(len: 0, data: nil)
      return Tensor(dtype: dtype, shape: shape, storage: storage)
    }
    let tensor = Tensor(dtype: dtype, shape: shape)
    tensor.storage.pointer.copyMemory(from: data, byteCount: content.len)
    return tensor
  }

  private func takeOver(_ data: UnsafeMutableRawPointer, _ byteCount: Int) -> TensorStorage? {
    guard arena.take(data) else { return nil }
    let address = UInt(bitPattern: data)
    return TensorStorage(external: data, byteCount: byteCount) {
      free(UnsafeMutableRawPointer(bitPattern: address))
    }
  }

  /// A list of values, the last of which is repeated until the shape is full.
  private func values<Source: BitwiseCopyable, T: BitwiseCopyable>(
    _ dtype: DType, _ shape: Shape, _ list: inout UnsafeMutablePointer<Source>?, _ count: Int,
    _ type: T.Type, _ convert: (Source) -> T
  ) throws -> Tensor {
    if count >= shape.count, count > 0, Source.self == T.self, let data = list,
      let storage = takeOver(data, shape.count * dtype.size)
    {
      list = nil
      return Tensor(dtype: dtype, shape: shape, storage: storage)
    }
    let given = min(count, shape.count)
    try budget.spend((shape.count - given) * dtype.size, shape)
    let tensor = Tensor(dtype: dtype, shape: shape)
    let out = tensor.storage.pointer.assumingMemoryBound(to: T.self)
    guard let list, given > 0 else {
      tensor.storage.pointer.initializeMemory(as: UInt8.self, repeating: 0, count: tensor.byteCount)
      return tensor
    }
    for i in 0..<given { out[i] = convert(list[i]) }
    (out + given).update(repeating: convert(list[given - 1]), count: shape.count - given)
    return tensor
  }

  private func complex<Part: BinaryFloatingPoint & Element>(
    _ dtype: DType, _ shape: Shape, _ list: UnsafeMutablePointer<Part>?, _ count: Int
  ) throws -> Tensor {
    guard count >= 2, let list else {
      var none: UnsafeMutablePointer<Complex<Part>>?
      return try values(dtype, shape, &none, 0, Complex<Part>.self) { $0 }
    }
    return try list.withMemoryRebound(to: Complex<Part>.self, capacity: count / 2) {
      var pairs: UnsafeMutablePointer<Complex<Part>>? = $0
      return try values(dtype, shape, &pairs, count / 2, Complex<Part>.self) { $0 }
    }
  }

  private func strings(_ message: Message, _ shape: Shape) throws -> Tensor {
    let content = message.pointee.tensor_content
    if content.len > 0 {
      return Tensor(
        strings: try StringList.decode(
          UnsafeRawBufferPointer(start: content.data, count: content.len), count: shape.count),
        shape: shape)
    }
    let count = min(message.pointee.n_string_val, shape.count)
    try budget.spend((shape.count - count) * MemoryLayout<ByteString>.stride, shape)
    var out: [ByteString] = []
    out.reserveCapacity(shape.count)
    for i in 0..<count { out.append(ByteString(message.pointee.string_val[i])) }
    if out.count < shape.count {
      let last = out.last ?? .empty
      out.append(contentsOf: repeatElement(last, count: shape.count - out.count))
    }
    return Tensor(strings: out, shape: shape)
  }

  /// A bool is 0 or 1, a 4-bit integer fits 4 bits, whatever the file says.
  private static func normalise(_ tensor: Tensor) {
    let bytes = tensor.storage.pointer.assumingMemoryBound(to: UInt8.self)
    switch tensor.dtype {
    case .bool: for i in 0..<tensor.count { bytes[i] = bytes[i] == 0 ? 0 : 1 }
    case .uint4: for i in 0..<tensor.count { bytes[i] &= 15 }
    default:
      for i in 0..<tensor.count {
        bytes[i] = UInt8(bitPattern: Int8(bitPattern: bytes[i] << 4) >> 4)
      }
    }
  }
}
