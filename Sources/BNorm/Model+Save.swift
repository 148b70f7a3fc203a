import BNormCheckpoint
import BNormCore
import BNormTensor

extension Model {
  /// Writes the session's variables as a checkpoint that TensorFlow restores.
  ///
  /// The graph's own saver is used where the file has one, so that names and slices are those that
  /// it restores; else variables are stored by their names.
  public func save(_ session: Session, to prefix: String) throws {
    if let saver, !saver.saveTensor.isEmpty, !saver.filenameTensor.isEmpty {
      _ = try session.run(
        [saver.saveTensor],
        feeds: [(saver.filenameTensor, Tensor(strings: [ByteString(prefix)], shape: .scalar))])
      return
    }
    let variables = session.state.all(of: Variable.self).map(\.object)
      .filter { $0.isInitialized && !$0.name.isEmpty }
      .sorted { $0.name < $1.name }
    guard !variables.isEmpty else { throw BNormError.invalid("there are no variables to save") }
    let writer = try BundleWriter(prefix)
    for variable in variables { try writer.add(variable.name, try variable.read()) }
    try writer.finish()
  }
}
