import ArgumentParser
import BNorm

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a graph once and prints, saves or checks its outputs.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var feeds: FeedOptions
  @OptionGroup var outputs: OutputOptions

  func run() throws {
    let expectations = try outputs.expectations()
    let files = try outputs.files()
    let model = try model.load()
    var fetches = feeds.fetch
    for name in files.map(\.name) + expectations.map(\.name)
    where !fetches.contains(where: { OutputOptions.sameTensor($0, name) }) {
      fetches.append(name)
    }
    if fetches.isEmpty, feeds.target.isEmpty {
      fetches = model.defaultFetches
      guard !fetches.isEmpty else {
        throw BNormError.invalid("the graph has no outputs: name one with --fetch")
      }
    }
    let values = try model.makeSession().run(
      fetches.map(model.knownOutput), feeds: try feeds.feeds(model), targets: feeds.target)
    let results = Array(zip(fetches, values))
    try outputs.save(results, files)
    if try !outputs.check(results, expectations) { throw ExitCode(1) }
    if files.isEmpty, outputs.outputDir == nil, outputs.outputNpz == nil, expectations.isEmpty {
      for (name, tensor) in results { print(Report.summary(name, tensor)) }
    }
  }
}
