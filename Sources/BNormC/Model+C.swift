import BNorm
public import CBNormABI

@c @implementation
public func bnorm_set_threads(_ count: Int) -> bnorm_status {
  status {
    guard count > 0 else { throw BNormError.invalid("argument count is 0") }
    Threads.count = count
  }
}

@c @implementation
public func bnorm_model_load(
  _ path: UnsafePointer<CChar>!, _ options: UnsafePointer<bnorm_load_options>!,
  _ model: UnsafeMutablePointer<OpaquePointer?>!
) -> bnorm_status {
  status {
    guard let model else { throw missing("model") }
    model.pointee = nil
    let given = options?.pointee ?? bnorm_load_options()
    let tags = try texts(given.tags, given.tag_count, "options.tags")
    let loaded = try Model(
      path: try text(path, "path"), tags: tags.isEmpty ? nil : Set(tags),
      signature: given.signature.map { String(cString: $0) },
      checkpoint: given.checkpoint.map { String(cString: $0) })
    model.pointee = handle(ModelHandle(loaded))
  }
}

@c @implementation
public func bnorm_model_release(_ model: OpaquePointer!) { release(model) }

@c @implementation
public func bnorm_model_input_count(_ model: OpaquePointer!) -> Int {
  object(model, ModelHandle.self)?.inputs.count ?? 0
}

@c @implementation
public func bnorm_model_input_name(_ model: OpaquePointer!, _ index: Int) -> UnsafePointer<CChar>! {
  object(model, ModelHandle.self)?.inputNames[index]
}

@c @implementation
public func bnorm_model_input_dtype(_ model: OpaquePointer!, _ index: Int) -> bnorm_dtype {
  bnorm_dtype(UInt32(input(model, index)?.dtype.rawValue ?? 0))
}

@c @implementation
public func bnorm_model_input_rank(_ model: OpaquePointer!, _ index: Int) -> Int64 {
  Int64(input(model, index)?.shape.dimensions?.count ?? -1)
}

@c @implementation
public func bnorm_model_input_dim(_ model: OpaquePointer!, _ index: Int, _ axis: Int) -> Int64 {
  guard let dimensions = input(model, index)?.shape.dimensions, dimensions.indices.contains(axis)
  else { return -1 }
  return Int64(dimensions[axis])
}

@c @implementation
public func bnorm_model_output_count(_ model: OpaquePointer!) -> Int {
  object(model, ModelHandle.self)?.outputNames.pointers.count ?? 0
}

@c @implementation
public func bnorm_model_output_name(_ model: OpaquePointer!, _ index: Int) -> UnsafePointer<CChar>! {
  object(model, ModelHandle.self)?.outputNames[index]
}

private func input(_ model: OpaquePointer?, _ index: Int) -> Model.Input? {
  guard let inputs = object(model, ModelHandle.self)?.inputs, inputs.indices.contains(index) else {
    return nil
  }
  return inputs[index]
}
