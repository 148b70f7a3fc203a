import BNorm
import Glibc

/// The per-op table and the trace of `profile`.
enum ProfileReport {
  private struct Row {
    var name = ""
    var op = ""
    var kernel = ""
    var shape = ""
    var microseconds = 0.0
    var operations = 0
    var bytes = 0
  }

  static func table(_ profiles: [Profile], rows limit: Int) -> String {
    var rows: [Row] = []
    for (k, entry) in (profiles.first?.entries ?? []).enumerated() {
      let times = profiles.compactMap { k < $0.entries.count ? Double($0.entries[k].duration) : nil }
      rows.append(
        Row(
          name: entry.name, op: entry.op, kernel: entry.kernel,
          shape: entry.outputShapes.first.map { "\($0)" } ?? "",
          microseconds: (times.min() ?? 0) / 1e3,
          operations: entry.floatingPointOperations, bytes: entry.bytes))
    }
    let total = rows.reduce(0) { $0 + $1.microseconds }
    var byOp: [String: (count: Int, time: Double)] = [:]
    for row in rows {
      byOp[row.op, default: (0, 0)].count += 1
      byOp[row.op]!.time += row.microseconds
    }
    rows.sort { $0.microseconds > $1.microseconds }
    var lines = [
      columns("us", "share", "GFLOPS", "GB/s") + "  op  kernel  output  node"
    ]
    for row in rows.prefix(limit) {
      let gflops = row.operations > 0 ? Report.fixed(Double(row.operations) / row.microseconds / 1e3, 1) : ""
      lines.append(
        columns(
          Report.fixed(row.microseconds, 1), share(row.microseconds, total), gflops,
          Report.fixed(Double(row.bytes) / row.microseconds / 1e3, 1))
          + "  \(row.op)  \(row.kernel.isEmpty ? "-" : row.kernel)  \(row.shape)  \(row.name)")
    }
    lines.append("")
    lines.append(columns("us", "share", "steps", "") + "  op")
    for (op, use) in byOp.sorted(by: { $0.value.time > $1.value.time }) {
      lines.append(
        columns(Report.fixed(use.time, 1), share(use.time, total), String(use.count), "") + "  \(op)")
    }
    lines.append(columns(Report.fixed(total, 1), "", String(rows.count), "") + "  all")
    return lines.joined(separator: "\n")
  }

  private static func share(_ part: Double, _ total: Double) -> String {
    Report.fixed(total > 0 ? part / total * 100 : 0, 1) + "%"
  }

  private static func columns(_ cells: String...) -> String {
    cells.map { String(repeating: " ", count: max(0, 9 - $0.count)) + $0 }.joined(separator: " ")
  }

  static func writeTrace(_ profile: Profile, path: String) throws {
    let events = profile.entries.map { entry -> Json in
      .object([
        ("name", .string(entry.op)), ("cat", .string("op")), ("ph", .string("X")), ("pid", .int(1)),
        ("tid", .int(1)), ("ts", .number(Double(entry.start) / 1e3)),
        ("dur", .number(Double(entry.duration) / 1e3)),
        (
          "args",
          .object([
            ("node", .string(entry.name)), ("kernel", .string(entry.kernel)),
            ("shapes", .string(entry.outputShapes.map(\.description).joined(separator: " "))),
          ])
        ),
      ])
    }
    guard let file = fopen(path, "w") else {
      throw BNormError.invalid("cannot write \(path): \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    fputs("{\"traceEvents\": \(Json.array(events))}\n", file)
  }
}
