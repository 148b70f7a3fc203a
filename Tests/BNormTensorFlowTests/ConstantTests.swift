import BNormCore
import BNormTensor
import BNormTensorFlow
import BNormTestFiles
import Testing

/// Constants of every dtype in every encoding, in binary and in text.
struct ConstantTests {
  static let files = ["constants.pb", "constants.pbtxt", "constants_line.pbtxt"]

  @Test(arguments: files) func matchTensorFlow(_ file: String) throws {
    let graph = try ModelFile.readGraph(Fixtures.path("graph/\(file)"))
    let expected = try Npz.read(Fixtures.path("graph/expected.npz"))
    #expect(graph.nodes.count == expected.count)
    #expect(graph.producer == 2474)
    let nodes = Dictionary(uniqueKeysWithValues: graph.nodes.map { ($0.name, $0) })
    for (name, tensor) in expected {
      let value = try #require(nodes[name]?.attributes["value"]?.asTensor, "\(name)")
      #expect(value.shape == tensor.shape, "\(name)")
      try TemporaryFolder.with { folder in
        try Npy.write(value, "\(folder)/a.npy")
        let plain = try Npy.read("\(folder)/a.npy")
        #expect(plain.hasSameElements(as: tensor), "\(name)")
      }
    }
  }

  @Test func largeContentIsAligned() throws {
    let big = Tensor(Array(repeating: Float(2), count: 100_003))
    let bytes = try GraphDefWriter.encode(
      GraphDefinition(nodes: [
        NodeDefinition(name: "c", op: "Const", attributes: ["value": .tensor(big)])
      ]))
    let graph = try bytes.withUnsafeBytes { try ModelFile.decode($0).graph }
    let value = try #require(graph.nodes[0].attributes["value"]?.asTensor)
    #expect(value.hasSameElements(as: big))
    #expect(Int(bitPattern: value.pointer) % 64 == 0)
  }
}
