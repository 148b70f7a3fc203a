import BNorm
public import CBNormABI

@c @implementation
public func bnorm_session_create(
  _ model: OpaquePointer!, _ session: UnsafeMutablePointer<OpaquePointer?>!
) -> bnorm_status {
  status {
    guard let session else { throw missing("session") }
    session.pointee = nil
    let owner: ModelHandle = try required(model, "model")
    session.pointee = handle(try SessionHandle(owner.model))
  }
}

@c @implementation
public func bnorm_session_release(_ session: OpaquePointer!) { release(session) }

@c @implementation
public func bnorm_session_run(
  _ session: OpaquePointer!, _ feeds: UnsafePointer<bnorm_feed>!, _ feed_count: Int,
  _ fetches: UnsafePointer<UnsafePointer<CChar>?>!, _ fetch_count: Int,
  _ targets: UnsafePointer<UnsafePointer<CChar>?>!, _ target_count: Int,
  _ outputs: UnsafeMutablePointer<OpaquePointer?>!
) -> bnorm_status {
  status {
    if let outputs { for i in 0..<max(fetch_count, 0) { outputs[i] = nil } }
    let owner: SessionHandle = try required(session, "session")
    guard outputs != nil || fetch_count == 0 else { throw missing("outputs") }
    guard feeds != nil || feed_count == 0 else { throw missing("feeds") }
    let model = owner.model
    var given = try (0..<feed_count).map { i -> (name: String, value: Tensor) in
      let value: TensorHandle = try required(feeds[i].value, "feeds[\(i)].value")
      return (model.inputTensor(try text(feeds[i].name, "feeds[\(i)].name")), value.tensor)
    }
    for (name, value) in model.signature?.defaults ?? [:] {
      let tensor = model.inputTensor(name)
      if !given.contains(where: { $0.name == tensor }) { given.append((tensor, value)) }
    }
    let results = try owner.session.run(
      try texts(fetches, fetch_count, "fetches").map(model.outputTensor), feeds: given,
      targets: try texts(targets, target_count, "targets"))
    for (i, result) in results.enumerated() { outputs[i] = handle(TensorHandle(result)) }
  }
}

@c @implementation
public func bnorm_session_save(
  _ session: OpaquePointer!, _ prefix: UnsafePointer<CChar>!
) -> bnorm_status {
  status {
    let owner: SessionHandle = try required(session, "session")
    try owner.model.save(owner.session, to: try text(prefix, "prefix"))
  }
}
