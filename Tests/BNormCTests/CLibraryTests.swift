import BNorm
import BNormC
import BNormTestSupport
import CBNormUser
import Foundation
import Testing

@Suite struct CLibraryTests {
  let folder = FixtureCatalog.root + "/seed/cnn_relu_keras3"
  var graph: String { folder + "/graph.pb" }

  @Test func runs() throws {
    let (x, y) = (try Npy.read(folder + "/in0.npy"), try Npy.read(folder + "/out0.npy"))
    #expect(bnorm_user_runs(graph, x.array(Float.self), y.array(Float.self)) == 0)
  }

  @Test func reportsErrors() { #expect(bnorm_user_errs(graph) == 0) }

  @Test func runsFromThreads() throws {
    let (x, y) = (try Npy.read(folder + "/in0.npy"), try Npy.read(folder + "/out0.npy"))
    #expect(bnorm_user_threads(graph, x.array(Float.self), y.array(Float.self)) == 0)
  }

  @Test func trains() throws {
    let made = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: made, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: made) }
    let graph = FixtureCatalog.root + "/training/mlp_Adam_resource/model.meta"
    #expect(bnorm_user_trains(graph, made.appendingPathComponent("after").path) == 0)
  }

  @Test func takesStrings() { #expect(bnorm_user_strings() == 0) }
}
