import BNormCore
import BNormTensor

/// An op that bnorm runs.
public struct SupportedOp: Sendable {
  public let name: String
  /// The dtypes of each type attribute, by attribute; an op without them has fixed dtypes.
  public let dtypes: [(attribute: String, dtypes: [DType])]
  /// The op depends on more than its inputs, or changes something.
  public let isStateful: Bool

  /// All ops, by name.
  public static let all: [SupportedOp] = OpLibrary.standard.names.compactMap { name in
    guard let signature = OpSignature.find(name) else { return nil }
    let dtypes = signature.attributes.compactMap { attribute -> (String, [DType])? in
      guard attribute.kind == "type" || attribute.kind == "list(type)" else { return nil }
      var allowed =
        attribute.allowed.isEmpty
        ? DType.allCases : attribute.allowed.compactMap { DType(name: $0) }
      if let cpu = signature.cpuTypes[attribute.name] { allowed = allowed.filter(cpu.contains) }
      return (attribute.name, allowed)
    }
    return SupportedOp(name: name, dtypes: dtypes, isStateful: signature.isStateful)
  }
}
