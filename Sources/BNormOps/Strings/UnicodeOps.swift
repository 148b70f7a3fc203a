import BNormCore
import BNormTensor

extension UnicodeErrors {
  init(_ node: NodeContext) throws {
    policy = Policy(rawValue: try node.string("errors")) ?? .replace
    let code = try node.int("replacement_char")
    guard let value = UInt32(exactly: code), value <= 0x10ffff, Unicode.Scalar(value) != nil else {
      throw BNormError.invalid("attribute replacement_char is \(code), which is no code point")
    }
    replacement = value
    replacesControls = node.optional("replace_control_characters")?.asBool ?? false
  }
}

/// The code points of each string, as the values of a ragged tensor.
struct UnicodeDecode: EagerOperation {
  static let opNames = ["UnicodeDecode", "UnicodeDecodeWithOffsets"]
  let encoding: TextEncoding
  let errors: UnicodeErrors
  let givesOffsets: Bool
  let splitsDType: DType

  init(_ node: NodeContext) throws {
    encoding = try TextEncoding(try node.string("input_encoding"))
    errors = try UnicodeErrors(node)
    givesOffsets = node.op == "UnicodeDecodeWithOffsets"
    splitsDType = try node.dtype("Tsplits")
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    let splits = PartialShape.vector(inputs[0].shape.full.map { $0.count + 1 })
    return [splits, .vector(nil)] + (givesOffsets ? [.vector(nil)] : [])
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    var splits = [0]
    var values: [Int32] = []
    var starts: [Int64] = []
    for text in inputs[0].strings {
      for character in try errors.apply(encoding.decode(text.bytes)) {
        values.append(Int32(bitPattern: character.value))
        starts.append(Int64(character.start))
      }
      splits.append(values.count)
    }
    let out = [Tensor.integers(splits, splitsDType), Tensor(values)]
    return givesOffsets ? out + [Tensor(starts)] : out
  }
}

/// Rows of code points as strings.
struct UnicodeEncode: EagerOperation {
  static let opNames = ["UnicodeEncode"]
  let encoding: TextEncoding
  let errors: UnicodeErrors

  init(_ node: NodeContext) throws {
    encoding = try TextEncoding(try node.string("output_encoding"))
    errors = try UnicodeErrors(node)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(1, "input 0 (input_values)")
    try inputs[1].shape.requireRank(1, "input 1 (input_splits)")
    return [.vector(inputs[1].shape[0].map { $0 - 1 })]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank == 1, inputs[1].rank == 1, let splits = inputs[1].integers,
      splits.first == 0, splits.last == inputs[0].count
    else {
      throw BNormError.invalid(
        "input 1 (input_splits) must begin with 0 and end with \(inputs[0].count)")
    }
    let values = inputs[0].elements(Int32.self)
    var out: [ByteString] = []
    for (a, b) in zip(splits, splits.dropFirst()) {
      guard a <= b else { throw BNormError.invalid("input_splits decrease from \(a) to \(b)") }
      let decoded = (a..<b).map { i -> TextEncoding.Decoded in
        let value = UInt32(bitPattern: values[i])
        return (Unicode.Scalar(value) == nil ? nil : value, 0)
      }
      out.append(encoding.encode(try errors.apply(decoded).map(\.value)))
    }
    return [Tensor(strings: out, shape: [out.count])]
  }
}

/// Strings in another encoding.
struct UnicodeTranscode: EagerOperation {
  static let opNames = ["UnicodeTranscode"]
  let input: TextEncoding
  let output: TextEncoding
  let errors: UnicodeErrors

  init(_ node: NodeContext) throws {
    input = try TextEncoding(try node.string("input_encoding"))
    output = try TextEncoding(try node.string("output_encoding"))
    errors = try UnicodeErrors(node)
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let out = try inputs[0].strings.map { text in
      output.encode(try errors.apply(input.decode(text.bytes)).map(\.value))
    }
    return [Tensor(strings: out, shape: inputs[0].shape)]
  }
}
