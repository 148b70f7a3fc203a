import BNormCore
import BNormTensor
import BNormTensorFlow
import BNormTestFiles
import Testing

/// What is written is what was read.
struct GraphRoundTripTests {
  static let files = [
    "graph/constants.pb", "graph/functions.pb", "graph/functions.pbtxt", "models/meta/plain.pb",
  ]

  @Test(arguments: files) func survives(_ file: String) throws {
    let graph = try ModelFile.readGraph(Fixtures.path(file))
    let bytes = try GraphDefWriter.encode(graph)
    let again = try bytes.withUnsafeBytes { try ModelFile.decode($0).graph }
    #expect(again.producer == graph.producer)
    #expect(again.functions.keys.sorted() == graph.functions.keys.sorted())
    compare(again.nodes, graph.nodes)
    for (name, function) in graph.functions {
      let other = try #require(again.functions[name])
      #expect(other.inputs.map(\.name) == function.inputs.map(\.name))
      #expect(other.returns == function.returns)
      #expect(other.controlReturns == function.controlReturns)
      #expect(other.isStateful == function.isStateful)
      compare(other.nodes, function.nodes)
    }
  }

  @Test func textAndBinaryAreTheSame() throws {
    let binary = try ModelFile.readGraph(Fixtures.path("graph/functions.pb"))
    let text = try ModelFile.readGraph(Fixtures.path("graph/functions.pbtxt"))
    #expect(!binary.functions.isEmpty)
    #expect(try GraphDefWriter.encode(binary) == GraphDefWriter.encode(text))
  }

  private func compare(_ a: [NodeDefinition], _ b: [NodeDefinition]) {
    #expect(a.map(\.name) == b.map(\.name))
    #expect(a.map(\.op) == b.map(\.op))
    #expect(a.map(\.inputs) == b.map(\.inputs))
    for (x, y) in zip(a, b) {
      #expect(x.attributes.keys.sorted() == y.attributes.keys.sorted(), "\(x.name)")
      for (key, value) in x.attributes {
        guard case .tensor(let tensor) = value, let other = y.attributes[key]?.asTensor else {
          let isSame = "\(value)" == y.attributes[key].map { "\($0)" }
          #expect(isSame || "\(value)".contains("Tensor("), "\(x.name) \(key)")
          continue
        }
        #expect(tensor.hasSameElements(as: other), "\(x.name) \(key)")
      }
    }
  }
}
