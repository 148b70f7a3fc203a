import ArgumentParser
import BNorm

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a training graph step by step and saves a checkpoint.",
    discussion: """
      Each array that is fed has one row for each example and is cut into batches; scalars and \
      what --whole feeds are the same in each step. The graph must hold its gradients and updates, \
      as a MetaGraph of a training program or a SavedModel's training function does. Without \
      --target, what the graph's collection train_op lists is run.

      Example: bnorm-run train model.meta --feed x=x.npy --feed y=y.npy \
      --feed is_training=true --fetch loss --steps 100 --batch 32 --save trained
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var feeds: FeedOptions

  @Option(
    help: ArgumentHelp(
      "Like --feed, but all of it in each step.", valueName: "NAME[:PORT]=VALUE"))
  var whole: [String] = []

  @Option(help: ArgumentHelp("Examples in each step; by default all.", valueName: "B"))
  var batch: Int?

  @Option(help: ArgumentHelp("Steps to run; by default one pass.", valueName: "N"))
  var steps: Int?

  @Option(help: ArgumentHelp("Passes over the examples, instead of --steps.", valueName: "N"))
  var epochs: Int?

  @Option(help: ArgumentHelp("Takes examples in another order in each pass.", valueName: "SEED"))
  var shuffle: UInt64?

  @Flag(help: "Leaves out the last examples of a pass when they do not fill a batch.")
  var dropRemainder = false

  @Option(
    help: ArgumentHelp(
      "A node to run before the first step, e.g. init when there is no checkpoint.",
      valueName: "NODE"))
  var initialize: [String] = []

  @Option(help: ArgumentHelp("Writes the variables after the last step.", valueName: "PREFIX"))
  var save: String?

  @Option(
    help: ArgumentHelp("Also writes PREFIX-STEP after each N steps.", valueName: "N"))
  var saveEvery: Int?

  @Option(
    help: ArgumentHelp(
      "Saves the fetched values of all steps as one array.", valueName: "NAME=FILE.npy"))
  var output: [String] = []

  @Option(help: ArgumentHelp("Prints each N-th step only.", valueName: "N"))
  var every: Int = 1

  @Flag(help: "Prints one JSON object a step.") var json = false

  func validate() throws {
    let counts: [(String, Int?)] = [
      ("--batch", batch), ("--steps", steps), ("--epochs", epochs), ("--every", every),
      ("--save-every", saveEvery),
    ]
    for (option, value) in counts {
      if let value, value < 1 { throw ValidationError("\(option) must be at least 1") }
    }
    if steps != nil, epochs != nil { throw ValidationError("--steps and --epochs exclude each other") }
    if saveEvery != nil, save == nil { throw ValidationError("--save-every needs --save") }
    if dropRemainder, batch == nil { throw ValidationError("--drop-remainder needs --batch") }
  }

  func run() throws {
    let files = try output.map { try NamedFile($0, option: "--output") }
    if let save { try Training.checkFolder(of: save) }
    let model = try model.load()
    var fetches = feeds.fetch
    for file in files where !fetches.contains(where: { OutputOptions.sameTensor($0, file.name) }) {
      fetches.append(file.name)
    }
    var targets = feeds.target
    if targets.isEmpty { targets = model.collections["train_op"] ?? [] }
    if targets.isEmpty, fetches.isEmpty, model.signature != nil { fetches = model.defaultFetches }
    guard !targets.isEmpty || !fetches.isEmpty else {
      throw BNormError.invalid(
        "the graph names no training op: name the node to run with --target")
    }
    let inputs = try inputs(model)
    var batches = try Batches(
      inputs, size: batch, dropsRemainder: dropRemainder, shuffleSeed: shuffle)
    let (count, overflow) = batches.batchesPerPass.multipliedReportingOverflow(by: epochs ?? 1)
    guard !overflow else { throw ValidationError("--epochs \(epochs ?? 1) is too large") }
    let training = try Training(
      model, fetches: fetches, feeds: inputs.map(\.name), targets: targets, initialize: initialize)
    var log = TrainingLog(fetches, keeps: files.map(\.name))
    for step in 1...(steps ?? count) {
      let values = try training.step(batches.next())
      try log.add(step, values)
      if step % every == 0 { print(json ? log.json(step, values) : log.line(step, values)) }
      if let save, let saveEvery, step % saveEvery == 0 {
        try model.save(training.session, to: "\(save)-\(step)")
      }
    }
    if let save { try model.save(training.session, to: save) }
    for file in files { try Npy.write(try log.array(file.name), file.path) }
  }

  private func inputs(_ model: Model) throws -> [Batches.Feed] {
    let cut = try feeds.feeds(model).map { Batches.Feed(name: $0.name, value: $0.value) }
    return try cut + whole.flatMap { text in
      try FeedArgument.parse(text, model: model).map {
        Batches.Feed(name: try model.knownInput($0.name), value: $0.value, isWhole: true)
      }
    }
  }
}
