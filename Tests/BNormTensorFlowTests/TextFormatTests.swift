import BNormCore
import BNormTensor
import BNormTensorFlow
import Testing

struct TextFormatTests {
  private func graph(_ text: String) throws -> GraphDefinition {
    try Array(text.utf8).withUnsafeBytes { try ModelFile.decode($0).graph }
  }

  @Test func everyForm() throws {
    let graph = try graph(
      """
      # a comment
      node: < name: 'a' op: "Con" "st"  # joined
        attr { key: "f" value { f: -1.5e3f } };
        attr { key: "inf" value { f: -inf } },
        attr { key: "nan" value { f: nan } }
        attr { key: "i" value { i: -0x10 } }
        attr { key: "o" value { i: 017 } }
        attr { key: "b" value { b: True } }
        attr { key: "t" value { type: DT_FLOAT_REF } }
        attr { key: "n" value { type: 9 } }
        attr { key: "s" value { s: "\\n\\t\\"\\x41\\101\\000\\u00e9" } }
        attr { key: "l" value { list { i: [1, 2, 3] i: 4 } } }
        attr { key: "e" value { list { s: [] } } }
        attr { key: "shape" value { shape { dim { size: -1 } dim { size: 3 name: "w" } } } }
        attr { key: "u" value { shape { unknown_rank: true } } }
        future_field { x: [1, 2] y: "z" [a.b/c]: <> }
      >
      versions { producer: 27 }
      """)
    let a = graph.nodes[0].attributes
    #expect(graph.nodes[0].op == "Const")
    #expect(graph.producer == 27)
    #expect(a["f"]?.asFloat == -1500)
    #expect(a["inf"]?.asFloat == -.infinity)
    #expect(a["nan"]?.asFloat?.isNaN == true)
    #expect(a["i"]?.asInt == -16)
    #expect(a["o"]?.asInt == 15)
    #expect(a["b"]?.asBool == true)
    #expect(a["t"]?.asDType == .float)
    #expect(a["n"]?.asDType == .int64)
    #expect(a["s"]?.asBytes?.bytes == [10, 9, 34, 65, 65, 0, 0xc3, 0xa9])
    #expect(a["shape"]?.asShape?.dimensions == [-1, 3])
    #expect(a["u"]?.asShape?.dimensions == nil)
    guard case .list(let items) = a["l"], case .list(let none) = a["e"] else {
      Issue.record("lists")
      return
    }
    #expect(items.compactMap(\.asInt) == [1, 2, 3, 4])
    #expect(none.isEmpty)
  }

  @Test(arguments: [
    "node { name: \"a }", "node { name: 3 }", "node { name: \"a\" ", "nodes { }", "node 3",
    "node: 3", "node >", "node { name: \"\\q\" }", "node { name: \"\\u12\" }", "node { name { } }",
    "node { input: [\"a\" \"b\", ] }", "node { attr { key: \"k\" value { i: 1.5 } } }",
    "node { attr { key: \"k\" value { i: 99999999999999999999 } } }",
    "node { attr { key: \"k\" value { type: DT_NONE } } }",
  ])
  func mistakesAreRefused(_ text: String) {
    #expect(throws: BNormError.self) { try graph(text) }
  }

  @Test func theMessageSaysWhere() {
    do {
      _ = try graph("node {\n  name: \"a\"\n  op: Const\n}")
      Issue.record("accepted")
    } catch {
      #expect("\(error)".contains("line 3, column 7"), "\(error)")
    }
  }

  @Test func deepNestingIsRefused() {
    let text = "node { x " + String(repeating: "{ y ", count: 100_000)
    #expect(throws: BNormError.self) { try graph(text) }
  }
}
