/// How far a graph is prepared before it runs. All stages give the same numbers; the earlier ones
/// exist to find out which later one is at fault.
public enum Stage: Sendable, CaseIterable {
  /// Each op of the graph by itself, in order.
  case imported
  /// With constants folded and the simplification passes applied.
  case simplified
  /// With kernels chosen and memory laid out ahead.
  case planned
}
