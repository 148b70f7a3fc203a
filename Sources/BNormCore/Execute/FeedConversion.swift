import BNormTensor

/// Makes a given tensor fit the value that it is fed to, as `Session.run` does with numpy arrays.
enum FeedConversion {
  static func convert(_ tensor: Tensor, for value: ValueID, _ graph: Graph) throws -> Tensor {
    let node = graph.nodes[Int(value.node)]
    let label = graph.label(value)
    var tensor = tensor
    if Int(value.port) < node.outputDTypes.count {
      let dtype = node.outputDTypes[Int(value.port)]
      if tensor.dtype != dtype {
        guard let cast = cast(tensor, to: dtype) else {
          throw misfit(tensor, dtype).prefixed("feed \"\(label)\"")
        }
        tensor = cast
      }
    }
    if node.op == "Placeholder" || node.op == "PlaceholderWithDefault" || node.op == "PlaceholderV2",
      let declared = node.attributes["shape"]?.asShape, !isLegacyScalar(declared, node, graph),
      !declared.accepts(tensor.shape)
    {
      throw BNormError.invalid(
        "feed \"\(label)\" has shape \(tensor.shape), but the placeholder's shape is \(declared)")
    }
    return tensor
  }

  /// Before producer version 24 a Placeholder's shape [] meant an unknown one.
  private static func isLegacyScalar(_ shape: PartialShape, _ node: Node, _ graph: Graph) -> Bool {
    node.op == "Placeholder" && shape.rank == 0 && graph.producer < 24
  }

  /// Why `cast` gives nil: names the first element that does not fit.
  static func misfit(_ tensor: Tensor, _ dtype: DType) -> BNormError {
    var found = ""
    if dtype.isPlain {
      func describe(_ i: Int, _ value: some Numeric) -> String { ": element \(i) is \(value)" }
      func fits<T: Element>(_ value: T) -> Bool { cast(Tensor(scalar: value), to: dtype) != nil }
      if let values = tensor.integers {
        if let i = values.firstIndex(where: { !fits(Int64($0)) }) { found = describe(i, values[i]) }
      } else if let values = tensor.doubles {
        if let i = values.firstIndex(where: { !fits($0) }) { found = describe(i, values[i]) }
      }
    }
    return .invalid(
      "a tensor of dtype \(tensor.dtype.name) does not convert to \(dtype.name) without changing "
        + "values" + found)
  }

  /// `tensor` with another dtype, or nil where a value would change.
  static func cast(_ tensor: Tensor, to dtype: DType) -> Tensor? {
    guard tensor.dtype.isPlain, dtype.isPlain else { return nil }
    if dtype.isQuantized || tensor.dtype.isQuantized || dtype == .int4 || dtype == .uint4 {
      guard tensor.dtype.size == dtype.size else {
        guard let values = tensor.integers else { return nil }
        return integers(values, dtype, tensor.shape)
      }
      return Tensor(dtype: dtype, shape: tensor.shape, storage: tensor.storage)
    }
    if dtype.isComplex { return complex(tensor, dtype) }
    guard !tensor.dtype.isComplex else { return nil }
    if dtype == .bool {
      guard let v = tensor.doubles, v.allSatisfy({ $0 == 0 || $0 == 1 }) else { return nil }
      return Tensor(v.map { $0 == 1 }, shape: tensor.shape)
    }
    if dtype.isInteger {
      if let values = tensor.integers { return integers(values, dtype, tensor.shape) }
      guard let v = tensor.doubles, v.allSatisfy({ $0.rounded() == $0 && abs($0) < 9e18 }) else {
        return nil
      }
      return integers(v.map { Int($0) }, dtype, tensor.shape)
    }
    guard let v = tensor.doubles else { return nil }
    switch dtype {
    case .float: return Tensor(v.map { Float($0) }, shape: tensor.shape)
    case .double: return Tensor(v, shape: tensor.shape)
    case .half: return Tensor(v.map { Float16($0) }, shape: tensor.shape)
    case .bfloat16: return Tensor(v.map { BFloat16(Float($0)) }, shape: tensor.shape)
    default: return nil
    }
  }

  private static func integers(_ values: [Int], _ dtype: DType, _ shape: Shape) -> Tensor? {
    func make<T: FixedWidthInteger & Element>(_ type: T.Type) -> Tensor? {
      var out: [T] = []
      out.reserveCapacity(values.count)
      for v in values {
        guard let x = T(exactly: v) else { return nil }
        out.append(x)
      }
      return Tensor(out, shape: shape, dtype: dtype)
    }
    switch dtype {
    case .int8, .qint8, .int4: return make(Int8.self)
    case .int16, .qint16: return make(Int16.self)
    case .int32, .qint32: return make(Int32.self)
    case .int64: return make(Int64.self)
    case .uint8, .quint8, .uint4: return make(UInt8.self)
    case .uint16, .quint16: return make(UInt16.self)
    case .uint32: return make(UInt32.self)
    case .uint64: return make(UInt64.self)
    default: return nil
    }
  }

  private static func complex(_ tensor: Tensor, _ dtype: DType) -> Tensor? {
    let parts: [Complex128]
    switch tensor.dtype {
    case .complex64:
      parts = tensor.elements(Complex64.self).map { Complex128(Double($0.real), Double($0.imaginary)) }
    case .complex128: parts = tensor.array(Complex128.self)
    default:
      guard let v = tensor.doubles else { return nil }
      parts = v.map { Complex128($0, 0) }
    }
    if dtype == .complex128 { return Tensor(parts, shape: tensor.shape) }
    return Tensor(parts.map { Complex64(Float($0.real), Float($0.imaginary)) }, shape: tensor.shape)
  }
}
