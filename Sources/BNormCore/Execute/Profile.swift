import BNormTensor
import Glibc

/// What each step of a run took.
public final class Profile {
  public struct Entry: Sendable {
    public let name: String
    public let op: String
    /// The kernel's algorithm, if it has a name.
    public let kernel: String
    public let outputShapes: [Shape]
    public let inputShapes: [Shape]
    public let outputDTypes: [DType]
    /// Nanoseconds since the profile began, and how long the step took.
    public let start: UInt64
    public let duration: UInt64
    /// Bytes of inputs and outputs.
    public let bytes: Int
  }

  public private(set) var entries: [Entry] = []
  private let origin = Profile.now()

  public init() {}

  /// Monotonic time in nanoseconds.
  public static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  func record(
    _ step: Step, plan: Plan, slots: UnsafeMutablePointer<Int32>, values: [Tensor?],
    since start: UInt64
  ) {
    let end = Profile.now()
    let inputs = Int(step.inputCount)
    func shape(_ k: Int) -> Shape? {
      values[Int(slots[k])]?.shape ?? plan.slots[Int(slots[k])].shape
    }
    var bytes = 0
    for k in 0..<(inputs + Int(step.outputCount)) {
      bytes += (shape(k)?.count ?? 0) * plan.slots[Int(slots[k])].dtype.size
    }
    entries.append(
      Entry(
        name: step.name, op: step.op, kernel: step.label,
        outputShapes: (0..<Int(step.outputCount)).compactMap { shape(inputs + $0) },
        inputShapes: (0..<inputs).compactMap(shape), outputDTypes: step.outputDTypes,
        start: start - origin, duration: end - start, bytes: bytes))
  }
}
