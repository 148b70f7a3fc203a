import BNormCore
import BNormTensor

/// The nodes of TensorFlow 1 conditionals and loops: plans take them apart, they never run.
struct ControlFlow: Operation {
  static let opNames = [
    "Switch", "RefSwitch", "_SwitchN", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit",
    "NextIteration", "RefNextIteration",
  ]
  init(_ node: NodeContext) throws {}
}

/// The condition of a while loop.
struct LoopCond: AliasOperation {
  static let opNames = ["LoopCond"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(0, "input 0 (input)")
    return [.scalar]
  }
  func lower(_ context: Lowering) -> Kernel { .alias(input: 0) }
}
