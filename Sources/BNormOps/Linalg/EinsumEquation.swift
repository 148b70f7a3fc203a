import BNormCore
import BNormTensor

/// A parsed equation such as `...ij,...jk->...ik`.
struct EinsumEquation: Sendable {
  /// A letter, or one of the dimensions that an ellipsis stands for, counted from the last.
  enum Label: Hashable, Sendable {
    case named(UInt8)
    case spread(Int)
  }

  /// Letters before and after the ellipsis; without one, all are before it.
  struct Subscript: Sendable {
    var before: [UInt8] = []
    var after: [UInt8] = []
    var hasEllipsis = false

    var letters: [UInt8] { before + after }

    init(_ text: some StringProtocol) throws {
      let bytes = Array(text.utf8)
      let periods = bytes.filter { $0 == UInt8(ascii: ".") }.count
      guard periods == 0 || (periods == 3 && text.contains("...")) else {
        throw BNormError.invalid("the subscript \"\(text)\" of the equation has \(periods) periods")
      }
      var i = 0
      while i < bytes.count {
        if bytes[i] == UInt8(ascii: ".") {
          hasEllipsis = true
          i += 3
          continue
        }
        if hasEllipsis { after.append(bytes[i]) } else { before.append(bytes[i]) }
        i += 1
      }
    }

    /// One label for each of `rank` dimensions, or nil if they do not fit.
    func labels(rank: Int) -> [Label]? {
      let named = letters.count
      guard hasEllipsis ? rank >= named : rank == named else { return nil }
      return labels(spread: rank - named)
    }

    /// The labels when the ellipsis stands for `spread` dimensions.
    func labels(spread: Int) -> [Label] {
      before.map { .named($0) } + (0..<(hasEllipsis ? spread : 0)).map { .spread(spread - 1 - $0) }
        + after.map { .named($0) }
    }
  }

  let text: String
  let inputs: [Subscript]
  let output: Subscript

  init(_ text: String, inputCount: Int) throws {
    self.text = text
    let sides = text.split(separator: "->", omittingEmptySubsequences: false)
    guard sides.count == 2 else {
      throw BNormError.invalid("attribute equation \"\(text)\" must have exactly one \"->\"")
    }
    inputs = try sides[0].split(separator: ",", omittingEmptySubsequences: false).map {
      try Subscript($0)
    }
    output = try Subscript(sides[1])
    guard inputs.count == inputCount, inputCount <= 2 else {
      throw BNormError.invalid(
        "attribute equation \"\(text)\" has \(inputs.count) inputs, but the node has \(inputCount) "
          + "(1 or 2 are possible)")
    }
    let known = Set(inputs.flatMap(\.letters))
    for letter in output.letters where !known.contains(letter) {
      throw BNormError.invalid(
        "attribute equation \"\(text)\" has \"\(Character(UnicodeScalar(letter)))\" in the output only")
    }
  }

  /// The labels of each input and of the output, for inputs of these ranks.
  func labels(ranks: [Int]) throws -> (inputs: [[Label]], output: [Label]) {
    var spread = 0
    var labels: [[Label]] = []
    for (i, (part, rank)) in zip(inputs, ranks).enumerated() {
      guard let found = part.labels(rank: rank) else {
        let expected = part.hasEllipsis ? "at least rank" : "rank"
        throw BNormError.invalid(
          "input \(i) has rank \(rank), but equation \"\(text)\" expects \(expected) "
            + "\(part.letters.count)")
      }
      labels.append(found)
      if part.hasEllipsis { spread = max(spread, rank - part.letters.count) }
    }
    guard output.hasEllipsis || spread == 0 else {
      throw BNormError.invalid(
        "equation \"\(text)\" has no ellipsis in the output for \(spread) dimensions of the inputs")
    }
    return (labels, output.labels(spread: spread))
  }

  /// The size of each label; dimensions of an ellipsis spread, those of letters must agree. Unknown
  /// sizes are -1.
  func sizes(_ labels: [[Label]], _ shapes: [[Int]]) throws -> [Label: Int] {
    var sizes: [Label: Int] = [:]
    for (i, (labels, shape)) in zip(labels, shapes).enumerated() {
      for (label, size) in zip(labels, shape) {
        guard let known = sizes[label] else {
          sizes[label] = size
          continue
        }
        if known == size || size < 0 { continue }
        if known < 0 {
          sizes[label] = size
          continue
        }
        if case .spread = label, known == 1 || size == 1 {
          sizes[label] = max(known, size) == 1 ? 1 : (known == 1 ? size : known)
          continue
        }
        throw BNormError.invalid(
          "input \(i) has shape \(Shape(shape.map { max($0, 0) })), but equation \"\(text)\" needs "
            + "\(known) where it has \(size)")
      }
    }
    return sizes
  }
}
