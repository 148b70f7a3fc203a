import BNorm
import BNormTestSupport
import Foundation
import Testing

/// SavedModels and frozen graphs of many kinds: each call gives what TensorFlow gave, at every stage
/// and from the frozen graph.
@Suite struct SavedModelTests {
  static let root = FixtureCatalog.root + "/saved_models"
  static let names = (try? FileManager.default.contentsOfDirectory(atPath: root))?.sorted() ?? []

  struct Call: Codable {
    var signature: String?
    var tags: [String]?
    var feeds: [String: String]
    var outputs: [String: String]
    var tolerance: [Double]
  }

  private func calls(_ name: String) throws -> [Call] {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(SavedModelTests.root)/\(name)/calls.json"))
    return try JSONDecoder().decode([Call].self, from: data)
  }

  private func model(_ name: String, _ call: Call) throws -> Model {
    let folder = "\(SavedModelTests.root)/\(name)"
    let graph = folder + "/graph.pb"
    return try Model(
      path: FileManager.default.fileExists(atPath: graph) ? graph : folder + "/model",
      tags: call.tags.map(Set.init), signature: call.signature)
  }

  private func check(_ name: String, _ call: Call, _ model: Model, _ session: Session) throws {
    func read(_ file: String) throws -> Tensor { try Npy.read("\(SavedModelTests.root)/\(name)/\(file)") }
    let outputs = call.outputs.sorted { $0.key < $1.key }
    let values = try session.run(
      outputs.map { model.outputTensor($0.key) },
      feeds: try call.feeds.map { (model.inputTensor($0.key), try read($0.value)) })
    for (value, output) in zip(values, outputs) {
      let comparison = Comparison(
        value, expected: try read(output.value), rtol: call.tolerance[0], atol: call.tolerance[1])
      #expect(comparison.agrees, "\(name) \(output.key) \(comparison)")
    }
  }

  @Test func thereAreModels() { #expect(SavedModelTests.names.count >= 12) }

  @Test(arguments: names, Stage.allCases)
  func agreesWithTensorFlow(_ name: String, _ stage: Stage) throws {
    for call in try calls(name).prefix(name.hasSuffix("stateful") ? 1 : .max) {
      let model = try model(name, call)
      try check(name, call, model, try model.makeSession(stage: stage))
    }
  }

  @Test(arguments: names.filter { !$0.hasSuffix("unfreezable") && !$0.hasSuffix("stateful") })
  func agreesOnceFrozen(_ name: String) throws {
    for call in try calls(name) {
      let frozen = try Model(try model(name, call).frozen(outputs: call.outputs.keys.sorted()))
      try check(name, call, frozen, try frozen.makeSession())
    }
  }
}
