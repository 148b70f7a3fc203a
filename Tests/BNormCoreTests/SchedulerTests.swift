import BNorm
import BNormTestSupport
import Testing

/// `Session.run` as TensorFlow 1 has it.
@Suite struct SchedulerTests {
  private func session(_ nodes: [NodeDefinition], _ stage: Stage = .planned) throws -> Session {
    try Model(GraphDefinition(nodes: nodes, producer: 2000)).makeSession(stage: stage)
  }

  private func floats(_ values: Float...) -> Tensor { Tensor(values) }

  @Test(arguments: Stage.allCases)
  func feedsAnyTensor(_ stage: Stage) throws {
    let s = try session(
      [
        .placeholder("x"), .node("Neg", "a", ["x"]), .node("Square", "b", ["a"]),
      ], stage)
    #expect(try s.run(["b"], feeds: [("x", floats(2, 3))])[0].array(Float.self) == [4, 9])
    // Feeding in the middle cuts off what is above: x need not be fed.
    #expect(try s.run(["b"], feeds: [("a", floats(5))])[0].array(Float.self) == [25])
    // A fetched feed is the feed.
    #expect(try s.run(["a:0", "b"], feeds: [("a:0", floats(1))]).count == 2)
  }

  @Test func runsOnlyWhatIsNeeded() throws {
    let s = try session([
      .placeholder("x"), .node("Neg", "a", ["x"]),
      NodeDefinition(name: "odd", op: "NoSuchOp", inputs: ["x"]),
      NodeDefinition(name: "odder", op: "NoSuchOp2", inputs: ["odd"]),
    ])
    #expect(try s.run(["a"], feeds: [("x", floats(2))])[0].array(Float.self) == [-2])
    let error = #expect(throws: BNormError.self) { try s.run(["odder"], feeds: [("x", floats(2))]) }
    #expect(error?.code == .unsupported)
    // All that is missing, at once, with node names.
    #expect(error?.message.contains("NoSuchOp (node \"odd\")") == true)
    #expect(error?.message.contains("NoSuchOp2 (node \"odder\")") == true)
  }

  @Test func newBatchSizesNeedNoReload() throws {
    let s = try session([.placeholder("x", PartialShape([-1, 2])), .node("Neg", "a", ["x"])])
    for n in [1, 3, 0, 2] {
      let x = Tensor((0..<n * 2).map { Float($0) }, shape: [n, 2])
      #expect(try s.run(["a"], feeds: [("x", x)])[0].shape == [n, 2])
    }
  }

  @Test func castsFeedsThatKeepTheirValue() throws {
    let s = try session([.placeholder("x"), .node("Neg", "a", ["x"])])
    #expect(try s.run(["a"], feeds: [("x", Tensor([1.5, 2] as [Double]))])[0].dtype == .float)
    #expect(try s.run(["a"], feeds: [("x", Tensor([1, 2] as [Int64]))])[0].dtype == .float)
    #expect(throws: BNormError.self) {
      try s.run(["a"], feeds: [("x", Tensor(strings: ["a"], shape: [1]))])
    }
  }

  @Test(arguments: [
    ("duplicate", "two nodes have the name"), ("missing", "names no node"), ("cycle", "cycle"),
    ("arity", "expected 2"), ("dtype", "has dtype int32, expected float"),
    ("port", "has 1 outputs"),
  ])
  func refusesBrokenGraphs(_ kind: String, _ message: String) {
    var nodes: [NodeDefinition] = [
      .placeholder("x"), .placeholder("i", .unknown, .int32), .node("Neg", "a", ["x"]),
    ]
    switch kind {
    case "duplicate": nodes.append(.node("Neg", "a", ["x"]))
    case "missing": nodes.append(.node("Neg", "b", ["nobody"]))
    case "cycle": nodes += [.node("Neg", "b", ["c"]), .node("Neg", "c", ["b"])]
    case "arity": nodes.append(.node("AddV2", "b", ["x"]))
    case "dtype": nodes.append(.node("AddV2", "b", ["x", "i"]))
    default: nodes.append(.node("Neg", "b", ["x:3"]))
    }
    let error = #expect(throws: BNormError.self) { try session(nodes) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test func namesWhatIsWrongWithAFeed() throws {
    let s = try session([.placeholder("image", PartialShape([-1, 4])), .node("Neg", "a", ["image"])])
    let shape = #expect(throws: BNormError.self) {
      try s.run(["a"], feeds: [("image", Tensor(zeros: .float, shape: [2, 3]))])
    }
    #expect(shape?.message.contains("[2,3]") == true && shape?.message.contains("[?,4]") == true)
    let name = #expect(throws: BNormError.self) { try s.run(["a"], feeds: [("imag", floats(1))]) }
    #expect(name?.message.contains("did you mean \"image\"?") == true)
    let missing = #expect(throws: BNormError.self) { try s.run(["a"]) }
    #expect(missing?.message.contains("Placeholder \"image\"") == true)
  }

  @Test func runsOnSeveralThreadsAtOnce() async throws {
    let s = try session([.placeholder("x"), .node("Square", "a", ["x"]), .node("Neg", "b", ["a"])])
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for k in 0..<8 {
        group.addTask {
          for i in 0..<200 {
            let x = Float(k * 1000 + i % 50)
            let n = 1 + i % 3
            let out = try s.run(["b"], feeds: [("x", Tensor([Float](repeating: x, count: n)))])[0]
            if out.array(Float.self) != [Float](repeating: -x * x, count: n) { return false }
          }
          return true
        }
      }
      for try await fine in group { #expect(fine) }
    }
  }
}
