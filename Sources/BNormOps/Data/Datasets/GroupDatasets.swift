import BNormCore
import BNormTensor

/// Datasets of what functions make of elements that have one key.
struct GroupDatasets: FunctionalOperation {
  static let opNames = [
    "GroupByWindowDataset", "ExperimentalGroupByWindowDataset", "GroupByReducerDataset",
    "ExperimentalGroupByReducerDataset",
  ]
  private let isWindow: Bool
  let functions: [FunctionReference]
  /// The number of captured inputs of each function.
  private let captured: [Int]

  init(_ node: NodeContext) throws {
    isWindow = node.op.hasSuffix("WindowDataset")
    let names =
      isWindow ? ["key", "reduce", "window_size"] : ["key", "init", "reduce", "finalize"]
    functions = try names.map { try node.function("\($0)_func") }
    captured = try names.map { try node.dtypes("T\($0)_func_other_arguments").count }
  }

  func bind(_ inputs: [Fact], _ binder: FunctionBinder) throws -> BoundOperation {
    BoundOperation(
      BoundGroupDataset(
        isWindow: isWindow, callables: try functions.map { try binder.callable($0) },
        captured: captured),
      outputs: [.scalar])
  }
}

private struct BoundGroupDataset: PlanOnlyOperation {
  let isWindow: Bool
  let callables: [Callable]
  let captured: [Int]

  func run(_ tensors: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let input = try DatasetInputs(tensors).dataset()
    var next = 1
    let calls = zip(callables, captured).map { callable, count -> Call in
      let own = tensors[next..<next + count].map(\.owned)
      next += count
      return { given, context in try callable.run(given + own, context) }
    }
    return [
      (isWindow
        ? input.grouped(key: calls[0], reduce: calls[1], windowSize: calls[2])
        : input.reduced(key: calls[0], start: calls[1], reduce: calls[2], finish: calls[3])).tensor
    ]
  }
}

private typealias Call = @Sendable ([Tensor], RunContext) throws -> [Tensor]

private func integer(_ results: [Tensor], _ what: String) throws -> Int {
  guard results.count == 1, results[0].rank == 0, let value = results[0].integers?[0] else {
    throw BNormError.invalid("\(what) must give one integer scalar")
  }
  return value
}

extension Dataset {
  fileprivate func grouped(
    key: @escaping Call, reduce: @escaping Call, windowSize: @escaping Call
  ) -> Dataset {
    Dataset(cardinality: cardinality == 0 ? 0 : Dataset.unknown) { [self] in
      let source = try makeIterator()
      var groups: [Int: [[Tensor]]] = [:]
      var sizes: [Int: Int] = [:]
      var current: NextElement?
      var isOver = false
      func start(_ number: Int, _ context: RunContext) throws {
        let group = Dataset.list(groups.removeValue(forKey: number) ?? [])
        let made = try reduce([Tensor(scalar: Int64(number)), group.tensor], context)
        guard made.count == 1 else {
          throw BNormError.invalid("reduce_func gives \(made.count) tensors, expected a dataset")
        }
        current = try made[0].dataset("the result of reduce_func").makeIterator()
      }
      return { context in
        while true {
          if let element = try current?(context) { return element }
          current = nil
          while current == nil, !isOver {
            guard let element = try source(context) else {
              isOver = true
              break
            }
            let number = try integer(key(element, context), "key_func")
            if sizes[number] == nil {
              let size = try integer(
                windowSize([Tensor(scalar: Int64(number))], context), "window_size_func")
              guard size > 0 else {
                throw BNormError.invalid("Window size must be greater than zero, but got \(size).")
              }
              sizes[number] = size
            }
            groups[number, default: []].append(element.map(\.owned))
            if groups[number]!.count == sizes[number] { try start(number, context) }
          }
          if current == nil {
            guard let number = groups.keys.min() else { return nil }
            try start(number, context)
          }
        }
      }
    }
  }

  fileprivate func reduced(
    key: @escaping Call, start: @escaping Call, reduce: @escaping Call, finish: @escaping Call
  ) -> Dataset {
    Dataset { [self] in
      let source = try makeIterator()
      var states: [Int: [Tensor]] = [:]
      var keys: [Int]?
      return { context in
        if keys == nil {
          while let element = try source(context) {
            let number = try integer(key(element, context), "key_func")
            let state =
              try states[number] ?? start([Tensor(scalar: Int64(number))], context)
            states[number] = try reduce(state + element, context).map(\.owned)
          }
          keys = states.keys.sorted(by: >)
        }
        guard let number = keys!.popLast() else { return nil }
        return try finish(states.removeValue(forKey: number) ?? [], context)
      }
    }
  }
}
