import ArgumentParser
import BNorm

extension Rounding: EnumerableFlag {}

/// Which graph to run, and with how many threads.
struct ModelOptions: ParsableArguments {
  @Argument(help: "A frozen graph (.pb, .pbtxt), a MetaGraph (.meta) or a SavedModel's folder.")
  var graph: String

  @Option(help: ArgumentHelp("The prefix of a checkpoint's files.", valueName: "PREFIX"))
  var checkpoint: String?

  @Option(help: "A tag of the SavedModel's graph to run; \(ModelFile.servingTag) by default.")
  var tag: [String] = []

  @Option(help: "The signature whose inputs and outputs are meant.")
  var signature: String?

  @Option(help: "Threads that work on one run; all cores by default.")
  var threads: Int?

  @Flag(
    exclusivity: .exclusive,
    help: ArgumentHelp(
      "How closely convolutions follow TensorFlow's additions: in the same order, about as close "
        + "as another order, or as fast as possible."))
  var rounding = Rounding.close

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1") }
  }

  func load() throws -> Model {
    if let threads { Threads.count = threads }
    Rounding.current = rounding
    return try Model(
      path: graph, tags: tag.isEmpty ? nil : Set(tag), signature: signature,
      checkpoint: checkpoint)
  }
}

/// What to feed, fetch and run.
struct FeedOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A value for a tensor. VALUE is a .npy file, a .npz file, zeros:SHAPE, ones:SHAPE, "
        + "random:SHAPE or a literal such as false or 0.5. FILE.npz alone feeds each of its arrays "
        + "by name.", valueName: "NAME[:PORT]=VALUE"))
  var feed: [String] = []

  @Option(
    help: ArgumentHelp(
      "A tensor to fetch; by default the graph's outputs.", valueName: "NAME[:PORT]"))
  var fetch: [String] = []

  @Option(help: ArgumentHelp("A node to run for its effect.", valueName: "NODE"))
  var target: [String] = []

  func feeds(_ model: Model) throws -> [(name: String, value: Tensor)] {
    var feeds = try feed.flatMap { try FeedArgument.parse($0, model: model) }
    for (name, value) in model.signature?.defaults ?? [:]
    where !feeds.contains(where: { $0.name == name }) {
      feeds.append((name, value))
    }
    return try feeds.map { (try model.knownInput($0.name), $0.value) }
  }
}

/// The `NAME=FILE` of an option.
struct NamedFile {
  let name: String
  let path: String

  init(_ text: String, option: String) throws {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw ValidationError("\(option) takes NAME=FILE, got \"\(text)\"")
    }
    name = String(text[..<equals])
    path = String(text[text.index(after: equals)...])
  }
}
