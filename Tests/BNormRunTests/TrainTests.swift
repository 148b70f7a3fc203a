import BNorm
import BNormTestSupport
import Foundation
import Testing

@Suite struct TrainTests {
  static let root = FixtureCatalog.root + "/training"
  static let cases = (try? FileManager.default.contentsOfDirectory(atPath: root))?.sorted() ?? []

  /// `train` with all arrays of a fixture.
  private func train(_ name: String, _ more: String...) throws -> Command {
    let folder = "\(TrainTests.root)/\(name)"
    var arguments = ["train", folder + "/model.meta"]
    for file in try FileManager.default.contentsOfDirectory(atPath: folder)
    where file.hasSuffix(".npy") && file != "losses.npy" {
      arguments += ["--feed", "\(file.dropLast(4))=\(folder)/\(file)"]
    }
    return try Command(arguments + more)
  }

  private func temporary() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  @Test func findsFixtures() { #expect(TrainTests.cases.count >= 4) }

  @Test(arguments: TrainTests.cases)
  func givesTheLossesOfTensorFlow(_ name: String) throws {
    let folder = try temporary()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("losses.npy").path
    let result = try train(
      name, "--target", "train_step", "--batch", "8", "--output", "loss_value=\(file)")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.hasPrefix("step 1  loss_value "))
    let comparison = Comparison(
      try Npy.read(file), expected: try Npy.read("\(TrainTests.root)/\(name)/losses.npy"),
      rtol: 1e-4, atol: 1e-4)
    #expect(comparison.agrees, "\(comparison)")
  }

  @Test func goesOnFromWhatItSaved() throws {
    let folder = try temporary()
    defer { try? FileManager.default.removeItem(at: folder) }
    let prefix = folder.appendingPathComponent("after").path
    let name = "mlp_Adam_resource"
    let whole = try train(name, "--fetch", "loss_value", "--target", "train_step", "--steps", "4")
    let first = try train(
      name, "--fetch", "loss_value", "--target", "train_step", "--steps", "2", "--save", prefix,
      "--save-every", "1")
    #expect(first.status == 0, "\(first.errors)")
    #expect(FileManager.default.fileExists(atPath: prefix + "-1.index"))
    let second = try train(
      name, "--fetch", "loss_value", "--target", "train_step", "--steps", "2", "--checkpoint",
      prefix)
    func losses(_ command: Command) -> [Substring] {
      command.output.split(separator: "\n").compactMap { $0.split(separator: " ").last }
    }
    #expect(losses(whole).count == 4)
    #expect(losses(whole) == losses(first) + losses(second))
  }

  /// A signature that trains: four steps at once, and two and two.
  @Test func trainsASavedModel() throws {
    let made = try temporary()
    defer { try? FileManager.default.removeItem(at: made) }
    let prefix = made.appendingPathComponent("after").path
    let folder = FixtureCatalog.root + "/saved_models/module_training_stateful"
    let arguments = [
      "train", folder + "/model", "--signature", "train", "--feed", "x=\(folder)/feeds0_0.npy",
      "--feed", "y=\(folder)/feeds0_1.npy",
    ]
    let whole = try Command(arguments + ["--steps", "4"])
    #expect(whole.status == 0, "\(whole.errors)")
    let losses = try (0..<4).map { step in
      try Npy.read("\(folder)/outputs\(step)_0.npy").array(Float.self)[0]
    }
    let lines = whole.output.split(separator: "\n")
    #expect(lines.count == 4)
    for (line, loss) in zip(lines, losses) {
      let got = line.split(separator: " ").last.flatMap { Float($0) } ?? .nan
      #expect(abs(got - loss) < 1e-5)
    }
    let first = try Command(arguments + ["--steps", "2", "--save", prefix])
    #expect(first.status == 0, "\(first.errors)")
    let second = try Command(arguments + ["--steps", "2", "--checkpoint", prefix])
    #expect(second.status == 0, "\(second.errors)")
    let values = second.output.split(separator: "\n").map { $0.split(separator: " ").last }
    #expect(values == lines.suffix(2).map { $0.split(separator: " ").last })
    #expect(try FileManager.default.contentsOfDirectory(atPath: made.path).count == 2)
  }

  @Test func printsObjects() throws {
    let result = try train(
      "mlp_Adam_resource", "--fetch", "loss_value", "--target", "train_step", "--batch", "32",
      "--epochs", "2", "--shuffle", "3", "--drop-remainder", "--json", "--every", "2")
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == 2)
    let object = try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any]
    #expect(object?["step"] as? Int == 2)
    #expect(object?["loss_value"] as? Double != nil)
  }

  @Test(arguments: [
    (["--batch", "0"], "--batch"),
    (["--batch", "8", "--feed", "y=zeros:3,1"], "number of examples"),
    (["--target", "nothing"], "no node \"nothing\""),
    (["--target", "train_step", "--save", "/nowhere/at/all"], "/nowhere/at"),
    (["--target", "train_step", "--steps", "2", "--epochs", "2"], "exclude"),
    (["--target", "train_step", "--checkpoint", "/nowhere/model"], "/nowhere/model"),
    (["--fetch", "loss_value", "--batch", "100", "--drop-remainder"], "fill a batch"),
  ])
  func refuses(_ arguments: [String], _ message: String) throws {
    let folder = "\(TrainTests.root)/mlp_Adam_resource"
    var all = ["train", folder + "/model.meta", "--feed", "x=\(folder)/x.npy"]
    if !arguments.contains("y=zeros:3,1") { all += ["--feed", "y=\(folder)/y.npy"] }
    let result = try Command(all + arguments)
    #expect(result.status == 2)
    #expect(result.errors.contains(message), "\(result.errors)")
  }
}
