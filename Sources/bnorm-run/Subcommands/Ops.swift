import ArgumentParser
import BNorm

struct Ops: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists the ops that bnorm runs, with their dtypes.")

  @Flag(help: "Print a JSON array.") var json = false

  func run() {
    if json {
      let items = SupportedOp.all.map { op -> Json in
        .object([
          ("name", .string(op.name)),
          ("dtypes", .array(union(op).map { .string($0.name) })),
          (
            "attributes",
            .object(op.dtypes.map { ($0.attribute, .array($0.dtypes.map { .string($0.name) })) })
          ),
          ("stateful", .bool(op.isStateful)),
        ])
      }
      print("[" + items.map(\.description).joined(separator: ",\n ") + "]")
      return
    }
    for op in SupportedOp.all {
      let types = op.dtypes.map { "\($0.attribute): " + $0.dtypes.map(\.name).joined(separator: ",") }
      print(([op.name] + types).joined(separator: "  "))
    }
    print("\(SupportedOp.all.count) ops")
  }

  private func union(_ op: SupportedOp) -> [DType] {
    let all = Set(op.dtypes.flatMap(\.dtypes))
    return DType.allCases.filter(all.contains)
  }
}
