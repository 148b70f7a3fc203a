import ArgumentParser
import BNorm

struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Shows what each step of a run takes.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var feeds: FeedOptions
  @Option(help: "Runs; of each step the shortest counts.") var runs: Int = 10
  @Option(help: "Rows to print.") var rows: Int = 40
  @Option(help: ArgumentHelp("Writes a trace for chrome://tracing.", valueName: "FILE.json"))
  var trace: String?

  func validate() throws {
    guard runs >= 1, rows >= 0 else { throw ValidationError("--runs must be at least 1") }
  }

  func run() throws {
    let model = try model.load()
    let fetches = feeds.fetch.isEmpty && feeds.target.isEmpty ? model.defaultFetches : feeds.fetch
    let inputs = try feeds.feeds(model)
    let session = try model.makeSession()
    let call = try session.prepare(
      fetches.map(model.knownOutput), feeds: inputs.map(\.name), targets: feeds.target)
    for _ in 0..<2 { _ = try session.run(call, inputs.map(\.value)) }
    var profiles: [Profile] = []
    for _ in 0..<runs {
      let profile = Profile()
      _ = try session.run(call, inputs.map(\.value), profile: profile)
      profiles.append(profile)
    }
    print(ProfileReport.table(profiles, rows: rows))
    if let trace { try ProfileReport.writeTrace(profiles[profiles.count - 1], path: trace) }
  }
}
