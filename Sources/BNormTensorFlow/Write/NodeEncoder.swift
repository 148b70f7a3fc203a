import BNormCore
import BNormProto
import BNormTensor

/// Writes `NodeDef` messages.
enum NodeEncoder {
  static func encode(_ node: NodeDefinition, _ writer: inout WireWriter) throws {
    writer.string(1, node.name)
    writer.string(2, node.op)
    for input in node.inputs { writer.string(3, input) }
    if !node.device.isEmpty { writer.string(4, node.device) }
    do { try AttributeEncoder.encode(node.attributes, field: 5, &writer) } catch let error
      as BNormError
    { throw error.prefixed("\(node.op) \"\(node.name)\"") }
  }
}
