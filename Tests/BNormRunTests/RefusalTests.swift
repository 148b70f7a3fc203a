import BNorm
import BNormTestSupport
import Foundation
import Testing

/// What a graph or a command line may ask for, and how it is refused: an exit code, a message, and
/// never a signal.
@Suite struct RefusalTests {
  private struct Case {
    var graph: String
    var arguments: [String] = []
    var status: Int32 = 2
    var message: String
  }

  private static let x = """
    node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }

    """

  private static func vector(_ name: String, _ values: [Int]) -> String {
    let list = values.map { "int64_val: \($0)" }.joined(separator: " ")
    return """
      node { name: "\(name)" op: "Const" attr { key: "dtype" value { type: DT_INT64 } } \
      attr { key: "value" value { tensor { dtype: DT_INT64 tensor_shape { \
      dim { size: \(values.count) } } \(list) } } } }

      """
  }

  private static func size(_ value: Int) -> String {
    """
    node { name: "size" op: "Const" attr { key: "dtype" value { type: DT_INT32 } } \
    attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { } int_val: \(value) } } } }

    """
  }

  private static func call(_ name: String, _ input: String, _ function: String) -> String {
    """
    { name: "\(name)" op: "PartitionedCall" input: "\(input)" \
    attr { key: "Tin" value { list { type: DT_FLOAT } } } \
    attr { key: "Tout" value { list { type: DT_FLOAT } } } \
    attr { key: "f" value { func { name: "\(function)" } } } }

    """
  }

  private static func function(_ name: String, _ node: String, _ result: String) -> String {
    """
    library { function { signature { name: "\(name)" input_arg { name: "a" type: DT_FLOAT } \
    output_arg { name: "o" type: DT_FLOAT } } node_def \(node) ret { key: "o" value: "\(result)" } } }

    """
  }

  private static let negation =
    "{ name: \"q\" op: \"Neg\" input: \"a\" attr { key: \"T\" value { type: DT_FLOAT } } }"

  private static func calling(_ node: String, _ result: String) -> String {
    x + "node " + call("y", "x", "f") + function("f", node, result)
  }

  private static func random(_ dimensions: [Int]) -> String {
    vector("d", dimensions) + """
      node { name: "y" op: "RandomUniform" input: "d" attr { key: "T" value { type: DT_INT64 } } \
      attr { key: "dtype" value { type: DT_FLOAT } } }
      """
  }

  private static let cases: [String: Case] = [
    "an unknown op at the end": Case(
      graph: x + "node { name: \"y\" op: \"NoSuchOp\" input: \"x\" }", arguments: ["--feed", "x=1"],
      status: 3, message: "unsupported: the graph needs ops that bnorm lacks: NoSuchOp"),
    "an unknown op that is fed": Case(
      graph: x + "node { name: \"y\" op: \"NoSuchOp\" input: \"x\" }", arguments: ["--feed", "y=1"],
      status: 3, message: "unsupported: NoSuchOp \"y\""),
    "an unknown op in a function": Case(
      graph: calling("{ name: \"q\" op: \"NoSuchOp\" input: \"a\" }", "q:out:0"),
      arguments: ["--feed", "x=1"], status: 3, message: "lacks: NoSuchOp (node \"q\")"),
    "a function without end": Case(
      graph: calling(call("q", "a", "f"), "q:output:0"), arguments: ["--feed", "x=1"],
      message: "functions call each other more than"),
    "a result with a huge port": Case(
      graph: calling(negation, "q:y:99999999999"), arguments: ["--feed", "x=1"],
      message: "output \"o\" is \"q:y:99999999999\""),
    "samples beyond the memory": Case(
      graph: random([1 << 40]), message: "RandomUniform \"y\": 2097152 MiB of memory are needed"),
    "samples of a negative shape": Case(
      graph: random([-3, 2]), message: "shape [-3,2] has a negative dimension"),
    "a TensorArray beyond the memory": Case(
      graph: size(.init(Int32.max)) + """
        node { name: "y" op: "TensorArrayV3" input: "size" \
        attr { key: "dtype" value { type: DT_FLOAT } } }
        """, message: "TensorArrayV3 \"y\""),
    "a node without a name": Case(
      graph: "node { name: \"\" op: \"NoOp\" }", message: "node 0, a NoOp, has no name"),
    "a control input as a fetch": Case(
      graph: x, arguments: ["--feed", "x=1", "--fetch", "^x"], message: "is a control input"),
    "a control input as a feed": Case(
      graph: x, arguments: ["--feed", "^x=1", "--fetch", "x"], message: "is a control input"),
    "a feed beyond the memory": Case(
      graph: x, arguments: ["--feed", "x=zeros:1000000000,28,28,1", "--fetch", "x"],
      message: "feed \"x\": a tensor of dtype float and shape [1000000000,28,28,1] does not fit"),
    "a fraction for an integer": Case(
      graph: x.replacingOccurrences(of: "DT_FLOAT", with: "DT_INT8"),
      arguments: ["--feed", "x=1000", "--fetch", "x"],
      message: "feed \"x\": a tensor of dtype int64 does not convert to int8 without changing "
        + "values: element 0 is 1000"),
    "a checkpoint that is not there": Case(
      graph: x, arguments: ["--feed", "x=1", "--checkpoint", "missing/model"],
      message: "missing/model.index"),
  ]

  @Test(arguments: cases.keys.sorted()) func isRefused(_ name: String) throws {
    let refused = Self.cases[name]!
    try Self.withFile(refused.graph) { file in
      let result = try Command([file] + refused.arguments)
      #expect(result.status == refused.status, "\(result.errors)")
      #expect(result.errors.contains(refused.message), "\(result.errors)")
      #expect(result.errors.utf8.count < 3000)
    }
  }

  @Test func namesOfTheSignatureAreSuggested() throws {
    let model = FixtureCatalog.root + "/saved_models/module_composite/model"
    for arguments in [["--feed", "rr=1"], ["--feed", "r=1", "--fetch", "dens"]] {
      let result = try Command([model] + arguments)
      #expect(result.status == 2)
      let meant = arguments.count == 2 ? "r" : "dense"
      #expect(result.errors.contains("did you mean \"\(meant)\"?"), "\(result.errors)")
    }
  }

  @Test func deepGraphsRun() throws {
    let functions = (0..<500).map {
      Self.function("f\($0)", Self.call("q", "a", "f\($0 + 1)"), "q:output:0")
    }
    let calls =
      Self.x + "node " + Self.call("y", "x", "f0") + functions.joined()
      + Self.function("f500", Self.negation, "q:y:0")
    let identities = (0..<20_000).map { i in
      "node { name: \"n\(i)\" op: \"Identity\" input: \"\(i == 0 ? "x" : "n\(i - 1)")\" "
        + "attr { key: \"T\" value { type: DT_FLOAT } } }\n"
    }
    for graph in [calls, Self.x + identities.joined()] {
      try Self.withFile(graph) { file in
        let result = try Command([file, "--feed", "x=1"])
        #expect(result.status == 0, "\(result.errors)")
      }
    }
  }

  private static func withFile(_ text: String, _ body: (String) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent(UUID().uuidString + ".pbtxt")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(text.utf8).write(to: file)
    try body(file.path)
  }
}
