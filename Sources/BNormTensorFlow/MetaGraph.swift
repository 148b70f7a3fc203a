import BNormCore
import BNormTensor

/// A graph with what a file says about how to use it.
public struct MetaGraph: Sendable {
  /// How a tensor of the graph appears in a signature.
  public struct SignatureTensor: Sendable {
    /// `node:port`.
    public var name: String
    /// nil for a dtype that bnorm does not know.
    public var dtype: DType?
    public var shape: PartialShape

    public init(name: String, dtype: DType?, shape: PartialShape) {
      self.name = name
      self.dtype = dtype
      self.shape = shape
    }
  }

  /// Named inputs and outputs of a graph.
  public struct Signature: Sendable {
    public var inputs: [String: SignatureTensor]
    public var outputs: [String: SignatureTensor]
    public var methodName: String
    /// Values of inputs that need not be fed.
    public var defaults: [String: Tensor]

    public init(
      inputs: [String: SignatureTensor] = [:], outputs: [String: SignatureTensor] = [:],
      methodName: String = "", defaults: [String: Tensor] = [:]
    ) {
      self.inputs = inputs
      self.outputs = outputs
      self.methodName = methodName
      self.defaults = defaults
    }
  }

  /// Which nodes save and restore the graph's variables.
  public struct Saver: Sendable {
    /// The tensor that the file's name is fed to.
    public var filenameTensor: String
    public var saveTensor: String
    public var restoreOp: String
  }

  /// A file whose name is fed to a tensor while the graph is initialised.
  public struct Asset: Sendable {
    public var tensor: String
    public var filename: String
  }

  public var graph = GraphDefinition()
  public var tags: [String] = []
  /// The version of TensorFlow that made the file.
  public var tensorFlowVersion = ""
  public var signatures: [String: Signature] = [:]
  public var saver: Saver?
  public var assets: [Asset] = []
  /// Collections of node or tensor names, e.g. `train_op`.
  public var collections: [String: [String]] = [:]

  public init() {}

  /// The signatures that a user calls, without those that name initialisers.
  public var callableSignatures: [String: Signature] {
    signatures.filter { !$0.key.hasPrefix("__saved_model_") }
  }

  /// The node that initialises tables and the like after the variables are restored.
  public var initializer: String? {
    let key = "__saved_model_init_op"
    return signatures[key]?.outputs[key]?.name ?? collections["saved_model_main_op"]?.first
      ?? collections["legacy_init_op"]?.first
  }
}
