import ArgumentParser
import BNorm
import Glibc

/// Where outputs go and what they are compared with.
struct OutputOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Saves a fetched tensor.", valueName: "NAME=FILE.npy"))
  var output: [String] = []

  @Option(help: ArgumentHelp("Saves every fetched tensor as DIR/NAME.npy.", valueName: "DIR"))
  var outputDir: String?

  @Option(help: ArgumentHelp("Saves every fetched tensor into one file.", valueName: "FILE.npz"))
  var outputNpz: String?

  @Option(
    help: ArgumentHelp(
      "Compares a fetched tensor with a file; exit code 1 on a mismatch.",
      valueName: "NAME=FILE.npy"))
  var expect: [String] = []

  @OptionGroup var tolerance: ToleranceOptions

  func files() throws -> [NamedFile] { try output.map { try NamedFile($0, option: "--output") } }
  func expectations() throws -> [NamedFile] {
    try expect.map { try NamedFile($0, option: "--expect") }
  }

  /// `x` and `x:0` are the same tensor.
  static func sameTensor(_ a: String, _ b: String) -> Bool { normal(a) == normal(b) }
  private static func normal(_ name: String) -> String {
    name.hasSuffix(":0") ? String(name.dropLast(2)) : name
  }

  func save(_ results: [(String, Tensor)], _ files: [NamedFile]) throws {
    for file in files {
      for (name, tensor) in results where OutputOptions.sameTensor(name, file.name) {
        try Npy.write(tensor, file.path)
        break
      }
    }
    if let outputDir {
      if mkdir(outputDir, 0o777) != 0, errno != EEXIST {
        throw BNormError.invalid("cannot make folder \(outputDir): \(String(cString: strerror(errno)))")
      }
      for (name, tensor) in results {
        let file = String(name.map { $0 == "/" || $0 == ":" ? "_" : $0 })
        try Npy.write(tensor, outputDir + "/" + file + ".npy")
      }
    }
    if let outputNpz { try Npz.write(results.map { (name: $0.0, tensor: $0.1) }, outputNpz) }
  }

  func check(_ results: [(String, Tensor)], _ expectations: [NamedFile]) throws -> Bool {
    var fine = true
    for expectation in expectations {
      guard let (name, tensor) = results.first(where: { OutputOptions.sameTensor($0.0, expectation.name) })
      else { continue }
      let comparison = Comparison(
        tensor, expected: try Npy.read(expectation.path), rtol: tolerance.rtol, atol: tolerance.atol)
      print("\(name): \(comparison)")
      fine = fine && comparison.agrees
    }
    return fine
  }
}

/// How far a value may be from the expected one: |a - b| <= atol + rtol·|b|.
struct ToleranceOptions: ParsableArguments {
  @Option(help: "Relative tolerance.")
  var rtol: Double = 1e-5
  @Option(help: "Absolute tolerance.")
  var atol: Double = 1e-6
}
