import ArgumentParser
import BNorm
import Glibc

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Times runs of a graph.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var feeds: FeedOptions
  @Option(help: "How long to measure.") var seconds: Double = 3
  @Flag(help: "Print one JSON object.") var json = false
  @Flag(
    help: ArgumentHelp(
      "Measure on demand: a number of seconds on each line of standard input, one JSON object on "
        + "standard output for it. Lets a tool take turns between engines."))
  var slices = false

  func validate() throws {
    guard seconds > 0, seconds <= 86_400 else {
      throw ValidationError("--seconds must be between 0 and 86400")
    }
  }

  func run() throws {
    let begin = Profile.now()
    let model = try model.load()
    let loaded = Profile.now()
    let fetches = feeds.fetch.isEmpty && feeds.target.isEmpty ? model.defaultFetches : feeds.fetch
    let inputs = try feeds.feeds(model)
    let session = try model.makeSession()
    let call = try session.prepare(
      fetches.map(model.knownOutput), feeds: inputs.map(\.name), targets: feeds.target)
    let values = inputs.map(\.value)
    let first = Profile.now()
    _ = try session.run(call, values)
    let warm = Profile.now()
    _ = try session.run(call, values)
    let load = Double(loaded - begin) / 1e6
    let firstRun = Double(warm - first) / 1e6
    let measure = { (seconds: Double) in
      var times: [UInt64] = []
      let end = Profile.now() + UInt64(seconds * 1e9)
      while times.count < (slices ? 1 : 5) || (Profile.now() < end && times.count < 1_000_000) {
        let start = Profile.now()
        _ = try session.run(call, values)
        times.append(Profile.now() - start)
      }
      return Timing(times)
    }
    guard !slices else {
      print(Json.object([("load_ms", .number(load)), ("first_run_ms", .number(firstRun))]))
      fflush(nil)
      while let line = readLine() {
        guard let seconds = Double(line), seconds >= 0, seconds <= 86_400 else {
          throw ValidationError("--slices reads seconds between 0 and 86400, got \"\(line)\"")
        }
        _ = try session.run(call, values)
        print(Json.object(try measure(seconds).members))
        fflush(nil)
      }
      return
    }
    let timing = try measure(seconds)
    let peak = Memory.peakMiB
    if json {
      print(
        Json.object(
          timing.members + [
            ("load_ms", .number(load)), ("first_run_ms", .number(firstRun)),
            ("threads", .int(Threads.count)),
          ]))
    } else {
      print(
        "median \(Report.fixed(timing.median, 3)) ms  min \(Report.fixed(timing.minimum, 3)) ms  "
          + "runs \(timing.runs)  load \(Report.fixed(load, 1)) ms  "
          + "first run \(Report.fixed(firstRun, 1)) ms  peak \(Report.fixed(peak, 1)) MiB  "
          + "threads \(Threads.count)")
    }
  }
}

/// What a series of runs took, in milliseconds.
private struct Timing {
  let median: Double
  let minimum: Double
  let runs: Int

  init(_ nanoseconds: [UInt64]) {
    let sorted = nanoseconds.sorted()
    runs = sorted.count
    median = Double(sorted[runs / 2]) / 1e6
    minimum = Double(sorted[0]) / 1e6
  }

  var members: [(String, Json)] {
    [
      ("median_ms", .number(median)), ("min_ms", .number(minimum)), ("runs", .int(runs)),
      ("peak_rss_mib", .number(Memory.peakMiB)),
    ]
  }
}

enum Memory {
  /// The largest resident set of the process so far, in MiB.
  static var peakMiB: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
  }
}
