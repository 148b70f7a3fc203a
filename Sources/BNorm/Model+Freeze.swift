import BNormCore
import BNormTensor

extension Model {
  /// The graph with its variables as constants, cut down to what `outputs` need.
  ///
  /// Names of the signature are kept: its inputs become the placeholders' names, its outputs those
  /// of Identity nodes.
  ///
  /// - Parameters:
  ///   - fixed: Values that take the place of inputs, e.g. false for `is_training`; branches that
  ///     they decide are left out.
  ///   - session: Where the variables have their values; by default a fresh one.
  public func frozen(
    outputs: [String], fixed: [(name: String, value: Tensor)] = [], session: Session? = nil
  ) throws -> GraphDefinition {
    guard !outputs.isEmpty else {
      throw BNormError.invalid("the graph has no outputs: name one to keep")
    }
    let session = try session ?? makeSession()
    var inputs: [String: String] = [:]
    for (name, tensor) in signature?.inputs ?? [:] { inputs[tensor.name] = name }
    return try GraphFreezer.freeze(
      graph, outputs: outputs.map { .init(name: $0, tensor: outputTensor($0)) }, inputs: inputs,
      fixed: fixed.map { (inputTensor($0.name), $0.value) }, state: session.state)
  }
}
