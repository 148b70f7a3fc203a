import BNormCore
import BNormTensor

extension Model {
  /// The graph with its variables as constants, cut down to what `outputs` need.
  ///
  /// Names of the signature are kept: its inputs become the placeholders' names, its outputs those
  /// of Identity nodes.
  ///
  /// - Parameter session: Where the variables have their values; by default a fresh one.
  public func frozen(outputs: [String], session: Session? = nil) throws -> GraphDefinition {
    guard !outputs.isEmpty else {
      throw BNormError.invalid("the graph has no outputs: name one to keep")
    }
    let session = try session ?? makeSession()
    var inputs: [String: String] = [:]
    for (name, tensor) in signature?.inputs ?? [:] { inputs[tensor.name] = name }
    return try GraphFreezer.freeze(
      graph, outputs: outputs.map { .init(name: $0, tensor: outputTensor($0)) }, inputs: inputs,
      state: session.state)
  }
}
