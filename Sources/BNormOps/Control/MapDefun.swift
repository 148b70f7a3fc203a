import BNormCore
import BNormTensor

/// Calls a function on each row of the arguments and stacks what it gives.
struct MapDefun: FunctionalOperation {
  static let opNames = ["MapDefun"]
  private let function: FunctionReference
  private let argumentCount: Int
  private let shapes: [PartialShape]

  init(_ node: NodeContext) throws {
    function = try node.function("f")
    argumentCount = try node.dtypes("Targuments").count
    shapes = try node.shapes("output_shapes")
    guard shapes.count == node.outputDTypes.count else {
      throw BNormError.invalid(
        "attribute output_shapes has \(shapes.count) shapes, but there are "
          + "\(node.outputDTypes.count) outputs")
    }
  }

  var functions: [FunctionReference] { [function] }

  func bind(_ inputs: [Fact], _ binder: FunctionBinder) throws -> BoundOperation {
    var count: Int?
    let given = try inputs.enumerated().map { i, fact -> Fact in
      guard i < argumentCount else { return fact }
      try fact.shape.requireRank(atLeast: 1, "input \(i)")
      if let rows = fact.shape[0] {
        if let count, count != rows {
          throw BNormError.invalid(
            "input \(i) has shape \(fact.shape), but others have \(count) rows")
        }
        count = rows
      }
      return Fact(fact.dtype, PartialShape(fact.shape.dimensions.map { Array($0.dropFirst()) }))
    }
    let callable = try binder.callable(function, given)
    return BoundOperation(
      BoundMap(callable: callable, argumentCount: argumentCount, shapes: shapes),
      outputs: shapes.map { shape in
        PartialShape(shape.dimensions.map { [count ?? -1] + $0 })
      })
  }
}

private struct BoundMap: PlanOnlyOperation {
  let callable: Callable
  let argumentCount: Int
  let shapes: [PartialShape]

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let captured = Array(inputs[argumentCount...])
    guard argumentCount > 0, let count = inputs[0].shape.dimensions.first,
      inputs[..<argumentCount].allSatisfy({ $0.shape.dimensions.first == count })
    else {
      throw BNormError.invalid(
        "All inputs must have the same number of rows, got shapes "
          + inputs[..<argumentCount].map(\.shape.description).joined(separator: ", "))
    }
    var rows: [[Tensor]] = []
    for i in 0..<count {
      let arguments = inputs[..<argumentCount].map { $0.row(i) }
      let made = try callable.run(arguments + captured, context)
      for (k, value) in made.enumerated() where !shapes[k].accepts(value.shape) {
        throw BNormError.invalid(
          "result \(k) has shape \(value.shape), but output_shapes says \(shapes[k])")
      }
      rows.append(made)
    }
    return try shapes.indices.map { k in
      guard let first = rows.first?[k] else {
        guard let full = shapes[k].full else {
          throw BNormError.invalid("output \(k) has no rows and its shape \(shapes[k]) is not known")
        }
        return Tensor(
          zeros: context.outputDTypes[k], shape: try Shape(checking: [0] + full.dimensions))
      }
      let out = Tensor(
        dtype: context.outputDTypes[k],
        shape: try Shape(checking: [count] + first.shape.dimensions).fitting(context.outputDTypes[k]))
      for i in 0..<count {
        guard rows[i][k].shape == first.shape else {
          throw BNormError.invalid(
            "result \(k) has shape \(rows[i][k].shape) for row \(i), but \(first.shape) for row 0")
        }
        out.write(rows[i][k], at: i * rows[i][k].count)
      }
      return out
    }
  }
}
