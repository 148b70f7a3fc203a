import BNormTensor
import CBNormKernels

/// A call bound to feeds of fixed shapes, working on the caller's memory. For one thread at a time;
/// make one for each thread.
public final class BoundRun {
  private let session: Session
  private let executor: Executor
  private let step = StepState()
  private let inputFacts: [(dtype: DType, shape: Shape)]

  init(session: Session, executor: Executor, graph: Graph, call: Session.Call) {
    self.session = session
    self.executor = executor
    inputFacts = executor.plan.feedSlots.enumerated().map { k, slot in
      let value = call.feeds[k]
      let dtype = graph.nodes[Int(value.node)].outputDTypes[Int(value.port)]
      return slot < 0
        ? (dtype, .scalar) : (dtype, executor.plan.slots[Int(slot)].shape ?? .scalar)
    }
  }

  /// The dtype and shape of each fetch; the shape is nil when it depends on values.
  public var outputs: [(dtype: DType, shape: Shape?)] {
    executor.plan.fetchFacts.map { ($0.dtype, $0.shape.full) }
  }

  /// Runs one step.
  ///
  /// - Parameters:
  ///   - inputs: for each feed its elements, row-major, of the fed dtype and the bound shape.
  ///   - outputs: for each fetch where its elements go.
  public func run(
    inputs: UnsafeBufferPointer<UnsafeRawPointer>,
    outputs: UnsafeBufferPointer<UnsafeMutableRawPointer>
  ) throws {
    guard inputs.count == inputFacts.count, outputs.count == executor.plan.fetchSlots.count else {
      throw BNormError.invalid(
        "\(inputs.count) inputs and \(outputs.count) outputs given, expected "
          + "\(inputFacts.count) and \(executor.plan.fetchSlots.count)")
    }
    var tensors: [Tensor] = []
    if executor.plan.readsFeedTensors {
      tensors = zip(inputFacts, inputs).map { fact, pointer in
        let count = fact.shape.count * fact.dtype.size
        return Tensor(
          dtype: fact.dtype, shape: fact.shape,
          storage: TensorStorage(
            borrowing: UnsafeMutableRawPointer(mutating: pointer), byteCount: count))
      }
    }
    let saved = bnk_enter_ftz()
    defer {
      bnk_leave_ftz(saved)
      step.removeAll()
    }
    try executor.run(
      inputs: inputs, inputTensors: tensors, outputs: outputs, session: session.state, step: step,
      functions: session)
  }
}
