import BNormCore
import BNormTensor

/// Datasets that call a function on each element of another one.
struct FunctionDatasets: FunctionalOperation {
  static let opNames = [
    "MapDataset", "ParallelMapDataset", "ParallelMapDatasetV2", "MapAndBatchDataset",
    "ExperimentalMapAndBatchDataset", "FilterDataset", "ParallelFilterDataset", "TakeWhileDataset",
    "ExperimentalTakeWhileDataset", "FlatMapDataset", "InterleaveDataset",
    "ParallelInterleaveDataset", "ParallelInterleaveDatasetV2", "ParallelInterleaveDatasetV3",
    "ParallelInterleaveDatasetV4", "LegacyParallelInterleaveDatasetV2", "ScanDataset",
    "ExperimentalScanDataset", "ReduceDataset",
  ]
  private let op: String
  private let function: FunctionReference
  private let stateCount: Int
  private let capturedCount: Int
  private let dtypes: [DType]
  private let shapes: [PartialShape]

  init(_ node: NodeContext) throws {
    op = node.op
    let isPredicate = node.op.contains("Filter") || node.op.contains("TakeWhile")
    function = try node.function(isPredicate ? "predicate" : "f")
    let hasState = node.op.hasSuffix("ScanDataset") || node.op == "ReduceDataset"
    stateCount = hasState ? try node.dtypes("Tstate").count : 0
    capturedCount = try node.dtypes("Targuments").count
    dtypes = try node.dtypes("output_types")
    shapes = try node.shapes("output_shapes")
  }

  var functions: [FunctionReference] { [function] }

  func bind(_ inputs: [Fact], _ binder: FunctionBinder) throws -> BoundOperation {
    let call = try binder.callable(function)
    let outputs = op == "ReduceDataset" && shapes.count == dtypes.count ? shapes : [.scalar]
    return BoundOperation(
      BoundFunctionDataset(
        op: op, callable: call, stateCount: stateCount, capturedCount: capturedCount,
        dtypes: dtypes, shapes: shapes),
      outputs: outputs)
  }
}

private struct BoundFunctionDataset: PlanOnlyOperation {
  let op: String
  let callable: Callable
  let stateCount: Int
  let capturedCount: Int
  let dtypes: [DType]
  let shapes: [PartialShape]

  func run(_ tensors: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let inputs = DatasetInputs(tensors)
    let input = try inputs.dataset()
    let state = tensors[1..<1 + stateCount].map(\.owned)
    let first = 1 + stateCount
    let captured = tensors[first..<first + capturedCount].map(\.owned)
    let rest = first + capturedCount
    let call: @Sendable ([Tensor], RunContext) throws -> [Tensor] = { [callable] given, context in
      try callable.run(given + captured, context)
    }
    switch op {
    case "ReduceDataset": return try reduce(input, state, call, context)
    case "FilterDataset", "ParallelFilterDataset":
      return [input.filtered { try predicate(call($0, $1)) }.tensor]
    case "TakeWhileDataset", "ExperimentalTakeWhileDataset":
      return [input.taking { try predicate(call($0, $1)) }.tensor]
    case "ScanDataset", "ExperimentalScanDataset":
      return [input.scanned(state, outputs: dtypes.count, call).tensor]
    case "FlatMapDataset": return [input.interleaved(1, block: 1, call).tensor]
    case let op where op.contains("Interleave"):
      var cycle = try inputs.integer(rest, "cycle_length")
      // TensorFlow takes the number of cores.
      if cycle == -1 { cycle = 4 }
      let block = try inputs.integer(rest + 1, "block_length")
      guard cycle > 0, cycle < 1 << 24 else {
        throw BNormError.invalid("cycle_length must be greater than zero, got \(cycle)")
      }
      guard block > 0 else {
        throw BNormError.invalid("block_length must be greater than zero, got \(block)")
      }
      return [input.interleaved(cycle, block: block, call).tensor]
    case "MapAndBatchDataset", "ExperimentalMapAndBatchDataset":
      let size = try inputs.integer(rest, "batch_size")
      guard size > 0 else {
        throw BNormError.invalid("batch_size must be greater than zero, got \(size)")
      }
      let drops = try inputs.bool(rest + 2, "drop_remainder")
      return [
        input.mapped(call).batched(size, dropsRemainder: drops) { elements in
          try elements[0].indices.map { k in
            try Tensor.stack(elements.map { $0[k] }, component: k)
          }
        }.tensor
      ]
    default: return [input.mapped(call).tensor]
    }
  }

  private func reduce(
    _ input: Dataset, _ initial: [Tensor],
    _ call: ([Tensor], RunContext) throws -> [Tensor], _ context: RunContext
  ) throws -> [Tensor] {
    let source = try input.makeIterator()
    var state = initial
    while let element = try source(context) {
      let next = try call(state + element, context)
      guard next.map(\.dtype) == state.map(\.dtype) else {
        throw BNormError.invalid(
          "the function gives dtypes \(next.map(\.dtype.name)), but the state has "
            + "\(state.map(\.dtype.name))")
      }
      state = next
    }
    try state.checkElement(dtypes, shapes)
    return state
  }
}

private func predicate(_ results: [Tensor]) throws -> Bool {
  guard results.count == 1 else {
    throw BNormError.invalid("a predicate gives \(results.count) tensors, expected one")
  }
  return try results[0].scalarBool("the result of the predicate")
}

extension Dataset {
  func mapped(_ call: @escaping @Sendable ([Tensor], RunContext) throws -> [Tensor]) -> Dataset {
    Dataset(cardinality: cardinality) { [self] in
      let source = try makeIterator()
      return { context in try source(context).map { try call($0, context) } }
    }
  }

  func filtered(_ test: @escaping @Sendable ([Tensor], RunContext) throws -> Bool) -> Dataset {
    let known = cardinality == 0 ? 0 : Dataset.unknown
    return Dataset(cardinality: known, batchSize: batchSize) { [self] in
      let source = try makeIterator()
      return { context in
        while let element = try source(context) {
          if try test(element, context) { return element }
        }
        return nil
      }
    }
  }

  func taking(while test: @escaping @Sendable ([Tensor], RunContext) throws -> Bool) -> Dataset {
    Dataset(batchSize: batchSize) { [self] in
      let source = try makeIterator()
      var isOver = false
      return { context in
        guard !isOver, let element = try source(context), try test(element, context) else {
          isOver = true
          return nil
        }
        return element
      }
    }
  }

  func scanned(
    _ initial: [Tensor], outputs: Int,
    _ call: @escaping @Sendable ([Tensor], RunContext) throws -> [Tensor]
  ) -> Dataset {
    Dataset(cardinality: cardinality) { [self] in
      let source = try makeIterator()
      var state = initial
      return { context in
        guard let element = try source(context) else { return nil }
        let made = try call(state + element, context)
        guard made.count == state.count + outputs else {
          throw BNormError.invalid(
            "the function gives \(made.count) tensors, expected \(state.count) of the state and "
              + "\(outputs) outputs")
        }
        state = made[..<state.count].map(\.owned)
        return Array(made[initial.count...])
      }
    }
  }

  /// Elements of the datasets that a function makes of elements, `cycle` of them in turns.
  func interleaved(
    _ cycle: Int, block: Int, _ call: @escaping @Sendable ([Tensor], RunContext) throws -> [Tensor]
  ) -> Dataset {
    let known = cardinality == 0 ? 0 : Dataset.unknown
    return Dataset(cardinality: known) { [self] in
      let source = try makeIterator()
      var open: [NextElement?] = Array(repeating: nil, count: cycle)
      var (openCount, index, taken) = (0, 0, 0)
      var isOver = false
      func advance() {
        taken = 0
        index = (index + 1) % cycle
      }
      return { context in
        while !isOver || openCount > 0 {
          if let current = open[index] {
            if let element = try current(context) {
              taken += 1
              if taken == block { advance() }
              return element
            }
            open[index] = nil
            openCount -= 1
            advance()
          } else if !isOver {
            guard let element = try source(context) else {
              isOver = true
              continue
            }
            let made = try call(element, context)
            guard made.count == 1 else {
              throw BNormError.invalid(
                "the function gives \(made.count) tensors, expected a dataset")
            }
            open[index] = try made[0].dataset("the result of the function").makeIterator()
            openCount += 1
          } else {
            advance()
          }
        }
        return nil
      }
    }
  }
}
