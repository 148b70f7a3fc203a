import ArgumentParser
import BNorm

struct Freeze: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a graph whose variables are constants, for outputs of a model.")

  @OptionGroup var model: ModelOptions

  @Option(
    help: ArgumentHelp(
      "A tensor to keep; by default the signature's outputs.", valueName: "NAME[:PORT]"))
  var fetch: [String] = []

  @Option(
    help: ArgumentHelp(
      "A value that takes the place of an input, e.g. is_training=false. VALUE is as in run; "
        + "branches that it decides are left out.", valueName: "NAME[:PORT]=VALUE"))
  var feed: [String] = []

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "FILE.pb"))
  var output: String

  func run() throws {
    let model = try model.load()
    let frozen = try model.frozen(
      outputs: fetch.isEmpty ? model.defaultFetches : fetch,
      fixed: try feed.flatMap { try FeedArgument.parse($0, model: model) })
    try GraphDefWriter.write(frozen, output)
  }
}
