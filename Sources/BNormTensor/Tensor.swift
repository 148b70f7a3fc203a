/// An n-dimensional array in row-major order.
///
/// A tensor is a value: once made, its elements do not change. Pointers that the accessors return
/// are valid as long as the tensor (or another owner of its storage) lives.
public struct Tensor: Sendable {
  public let dtype: DType
  public let shape: Shape
  public let storage: TensorStorage

  public init(dtype: DType, shape: Shape, storage: TensorStorage) {
    self.dtype = dtype
    self.shape = shape
    self.storage = storage
  }

  /// A tensor whose plain elements are not initialised; strings are empty, objects nil.
  public init(dtype: DType, shape: Shape) {
    self.dtype = dtype
    self.shape = shape
    switch dtype {
    case .string:
      storage = TensorStorage(strings: Array(repeating: .empty, count: shape.count))
    case .resource, .variant:
      storage = TensorStorage(objects: Array(repeating: nil, count: shape.count))
    default: storage = TensorStorage(byteCount: shape.count * dtype.size)
    }
  }

  /// A tensor of zeros (empty strings, false).
  public init(zeros dtype: DType, shape: Shape) {
    self.init(dtype: dtype, shape: shape)
    if dtype.isPlain { storage.pointer.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount) }
  }

  public init<T: Element>(_ values: [T], shape: Shape, dtype: DType? = nil) {
    precondition(values.count == shape.count, "\(values.count) values for shape \(shape)")
    self.init(dtype: dtype ?? T.dtype, shape: shape)
    values.withUnsafeBytes { storage.pointer.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(storage.pointer), byteCount: $0.count) }
  }

  /// A vector.
  public init<T: Element>(_ values: [T]) { self.init(values, shape: [values.count]) }
  public init<T: Element>(scalar: T) { self.init([scalar], shape: .scalar) }

  public init(strings: [ByteString], shape: Shape) {
    precondition(strings.count == shape.count, "\(strings.count) strings for shape \(shape)")
    dtype = .string
    self.shape = shape
    storage = TensorStorage(strings: strings)
  }

  /// A `resource` or `variant` tensor.
  public init(objects: [(any TensorObject)?], dtype: DType, shape: Shape) {
    precondition(objects.count == shape.count && !dtype.isPlain)
    self.dtype = dtype
    self.shape = shape
    storage = TensorStorage(objects: objects)
  }
  public init(scalar object: any TensorObject, dtype: DType) {
    self.init(objects: [object], dtype: dtype, shape: .scalar)
  }

  public var count: Int { shape.count }
  public var rank: Int { shape.rank }
  public var byteCount: Int { shape.count * dtype.size }
  public var pointer: UnsafeRawPointer { UnsafeRawPointer(storage.pointer) }
  public var strings: [ByteString] { storage.strings }
  public var objects: [(any TensorObject)?] { storage.objects }

  /// The elements; `T` must have the dtype's size.
  public func elements<T: Element>(_ type: T.Type = T.self) -> UnsafeBufferPointer<T> {
    precondition(MemoryLayout<T>.stride == dtype.size, "\(T.self) does not fit dtype \(dtype.name)")
    return UnsafeBufferPointer(
      start: UnsafePointer(storage.pointer.assumingMemoryBound(to: T.self)), count: count)
  }

  /// The elements for writing: only for the maker of the tensor, before anybody else sees it.
  public func mutableElements<T: Element>(_ type: T.Type = T.self) -> UnsafeMutableBufferPointer<T> {
    precondition(MemoryLayout<T>.stride == dtype.size, "\(T.self) does not fit dtype \(dtype.name)")
    return UnsafeMutableBufferPointer(
      start: storage.pointer.assumingMemoryBound(to: T.self), count: count)
  }

  public func array<T: Element>(_ type: T.Type = T.self) -> [T] { Array(elements(type)) }

  /// The same elements under another shape of the same count.
  public func reshaped(_ shape: Shape) -> Tensor {
    precondition(shape.count == count, "\(self.shape) cannot become \(shape)")
    return Tensor(dtype: dtype, shape: shape, storage: storage)
  }

  /// The tensor itself, or a copy if its bytes belong to a run's arena.
  public var owned: Tensor { storage.isBorrowed ? copy() : self }

  /// A copy with its own storage.
  public func copy() -> Tensor {
    switch dtype {
    case .string: return Tensor(strings: strings, shape: shape)
    case .resource, .variant: return Tensor(objects: objects, dtype: dtype, shape: shape)
    default:
      let out = Tensor(dtype: dtype, shape: shape)
      out.storage.pointer.copyMemory(from: storage.pointer, byteCount: byteCount)
      return out
    }
  }

  /// Integer elements (any integer dtype) as `Int`; nil for other dtypes. uint64 beyond Int is nil.
  public var integers: [Int]? {
    switch dtype {
    case .int32, .qint32: elements(Int32.self).map { Int($0) }
    case .int64: elements(Int64.self).map { Int($0) }
    case .int8, .qint8, .int4: elements(Int8.self).map { Int($0) }
    case .int16, .qint16: elements(Int16.self).map { Int($0) }
    case .uint8, .quint8, .uint4: elements(UInt8.self).map { Int($0) }
    case .uint16, .quint16: elements(UInt16.self).map { Int($0) }
    case .uint32: elements(UInt32.self).map { Int($0) }
    case .uint64:
      elements(UInt64.self).allSatisfy({ $0 <= UInt64(Int.max) })
        ? elements(UInt64.self).map { Int($0) } : nil
    default: nil
    }
  }

  /// Real elements (floating, integer, bool) as `Double`; nil for other dtypes.
  public var doubles: [Double]? {
    switch dtype {
    case .float: elements(Float.self).map { Double($0) }
    case .double: Array(elements(Double.self))
    case .half: elements(Float16.self).map { Double($0) }
    case .bfloat16: elements(BFloat16.self).map { Double($0.float) }
    case .bool: elements(Bool.self).map { $0 ? 1 : 0 }
    case .uint64: elements(UInt64.self).map { Double($0) }
    default: integers?.map { Double($0) }
    }
  }
}
