import BNormCore
import BNormTensor

/// Which diagonals of a matrix are meant, and how they lie in a band: k-th diagonals from `lower` to
/// `upper`, the uppermost first, each in a row of the longest one's length.
struct DiagonalLayout {
  let lower: Int
  let upper: Int
  let rows: Int
  let columns: Int
  /// Superdiagonals lie at the left end of their rows, or at the right.
  private let superLeft: Bool
  private let subLeft: Bool

  enum Align: Sendable {
    case leftLeft, leftRight, rightLeft, rightRight

    /// V3 has an attribute; V2 and the first version align left.
    init(_ node: NodeContext) throws {
      guard node.op.hasSuffix("V3") else {
        self = .leftLeft
        return
      }
      switch try node.string("align") {
      case "LEFT_RIGHT": self = .leftRight
      case "RIGHT_LEFT": self = .rightLeft
      case "RIGHT_RIGHT": self = .rightRight
      default: self = .leftLeft
      }
    }
  }

  init(lower: Int, upper: Int, rows: Int, columns: Int, align: Align) {
    self.lower = lower
    self.upper = upper
    self.rows = rows
    self.columns = columns
    superLeft = align == .leftLeft || align == .leftRight
    subLeft = align == .leftLeft || align == .rightLeft
  }

  var count: Int { upper - lower + 1 }
  var longest: Int { min(rows + min(upper, 0), columns - max(lower, 0)) }
  func length(_ k: Int) -> Int { min(rows + min(k, 0), columns - max(k, 0)) }

  /// Where diagonal k starts in its row of the band.
  func start(_ k: Int) -> Int {
    let left = k >= 0 ? superLeft : subLeft
    return left ? 0 : longest - length(k)
  }

  /// The diagonals as strided copies between a matrix batch and a band batch.
  func pieces(batch: Int) -> [(dims: [Int], matrix: StridedView, band: StridedView)] {
    (lower...upper).compactMap { k in
      let length = length(k)
      guard length > 0 else { return nil }
      let corner = max(-k, 0) * columns + max(k, 0)
      return (
        [batch, length], StridedView(offset: corner, [rows * columns, columns + 1]),
        StridedView(offset: (upper - k) * longest + start(k), [count * longest, 1])
      )
    }
  }

  /// The parts of a band that belong to no diagonal's element.
  func gaps(batch: Int) -> [(dims: [Int], band: StridedView)] {
    (lower...upper).compactMap { k in
      let length = max(length(k), 0)
      guard length < longest else { return nil }
      let offset = (upper - k) * longest + (start(k) == 0 ? length : 0)
      return ([batch, longest - length], StridedView(offset: offset, [count * longest, 1]))
    }
  }

  /// Reads the one or two elements of the input k.
  static func bounds(_ k: [Int]) throws -> (lower: Int, upper: Int) {
    guard k.count == 1 || k.count == 2 else {
      throw BNormError.invalid("input k has \(k.count) elements, expected 1 or 2")
    }
    let upper = k.count == 2 ? k[1] : k[0]
    guard k[0] <= upper else {
      throw BNormError.invalid("input k holds (\(k[0]),\(upper)), the lower one must come first")
    }
    return (k[0], upper)
  }

  /// Throws unless the diagonals are in the matrix.
  func check() throws {
    for k in [lower, upper] {
      guard k > -rows && k < columns || k == 0 else {
        throw BNormError.invalid("there is no diagonal \(k) in a matrix of shape [\(rows),\(columns)]")
      }
    }
  }
}
