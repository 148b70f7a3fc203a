import ArgumentParser
import BNorm
import Glibc

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Times runs of a graph.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var feeds: FeedOptions
  @Option(help: "How long to measure.") var seconds: Double = 3
  @Flag(help: "Print one JSON object.") var json = false

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
      fetches.map(model.outputTensor), feeds: inputs.map(\.name), targets: feeds.target)
    let values = inputs.map(\.value)
    let first = Profile.now()
    _ = try session.run(call, values)
    let warm = Profile.now()
    _ = try session.run(call, values)
    var times: [UInt64] = []
    let end = Profile.now() + UInt64(seconds * 1e9)
    while times.count < 5 || (Profile.now() < end && times.count < 1_000_000) {
      let start = Profile.now()
      _ = try session.run(call, values)
      times.append(Profile.now() - start)
    }
    times.sort()
    let median = Double(times[times.count / 2]) / 1e6
    let minimum = Double(times[0]) / 1e6
    let load = Double(loaded - begin) / 1e6
    let firstRun = Double(warm - first) / 1e6
    let peak = Memory.peakMiB
    if json {
      print(
        Json.object([
          ("median_ms", .number(median)), ("min_ms", .number(minimum)), ("runs", .int(times.count)),
          ("load_ms", .number(load)), ("first_run_ms", .number(firstRun)),
          ("peak_rss_mib", .number(peak)), ("threads", .int(Threads.count)),
        ]))
    } else {
      print(
        "median \(Report.fixed(median, 3)) ms  min \(Report.fixed(minimum, 3)) ms  "
          + "runs \(times.count)  load \(Report.fixed(load, 1)) ms  "
          + "first run \(Report.fixed(firstRun, 1)) ms  peak \(Report.fixed(peak, 1)) MiB  "
          + "threads \(Threads.count)")
    }
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
