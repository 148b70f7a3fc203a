import BNormCheckpoint
import BNormCore
import BNormTensor

/// A graph with its signatures and the steps that give its variables and tables their values.
public struct LoadedModel: Sendable {
  /// One run of a session, for its effect.
  public struct InitializationStep: Sendable {
    public var feeds: [String: Tensor]
    public var targets: [String]
    /// A failure is none of the file's: what was not initialised says so when it is used.
    public var isOptional: Bool

    public init(feeds: [String: Tensor] = [:], targets: [String], isOptional: Bool = false) {
      self.feeds = feeds
      self.targets = targets
      self.isOptional = isOptional
    }
  }

  public var graph: GraphDefinition
  public var signatures: [String: MetaGraph.Signature]
  /// To be run in this order, once, before anything else.
  public var initialization: [InitializationStep]
  public var metaGraph: MetaGraph
}

extension ModelFile {
  /// Reads a graph and says how its variables get their values.
  ///
  /// - Parameters:
  ///   - path: A `GraphDef`, a `.meta` file, or the folder of a SavedModel.
  ///   - tags: Which of a SavedModel's graphs is meant; by default `serve`, or the only one.
  ///   - checkpoint: The prefix of a checkpoint's files; nil for the one that belongs to `path`.
  public static func load(
    _ path: String, tags: Set<String>? = nil, checkpoint: String? = nil
  ) throws -> LoadedModel {
    var meta = try readMetaGraph(path, tags: tags)
    let folder = isFolder(path) ? path : parent(path)
    var assetFeeds: [String: Tensor] = [:]
    for asset in meta.assets {
      let file = ByteString("\(folder)/assets/\(asset.filename)")
      assetFeeds[asset.tensor] = Tensor(strings: [file], shape: .scalar)
    }
    var steps: [LoadedModel.InitializationStep] = []
    // Opened only to say what is wrong with it.
    if let checkpoint, !CheckpointReader.exists(checkpoint) { _ = try CheckpointReader(checkpoint) }
    if let prefix = try checkpoint ?? ownCheckpoint(path, folder) {
      if let saver = meta.saver, !saver.restoreOp.isEmpty {
        var feeds = assetFeeds
        feeds[saver.filenameTensor] = Tensor(strings: [ByteString(prefix)], shape: .scalar)
        let restore = node(saver.restoreOp)
        steps.append(.init(feeds: feeds, targets: [restore]))
        if let more = try VariableRestorer.add(to: &meta.graph, from: prefix, besides: restore) {
          steps.append(.init(targets: [more], isOptional: true))
        }
      } else if let target = try VariableRestorer.add(to: &meta.graph, from: prefix) {
        steps.append(.init(targets: [target]))
      } else if checkpoint != nil {
        throw BNormError.invalid("\(path) has no variables that checkpoint \(prefix) could fill")
      }
    }
    if let initializer = meta.initializer {
      steps.append(.init(feeds: assetFeeds, targets: [node(initializer)]))
    } else {
      // A MetaGraph lists what fills its tables and starts its iterators.
      for name in meta.collections["table_initializer"] ?? [] {
        steps.append(.init(targets: [node(name)], isOptional: true))
      }
    }
    return LoadedModel(
      graph: meta.graph, signatures: meta.callableSignatures, initialization: steps,
      metaGraph: meta)
  }

  /// The checkpoint that lies where `path` would have its own, if there is one.
  private static func ownCheckpoint(_ path: String, _ folder: String) throws -> String? {
    var prefix = "\(folder)/variables/variables"
    if path.hasSuffix(".meta") { prefix = String(path.dropLast(5)) }
    return CheckpointReader.exists(prefix) ? prefix : nil
  }

  private static func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The node of a tensor's name.
  private static func node(_ name: String) -> String {
    var name = name[...]
    if name.hasPrefix("^") { name = name.dropFirst() }
    return String(name.prefix { $0 != ":" })
  }
}
