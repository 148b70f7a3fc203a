import ArgumentParser
import BNorm

struct BNormRun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bnorm-run",
    abstract: "Runs TensorFlow graphs without TensorFlow.",
    discussion: """
      `bnorm-run GRAPH` is `bnorm-run run GRAPH`.
      Exit codes: 0 fine, 1 outputs differ, 2 the input is wrong, 3 an op is unsupported.
      """,
    subcommands: [
      Run.self, Inspect.self, Ops.self, Bench.self, ProfileCommand.self, Compare.self, Freeze.self,
      Train.self,
    ],
    defaultSubcommand: Run.self)
}

@main
enum Main {
  static func main() {
    do {
      var command = try BNormRun.parseAsRoot()
      try command.run()
    } catch let error as BNormError {
      Report.error(error.message)
      Exit.now(error.code == .unsupported ? 3 : 2)
    } catch {
      let code = BNormRun.exitCode(for: error)
      guard code == .validationFailure else { BNormRun.exit(withError: error) }
      Report.error(BNormRun.fullMessage(for: error).trimmingPrefix("Error: "))
      Exit.now(2)
    }
  }
}
