import ArgumentParser
import BNorm

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows inputs, outputs, ops, parameters and what bnorm lacks.")

  @OptionGroup var model: ModelOptions
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    let inspection = Inspection(try model.load())
    print(json ? "\(InspectionReport.json(inspection))" : InspectionReport.text(inspection))
  }
}
