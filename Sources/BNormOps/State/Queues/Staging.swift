import BNormCore
import BNormTensor

/// Tuples that are put aside in the session: `Stage` adds one, `Unstage` takes the first.
struct Staging: EagerOperation {
  static let opNames = ["Stage", "Unstage", "StagePeek", "StageSize", "StageClear"]

  private final class Area: @unchecked Sendable {
    let lock = Lock()
    var tuples: [[Tensor]] = []
  }
  private struct Key: Hashable, CustomStringConvertible {
    let name: ResourceName
    var description: String { "staging area \(name)" }
  }

  private let op: String
  private let capacity: Int
  private let key: Key

  init(_ node: NodeContext) throws {
    op = node.op
    capacity = try node.int("capacity")
    let shared = try node.string("shared_name")
    key = Key(
      name: ResourceName(
        container: try node.string("container"), name: shared.isEmpty ? node.name : shared))
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let area = try context.session.object(key) { Area() }
    return try area.lock.withLock {
      switch op {
      case "Stage":
        guard capacity == 0 || area.tuples.count < capacity else {
          throw BNormError.invalid(
            "\(key) is full (capacity \(capacity)), and nothing takes from it while this waits")
        }
        area.tuples.append(inputs.map(\.owned))
        return []
      case "StageSize": return [Tensor(scalar: Int32(clamping: area.tuples.count))]
      case "StageClear":
        area.tuples = []
        return []
      default:
        let index = op == "StagePeek" ? try inputs.scalarInteger(0, "index") : 0
        guard area.tuples.indices.contains(index) else {
          throw BNormError.invalid(
            "\(key) has \(area.tuples.count) elements, and nothing adds to it while this waits")
        }
        let tuple = op == "StagePeek" ? area.tuples[index] : area.tuples.removeFirst()
        guard tuple.map(\.dtype) == context.outputDTypes else {
          throw BNormError.invalid(
            "\(key) holds dtypes \(tuple.map(\.dtype.name)), expected "
              + "\(context.outputDTypes.map(\.name))")
        }
        return tuple
      }
    }
  }
}
