import BNormTensor

/// The ops and simplification passes that a program was built with.
public struct OpLibrary: Sendable {
  private let types: [String: any Operation.Type]
  public let passes: [any SimplifyPass]

  public init(operations: [any Operation.Type], passes: [any SimplifyPass] = []) {
    var types: [String: any Operation.Type] = [:]
    for type in operations {
      for name in type.opNames { types[name] = type }
    }
    self.types = types
    self.passes = passes
  }

  public func type(for op: String) -> (any Operation.Type)? { types[op] }
  /// All op names, sorted.
  public var names: [String] { types.keys.sorted() }
}
