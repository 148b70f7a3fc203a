import BNormCore
import BNormTensor
import Glibc

/// Seconds since 1970.
struct Timestamp: EagerOperation, UnfoldableOperation {
  static let opNames = ["Timestamp"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) -> [Tensor] {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return [Tensor(scalar: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)]
  }
}
