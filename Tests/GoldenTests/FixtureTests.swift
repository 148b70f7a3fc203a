import BNorm
import BNormTestSupport
import Testing

/// Every fixture at every stage gives what TensorFlow gave.
@Suite struct FixtureTests {
  static let fixtures = ["seed", "models", "ops"].flatMap(FixtureCatalog.fixtures)

  @Test func thereAreFixtures() {
    #expect(FixtureTests.fixtures.count >= 15)
  }

  @Test(arguments: fixtures.filter { !$0.isRefused }, Stage.allCases)
  func agreesWithTensorFlow(_ fixture: Fixture, _ stage: Stage) throws {
    let session = try Model(path: fixture.graphPath).makeSession(stage: stage)
    let expected = try fixture.expected()
    let values = try session.run(
      expected.map(\.name), feeds: try fixture.inputs(), targets: fixture.targets)
    for (value, (name, wanted)) in zip(values, expected) {
      let comparison = Comparison(value, expected: wanted, rtol: fixture.rtol, atol: fixture.atol)
      #expect(comparison.agrees, "\(fixture.name) \(name) \(comparison)")
    }
  }

  @Test(arguments: fixtures.filter(\.isRefused), Stage.allCases)
  func refusesWhatTensorFlowRefuses(_ fixture: Fixture, _ stage: Stage) throws {
    #expect(throws: BNormError.self) {
      try Model(path: fixture.graphPath).makeSession(stage: stage)
        .run(fixture.fetches.keys.sorted(), feeds: try fixture.inputs())
    }
  }

  /// The error of the seed's first program says which shapes do not fit.
  @Test func namesBothShapes() throws {
    let fixture = try #require(FixtureTests.fixtures.first { $0.name == "seed/moments_mismatch" })
    let error = #expect(throws: BNormError.self) {
      try Model(path: fixture.graphPath).makeSession().run(
        ["normalized"], feeds: try fixture.inputs())
    }
    #expect(error?.message.contains("[28,28]") == true)
    #expect(error?.message.contains("[784]") == true)
  }
}
