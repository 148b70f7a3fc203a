import BNorm
import BNormTestSupport
import CAllocationCounter
import Testing

/// A bound run allocates nothing once it is warm.
@Suite(.serialized) struct AllocationTests {
  private func allocations(
    _ model: Model, _ fetch: String, _ inputs: [(name: String, value: Tensor)], runs: Int
  ) throws -> UInt {
    let session = try model.makeSession()
    let call = try session.prepare([fetch], feeds: inputs.map(\.name))
    let bound = try session.bind(call, feedShapes: inputs.map(\.value.shape))
    let shape = try #require(bound.outputs[0].shape)
    let output = Tensor(dtype: bound.outputs[0].dtype, shape: shape)
    let feeds = inputs.map { $0.value.pointer }
    let outputs = [output.storage.pointer]
    return try feeds.withUnsafeBufferPointer { feeds in
      try outputs.withUnsafeBufferPointer { outputs in
        for _ in 0..<3 { try bound.run(inputs: feeds, outputs: outputs) }
        let before = bnorm_test_allocations()
        for _ in 0..<runs { try bound.run(inputs: feeds, outputs: outputs) }
        return UInt(bnorm_test_allocations() - before)
      }
    }
  }

  @Test func theCounterCounts() {
    let before = bnorm_test_allocations()
    let tensors = (0..<10).map { _ in Tensor(zeros: .float, shape: [100]) }
    #expect(bnorm_test_allocations() - before >= 10)
    withExtendedLifetime(tensors) {}
  }

  /// Other tests of the process may allocate meanwhile, so the least of several tries counts.
  @Test func chainOfTinyOps() throws {
    let model = try Model(.chain(1000))
    let inputs = [("x", Tensor([1, 2] as [Float])), ("one", Tensor(scalar: Float(1)))]
    let least = try (0..<10).map { _ in try allocations(model, "y", inputs, runs: 5) }.min()
    #expect(least == 0)
  }

  @Test func convolutionalNetwork() throws {
    let fixture = try #require(
      FixtureCatalog.fixtures("seed").first { $0.name == "seed/cnn_relu_keras3" })
    let model = try Model(path: fixture.graphPath)
    let least = try (0..<10).map { _ in
      try allocations(model, "Identity", try fixture.inputs(), runs: 5)
    }.min()
    #expect(least == 0)
  }
}
