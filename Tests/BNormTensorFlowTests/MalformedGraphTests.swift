import BNormCore
import BNormProto
import BNormTensor
import BNormTensorFlow
import BNormTestFiles
import Testing

/// Damaged and hostile files are refused with a message that says where.
struct MalformedGraphTests {
  private func message(_ bytes: [UInt8]) -> String {
    do {
      _ = try bytes.withUnsafeBytes { try ModelFile.decode($0) }
      return "accepted"
    } catch { return "\(error)" }
  }

  /// A graph with one constant, whose tensor `body` writes.
  private func constant(_ body: (inout WireWriter) -> Void) -> [UInt8] {
    var writer = WireWriter()
    writer.message(1) { node in
      node.string(1, "c")
      node.string(2, "Const")
      node.message(5) { entry in
        entry.string(1, "value")
        entry.message(2) { $0.message(8, body) }
      }
    }
    return writer.bytes
  }

  private func shape(_ dimensions: [Int], _ writer: inout WireWriter) {
    writer.message(2) { ShapeEncoder.encode(dimensions, &$0) }
  }

  @Test func theMessageNamesNodeAndAttribute() {
    let text = message(
      constant {
        $0.integer(1, 1)
        shape([3], &$0)
        $0.data(4, [0, 0, 0, 0] as [UInt8])
      })
    #expect(text.contains("Const \"c\": attribute value: tensor_content has 4 bytes"))
  }

  @Test(arguments: [[-2], [1 << 62, 4], [1 << 40, 1 << 40], [1 << 46]])
  func absurdShapesAreRefused(_ dimensions: [Int]) {
    let text = message(
      constant {
        $0.integer(1, 1)
        shape(dimensions, &$0)
      })
    #expect(text.contains("shape"), "\(text)")
  }

  @Test func manySplatsAreRefusedTogether() {
    let one = constant {
      $0.integer(1, 1)
      shape([1 << 27], &$0)
      $0.data(5, [0, 0, 128, 63] as [UInt8])
    }
    let all = (0..<40).flatMap { _ in one }
    let budget = ImportBudget(perTensor: 1 << 20, total: 1 << 22)
    #expect(throws: BNormError.self) {
      try all.withUnsafeBytes { try ModelFile.decode($0, budget: budget) }
    }
  }

  @Test func tooManyDimensions() {
    let text = message(
      constant {
        $0.integer(1, 1)
        shape(Array(repeating: 1, count: 300), &$0)
      })
    #expect(text.contains("254"))
  }

  @Test func deepNestingIsRefused() {
    var value: [UInt8] = []
    for _ in 0..<20_000 {
      var function = WireWriter()
      function.message(2) { entry in entry.data(2, value) }
      var outer = WireWriter()
      outer.data(10, function.bytes)
      value = outer.bytes
    }
    var writer = WireWriter()
    writer.message(1) { node in
      node.message(5) { entry in
        entry.string(1, "f")
        entry.data(2, value)
      }
    }
    #expect(message(writer.bytes).contains("deep"))
  }

  @Test func endlessRepetitionIsRefused() {
    let text = message(
      constant {
        $0.integer(1, 1)
        for _ in 0..<100_000 { shape([1], &$0) }
      })
    #expect(text.contains("again"), "\(text)")
  }

  @Test func everyCutAndManyFlipsAreSafe() throws {
    let bytes = try readFile(Fixtures.path("graph/functions.pb"))
    for length in stride(from: 1, to: bytes.count, by: 37) { _ = message(Array(bytes[..<length])) }
    for i in stride(from: 0, to: bytes.count, by: 11) {
      var changed = bytes
      changed[i] ^= UInt8(truncatingIfNeeded: 1 << (i % 8))
      _ = message(changed)
    }
  }

  @Test func unknownDTypesDoNotStopTheRest() throws {
    let bytes = constant { $0.integer(1, 77) }
    let graph = try bytes.withUnsafeBytes { try ModelFile.decode($0).graph }
    #expect(graph.nodes[0].attributes.isEmpty)
  }

  @Test(arguments: [
    ("{\"a\": 1}", "JSON"), ("<?xml", "XML"), ("hello: 1", "text file"),
    ("version https://git-lfs.github.com/spec/v1", "Git LFS"), ("", "empty"),
  ])
  func otherTextIsNamed(_ text: String, _ expected: String) {
    #expect(message(Array(text.utf8)).contains(expected))
  }

  @Test(arguments: otherFiles) func otherFilesAreNamed(_ file: OtherFile) {
    #expect(message(file.start + Array(file.text.utf8)).contains(file.expected))
  }

  struct OtherFile {
    var start: [UInt8]
    var text: String
    var expected: String
  }

  static let otherFiles = [
    OtherFile(start: [0x93], text: "NUMPY", expected: "NumPy"),
    OtherFile(start: [], text: "PK\u{3}\u{4}xx", expected: "zip"),
    OtherFile(start: [0x89], text: "HDF\r\n", expected: "HDF5"),
    OtherFile(start: [28, 0, 0, 0], text: "TFL3", expected: "Lite"),
    OtherFile(start: [8, 7, 0x12, 7], text: "pytorch", expected: "ONNX"),
  ]
}
