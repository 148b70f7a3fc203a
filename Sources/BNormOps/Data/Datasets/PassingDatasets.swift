import BNormCore
import BNormTensor

/// Datasets that change how TensorFlow runs another one, but not its elements.
struct PassingDatasets: EagerOperation {
  static let opNames = [
    "PrefetchDataset", "OptionsDataset", "FinalizeDataset", "ModelDataset", "OptimizeDataset",
    "OptimizeDatasetV2", "PrivateThreadPoolDataset", "ExperimentalPrivateThreadPoolDataset",
    "MaxIntraOpParallelismDataset", "ExperimentalMaxIntraOpParallelismDataset",
    "ThreadPoolDataset", "ExperimentalThreadPoolDataset", "AssertNextDataset", "AssertPrevDataset",
    "ExperimentalAssertNextDataset", "LatencyStatsDataset", "BytesProducedStatsDataset",
    "SetStatsAggregatorDataset", "SleepDataset", "ExperimentalSleepDataset", "AutoShardDataset",
    "ExperimentalAutoShardDataset", "NonSerializableDataset", "ExperimentalNonSerializableDataset",
    "WrapDatasetVariant", "UnwrapDatasetVariant",
  ]

  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try inputs[0].dataset("input 0")
    return [inputs[0].owned]
  }
}
