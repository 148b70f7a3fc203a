import BNorm
import BNormTestFiles
import Testing

/// SavedModels, MetaGraphs and checkpoints run as in TensorFlow, also once they are frozen.
struct ModelTests {
  static let models = [
    (path: "models/v2", io: "models/v2"), (path: "models/v2_text", io: "models/v2"),
    (path: "models/v1", io: "models/v1"), (path: "models/meta/model.meta", io: "models/meta"),
  ]

  private func check(_ model: Model, _ io: String) throws {
    let arrays = try Npz.read(Fixtures.path("\(io)/io.npz"))
    let inputs = Set(model.inputs.map(\.name))
    let feeds = arrays.filter { inputs.contains($0.name) }
    let outputs = arrays.filter { !inputs.contains($0.name) }
    let values = try model.makeSession().run(
      outputs.map { model.outputTensor($0.name) },
      feeds: feeds.map { (model.inputTensor($0.name), $0.tensor) })
    for (value, output) in zip(values, outputs) {
      #expect(
        Comparison(value, expected: output.tensor, rtol: 1e-5, atol: 1e-6).agrees, "\(output.name)")
    }
  }

  @Test(arguments: models) func runs(_ path: String, _ io: String) throws {
    try check(try Model(path: Fixtures.path(path)), io)
  }

  @Test func plainGraphWithCheckpoint() throws {
    try check(
      try Model(
        path: Fixtures.path("models/meta/plain.pb"), checkpoint: Fixtures.path("models/meta/model")),
      "models/meta")
  }

  @Test(arguments: models) func runsFrozen(_ path: String, _ io: String) throws {
    let model = try Model(path: Fixtures.path(path))
    let outputs = model.signature == nil ? ["y"] : model.defaultFetches
    let frozen = try model.frozen(outputs: outputs)
    #expect(!frozen.nodes.contains { $0.op.hasPrefix("Var") || $0.op.contains("Variable") })
    try TemporaryFolder.with { folder in
      try GraphDefWriter.write(frozen, "\(folder)/frozen.pb")
      try check(try Model(path: "\(folder)/frozen.pb"), io)
    }
  }

  @Test func signaturesAreNamed() throws {
    let model = try Model(path: Fixtures.path("models/v2"))
    #expect(model.inputs.map(\.name) == ["i", "x"])
    #expect(model.defaultFetches == ["rows", "y"])
    #expect(throws: BNormError.self) {
      try Model(path: Fixtures.path("models/v2"), signature: "other")
    }
    #expect(throws: BNormError.self) { try Model(path: Fixtures.path("models/v2"), tags: ["train"]) }
    #expect(throws: BNormError.self) { try Model(path: Fixtures.path("graph")) }
  }

  @Test func variablesWithoutCheckpointAreNamed() throws {
    let model = try Model(path: Fixtures.path("models/meta/plain.pb"))
    #expect(throws: BNormError.self) { try model.frozen(outputs: ["y"]) }
  }
}
