import BNormCore
import BNormProto
import BNormTensor
import CTensorFlowProto

/// Makes attributes of a graph definition from unpacked messages.
struct AttributeDecoder {
  let tensors: TensorProtoDecoder

  /// The value; nil if nothing is set, or for a tensor of a dtype that no file can hold, so that
  /// the op says which attribute it lacks when it is needed.
  func value(_ message: UnsafeMutablePointer<Tensorflow__AttrValue>) throws -> AttributeValue? {
    switch message.pointee.value_case {
    case TENSORFLOW__ATTR_VALUE__VALUE_S: return .string(ByteString(message.pointee.s))
    case TENSORFLOW__ATTR_VALUE__VALUE_I: return .int(Int(message.pointee.i))
    case TENSORFLOW__ATTR_VALUE__VALUE_F: return .float(message.pointee.f)
    case TENSORFLOW__ATTR_VALUE__VALUE_B: return .bool(message.pointee.b != 0)
    case TENSORFLOW__ATTR_VALUE__VALUE_TYPE: return .type(Int(message.pointee.type.rawValue))
    case TENSORFLOW__ATTR_VALUE__VALUE_SHAPE:
      return .shape(try ShapeDecoder.partialShape(message.pointee.shape))
    case TENSORFLOW__ATTR_VALUE__VALUE_TENSOR: return try tensor(message.pointee.tensor)
    case TENSORFLOW__ATTR_VALUE__VALUE_PLACEHOLDER:
      return .placeholder(String(cString: message.pointee.placeholder))
    case TENSORFLOW__ATTR_VALUE__VALUE_FUNC: return .function(try function(message.pointee.func))
    case TENSORFLOW__ATTR_VALUE__VALUE_LIST: return .list(try list(message.pointee.list))
    default: return nil
    }
  }

  private func tensor(_ message: TensorProtoDecoder.Message) throws -> AttributeValue? {
    do { return .tensor(try tensors.decode(message)) } catch let error as BNormError {
      if error.code == .unsupported { return nil }
      throw error
    }
  }

  func function(_ message: UnsafeMutablePointer<Tensorflow__NameAttrList>) throws
    -> FunctionReference
  {
    var attributes: [String: AttributeValue] = [:]
    for i in 0..<message.pointee.n_attr {
      guard let entry = message.pointee.attr[i], let value = entry.pointee.value else { continue }
      attributes[String(cString: entry.pointee.key)] = try self.value(value)
    }
    return FunctionReference(name: String(cString: message.pointee.name), attributes: attributes)
  }

  private func list(_ message: UnsafeMutablePointer<Tensorflow__AttrValue__ListValue>) throws
    -> [AttributeValue]
  {
    let m = message.pointee
    var out: [AttributeValue] = []
    for i in 0..<m.n_s { out.append(.string(ByteString(m.s[i]))) }
    for i in 0..<m.n_i { out.append(.int(Int(m.i[i]))) }
    for i in 0..<m.n_f { out.append(.float(m.f[i])) }
    for i in 0..<m.n_b { out.append(.bool(m.b[i] != 0)) }
    for i in 0..<m.n_type { out.append(.type(Int(m.type[i].rawValue))) }
    for i in 0..<m.n_shape {
      if let shape = m.shape[i] { out.append(.shape(try ShapeDecoder.partialShape(shape))) }
    }
    for i in 0..<m.n_tensor {
      if let proto = m.tensor[i], let value = try tensor(proto) { out.append(value) }
    }
    for i in 0..<m.n_func {
      if let reference = m.func[i] { out.append(.function(try function(reference))) }
    }
    return out
  }
}
