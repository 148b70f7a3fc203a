import BNormCore
import BNormTensor

/// Whether each string matches as a whole.
struct RegexFullMatch: EagerOperation {
  static let opNames = ["RegexFullMatch", "StaticRegexFullMatch"]
  let fixed: Regex?

  init(_ node: NodeContext) throws {
    fixed = node.op == "StaticRegexFullMatch" ? try Regex(try node.bytes("pattern")) : nil
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if inputs.count > 1 { try inputs[1].shape.requireRank(0, "input 1 (pattern)") }
    return [inputs[0].shape]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let regex = try fixed ?? Regex(try inputs[1].scalarString("input 1 (pattern)"))
    return [Tensor(inputs[0].strings.map(regex.matchesAll), shape: inputs[0].shape)]
  }
}

/// Each string with matches replaced.
struct RegexReplace: EagerOperation {
  static let opNames = ["RegexReplace", "StaticRegexReplace"]
  let fixed: (regex: Regex, rewrite: ByteString)?
  let all: Bool

  init(_ node: NodeContext) throws {
    all = try node.bool("replace_global")
    guard node.op == "StaticRegexReplace" else {
      fixed = nil
      return
    }
    let regex = try Regex(try node.bytes("pattern"))
    let rewrite = try node.bytes("rewrite")
    try regex.checkRewrite(rewrite)
    fixed = (regex, rewrite)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if inputs.count > 1 {
      try inputs[1].shape.requireRank(0, "input 1 (pattern)")
      try inputs[2].shape.requireRank(0, "input 2 (rewrite)")
    }
    return [inputs[0].shape]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let regex: Regex
    let rewrite: ByteString
    if let fixed {
      (regex, rewrite) = fixed
    } else {
      regex = try Regex(try inputs[1].scalarString("input 1 (pattern)"))
      rewrite = try inputs[2].scalarString("input 2 (rewrite)")
      try regex.checkRewrite(rewrite)
    }
    return [
      Tensor(
        strings: inputs[0].strings.map { regex.replace($0, with: rewrite, all: all) },
        shape: inputs[0].shape)
    ]
  }
}
