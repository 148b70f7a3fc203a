import BNorm
public import CBNormABI

@c @implementation
public func bnorm_tensor_create(
  _ dtype: bnorm_dtype, _ dims: UnsafePointer<Int64>!, _ rank: Int, _ data: UnsafeRawPointer!,
  _ byte_count: Int, _ tensor: UnsafeMutablePointer<OpaquePointer?>!
) -> bnorm_status {
  status {
    guard let tensor else { throw missing("tensor") }
    tensor.pointee = nil
    guard let type = UInt8(exactly: dtype.rawValue).flatMap({ DType(rawValue: $0) }), type.isPlain
    else { throw BNormError.invalid("no array has elements of dtype \(dtype.rawValue)") }
    let shape = try shape(dims, rank)
    let (expected, overflow) = shape.count.multipliedReportingOverflow(by: type.size)
    guard !overflow, expected == byte_count else {
      throw BNormError.invalid(
        "\(byte_count) bytes given for a tensor of dtype \(type.name) and shape \(shape)")
    }
    let made = Tensor(dtype: type, shape: shape)
    if byte_count > 0 {
      guard let data else { throw missing("data") }
      made.storage.pointer.copyMemory(from: data, byteCount: byte_count)
    }
    tensor.pointee = handle(TensorHandle(made))
  }
}

@c @implementation
public func bnorm_tensor_create_strings(
  _ dims: UnsafePointer<Int64>!, _ rank: Int,
  _ strings: UnsafePointer<UnsafePointer<CChar>?>!, _ lengths: UnsafePointer<Int>!,
  _ tensor: UnsafeMutablePointer<OpaquePointer?>!
) -> bnorm_status {
  status {
    guard let tensor else { throw missing("tensor") }
    tensor.pointee = nil
    let shape = try shape(dims, rank)
    guard strings != nil || shape.count == 0 else { throw missing("strings") }
    let values = try (0..<shape.count).map { i -> ByteString in
      guard let start = strings[i] else { throw missing("strings[\(i)]") }
      guard let lengths else { return ByteString(String(cString: start)) }
      return ByteString(Array(UnsafeRawBufferPointer(start: start, count: lengths[i])))
    }
    tensor.pointee = handle(TensorHandle(Tensor(strings: values, shape: shape)))
  }
}

private func shape(_ dims: UnsafePointer<Int64>?, _ rank: Int) throws -> Shape {
  guard rank > 0 else { return .scalar }
  guard rank <= 254 else { throw BNormError.invalid("a rank of \(rank)") }
  guard let dims else { throw missing("dims") }
  return try Shape(checking: (0..<rank).map { Int(dims[$0]) })
}

@c @implementation
public func bnorm_tensor_release(_ tensor: OpaquePointer!) { release(tensor) }

@c @implementation
public func bnorm_tensor_dtype(_ tensor: OpaquePointer!) -> bnorm_dtype {
  bnorm_dtype(UInt32(value(tensor)?.dtype.rawValue ?? 0))
}

@c @implementation
public func bnorm_tensor_rank(_ tensor: OpaquePointer!) -> Int { value(tensor)?.rank ?? 0 }

@c @implementation
public func bnorm_tensor_dim(_ tensor: OpaquePointer!, _ axis: Int) -> Int64 {
  guard let tensor = value(tensor), axis >= 0, axis < tensor.rank else { return 0 }
  return Int64(tensor.shape[axis])
}

@c @implementation
public func bnorm_tensor_element_count(_ tensor: OpaquePointer!) -> Int { value(tensor)?.count ?? 0 }

@c @implementation
public func bnorm_tensor_data(_ tensor: OpaquePointer!) -> UnsafeRawPointer! {
  guard let tensor = value(tensor), tensor.dtype.isPlain else { return nil }
  return tensor.pointer
}

@c @implementation
public func bnorm_tensor_byte_count(_ tensor: OpaquePointer!) -> Int {
  guard let tensor = value(tensor), tensor.dtype.isPlain else { return 0 }
  return tensor.byteCount
}

@c @implementation
public func bnorm_tensor_string(
  _ tensor: OpaquePointer!, _ index: Int, _ length: UnsafeMutablePointer<Int>!
) -> UnsafePointer<CChar>! {
  guard let strings = object(tensor, TensorHandle.self)?.strings,
    strings.pointers.indices.contains(index)
  else { return nil }
  length?.pointee = strings.pointers[index].count - 1
  return strings[index]
}

private func value(_ tensor: OpaquePointer?) -> Tensor? {
  object(tensor, TensorHandle.self)?.tensor
}
