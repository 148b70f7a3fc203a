extension FunctionReference {
  private static let key = "_gradient_of"

  /// The function that takes the inputs of `function` and the gradients of its results, and gives
  /// the gradients of the inputs. `function` may also be the name of an op.
  public static func gradient(of function: FunctionReference) -> FunctionReference {
    FunctionReference(
      name: "gradient of \(function.name)", attributes: [key: .function(function)])
  }

  /// Set for a gradient: what it is the gradient of.
  var gradientOf: FunctionReference? { attributes[FunctionReference.key]?.asFunction }
}
