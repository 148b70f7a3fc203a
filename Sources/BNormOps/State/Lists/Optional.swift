import BNormCore
import BNormTensor

/// An optional, with tensors or without.
struct OptionalMaking: EagerOperation {
  static let opNames = ["OptionalFromValue", "OptionalNone"]
  private let isNone: Bool

  init(_ node: NodeContext) throws { isNone = node.op == "OptionalNone" }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) -> [Tensor] {
    [Tensor(scalar: OptionalVariant(isNone ? nil : inputs.map(\.owned)), dtype: .variant)]
  }
}

/// Whether an optional holds tensors.
struct OptionalHasValue: EagerOperation {
  static let opNames = ["OptionalHasValue"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let optional = try inputs.object(0, OptionalVariant.self, "optional")
    return [Tensor(scalar: optional.components != nil)]
  }
}

/// The tensors that an optional holds.
struct OptionalGetValue: EagerOperation {
  static let opNames = ["OptionalGetValue"]
  private let shapes: [PartialShape]

  init(_ node: NodeContext) throws {
    shapes = try node.shapes("output_shapes")
    guard shapes.count == node.outputDTypes.count else {
      throw BNormError.invalid(
        "attribute output_shapes has \(shapes.count) shapes, but there are "
          + "\(node.outputDTypes.count) outputs")
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { shapes }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let optional = try inputs.object(0, OptionalVariant.self, "optional")
    guard let components = optional.components else {
      throw BNormError.invalid("The given optional does not have a value.")
    }
    guard components.count == shapes.count else {
      throw BNormError.invalid(
        "The given optional has \(components.count) components, expected \(shapes.count).")
    }
    for (i, component) in components.enumerated() {
      guard component.dtype == context.outputDTypes[i] else {
        throw BNormError.invalid(
          "The given optional does not match the expected type for component \(i). Expected: "
            + "\(context.outputDTypes[i].name). Actual: \(component.dtype.name).")
      }
      guard shapes[i].accepts(component.shape) else {
        throw BNormError.invalid(
          "The given optional does not match the expected shape for component \(i). Expected: "
            + "\(shapes[i]). Actual: \(component.shape).")
      }
    }
    return components
  }
}
