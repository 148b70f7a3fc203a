import BNormCore
import BNormProto
import BNormTensor
import CTensorFlowProto

/// Makes nodes and functions of a graph definition from unpacked messages.
struct NodeDecoder {
  let attributes: AttributeDecoder

  init(arena: UnpackArena, budget: ImportBudget) {
    attributes = AttributeDecoder(tensors: TensorProtoDecoder(arena: arena, budget: budget))
  }

  func node(_ message: UnsafeMutablePointer<Tensorflow__NodeDef>) throws -> NodeDefinition {
    let m = message.pointee
    var node = NodeDefinition(
      name: String(cString: m.name), op: String(cString: m.op), device: String(cString: m.device))
    node.inputs.reserveCapacity(m.n_input)
    for i in 0..<m.n_input {
      if let input = m.input[i] { node.inputs.append(String(cString: input)) }
    }
    for i in 0..<m.n_attr {
      guard let entry = m.attr[i], let value = entry.pointee.value else { continue }
      let key = String(cString: entry.pointee.key)
      do { node.attributes[key] = try attributes.value(value) } catch let error as BNormError {
        throw error.prefixed("\(node.op) \"\(node.name)\": attribute \(key)")
      }
    }
    return node
  }

  /// The function; nil if its signature has a dtype that bnorm does not know.
  func function(_ message: UnsafeMutablePointer<Tensorflow__FunctionDef>) throws
    -> FunctionDefinition?
  {
    guard let signature = message.pointee.signature else {
      throw BNormError.invalid("a function without a signature")
    }
    let name = String(cString: signature.pointee.name)
    do { return try function(name, message.pointee, signature.pointee) } catch let error
      as BNormError
    { throw error.prefixed("function \"\(name)\"") }
  }

  private func function(
    _ name: String, _ m: Tensorflow__FunctionDef, _ signature: Tensorflow__OpDef
  ) throws -> FunctionDefinition? {
    guard let inputs = arguments(signature.input_arg, signature.n_input_arg),
      let outputs = arguments(signature.output_arg, signature.n_output_arg)
    else { return nil }
    var out = FunctionDefinition(
      name: name, inputs: inputs, outputs: outputs, nodes: [], returns: [:],
      isStateful: signature.is_stateful != 0)
    for i in 0..<signature.n_attr {
      guard let attribute = signature.attr[i], let value = attribute.pointee.default_value else {
        continue
      }
      out.attributeDefaults[String(cString: attribute.pointee.name)] = try attributes.value(value)
    }
    for i in 0..<m.n_attr {
      guard let entry = m.attr[i], let value = entry.pointee.value else { continue }
      out.attributes[String(cString: entry.pointee.key)] = try attributes.value(value)
    }
    out.nodes.reserveCapacity(m.n_node_def)
    for i in 0..<m.n_node_def {
      if let node = m.node_def[i] { out.nodes.append(try self.node(node)) }
    }
    for i in 0..<m.n_ret {
      guard let entry = m.ret[i] else { continue }
      out.returns[String(cString: entry.pointee.key)] = String(cString: entry.pointee.value)
    }
    for i in 0..<m.n_control_ret {
      guard let entry = m.control_ret[i] else { continue }
      out.controlReturns.append(String(cString: entry.pointee.value))
    }
    out.controlReturns.sort()
    return out
  }

  private func arguments(
    _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tensorflow__OpDef__ArgDef>?>?, _ count: Int
  ) -> [FunctionDefinition.Argument]? {
    var out: [FunctionDefinition.Argument] = []
    for i in 0..<count {
      guard let m = list?[i]?.pointee else { continue }
      let number = Int(m.type.rawValue)
      let element: ArgumentType.Element
      if m.type_list_attr[0] != 0 {
        element = .list(String(cString: m.type_list_attr))
      } else if m.type_attr[0] != 0 {
        element = .attribute(String(cString: m.type_attr))
      } else if let dtype = AttributeValue.type(number).asDType {
        element = .fixed(dtype)
      } else {
        return nil
      }
      out.append(
        FunctionDefinition.Argument(
          name: String(cString: m.name),
          type: ArgumentType(
            element: element,
            number: m.number_attr[0] != 0 ? String(cString: m.number_attr) : nil,
            isReference: m.is_ref != 0 || number > 100)))
    }
    return out
  }
}
