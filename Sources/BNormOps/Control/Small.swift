import BNormCore
import BNormTensor

/// Whether a value counts as true.
struct ToBool: EagerOperation {
  static let opNames = ["ToBool"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    [Tensor(scalar: try Truth.of(inputs[0], "input 0 (input)"))]
  }
}

/// A value that nobody looks at: what a branch gives for a result that only the other branch has.
struct FakeParam: EagerOperation, UnfoldableOperation {
  static let opNames = ["FakeParam"]
  private let dtype: DType
  private let shape: Shape

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("dtype")
    let declared = try node.shape("shape")
    shape = try Shape(checking: (declared.dimensions ?? [0]).map { max($0, 0) })
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    [Tensor(zeros: dtype, shape: try shape.fitting(dtype))]
  }
}

/// The place of the CPU among device names.
struct DeviceIndex: EagerOperation {
  static let opNames = ["DeviceIndex"]
  private let index: Int

  init(_ node: NodeContext) throws {
    let names = try node.strings("device_names")
    index = names.firstIndex { $0.string == "CPU" } ?? names.count
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }
  func run(_ inputs: [Tensor], _ context: RunContext) -> [Tensor] {
    [Tensor(scalar: Int32(clamping: index))]
  }
}

/// The inputs as they are.
struct ListConversion: EagerOperation {
  static let opNames = ["_ListToArray", "_ArrayToList"]

  init(_ node: NodeContext) throws {
    guard node.inputDTypes == node.outputDTypes else {
      throw BNormError.invalid(
        "the inputs have dtypes \(node.inputDTypes.map(\.name)), but the outputs "
          + "\(node.outputDTypes.map(\.name))")
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { inputs.map(\.shape) }
  func run(_ inputs: [Tensor], _ context: RunContext) -> [Tensor] { inputs }
}

/// Locks that need no holding: a step runs its nodes one after the other.
struct Mutex: EagerOperation {
  static let opNames = ["MutexV2", "MutexLock", "ConsumeMutexLock"]
  private let op: String
  private let name: ResourceName?

  private final class Held: TensorObject {
    let typeName: String
    init(_ typeName: String) { self.typeName = typeName }
  }

  init(_ node: NodeContext) throws {
    op = node.op
    guard node.op == "MutexV2" else {
      name = nil
      return
    }
    let shared = try node.string("shared_name")
    name = ResourceName(
      container: try node.string("container"), name: shared.isEmpty ? node.name : shared)
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { op == "ConsumeMutexLock" ? [] : [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    switch op {
    case "MutexV2":
      return [Tensor(scalar: try context.session.object(name!) { Held("Mutex") }, dtype: .resource)]
    case "MutexLock":
      guard inputs[0].objects.first is Held else {
        throw BNormError.invalid("input 0 (mutex) is no mutex")
      }
      return [Tensor(scalar: Held("MutexLock"), dtype: .variant)]
    default:
      guard inputs[0].objects.first is Held else {
        throw BNormError.invalid("input 0 (mutex_lock) is no lock of a mutex")
      }
      return []
    }
  }
}

/// Tensors that a session keeps between steps under a handle.
struct SessionTensor: EagerOperation {
  static let opNames = [
    "GetSessionHandle", "GetSessionHandleV2", "GetSessionTensor", "DeleteSessionTensor",
  ]
  private let op: String

  private final class Kept: TensorObject, @unchecked Sendable {
    let tensor: Tensor
    let handle: String
    var typeName: String { "SessionTensor" }
    init(_ tensor: Tensor, _ handle: String) {
      self.tensor = tensor
      self.handle = handle
    }
  }
  private final class Numbers: @unchecked Sendable {
    private let lock = Lock()
    private var last = 0
    func next() -> Int {
      lock.withLock {
        last += 1
        return last
      }
    }
  }
  private struct Key: Hashable { let handle: String }
  private struct NumbersKey: Hashable {}

  init(_ node: NodeContext) throws { op = node.op }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    switch op {
    case "GetSessionTensor": nil
    case "DeleteSessionTensor": []
    default: [.scalar]
    }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    if op.hasPrefix("GetSessionHandle") {
      let number = try context.session.object(NumbersKey()) { Numbers() }.next()
      let handle = "\(context.nodeName);\(number);CPU:0"
      let kept = Kept(inputs[0].owned, handle)
      context.session.set(Key(handle: handle), kept)
      return op == "GetSessionHandle"
        ? [Tensor(strings: [ByteString(handle)], shape: .scalar)]
        : [Tensor(scalar: kept, dtype: .resource)]
    }
    guard inputs[0].dtype == .string, let handle = inputs[0].strings.first?.string else {
      throw BNormError.invalid("input 0 (handle) has shape \(inputs[0].shape), expected a string")
    }
    guard let kept = context.session.find(Key(handle: handle), of: Kept.self) else {
      throw BNormError.invalid(
        "The tensor with handle '\(handle)' is not in the session store.")
    }
    if op == "DeleteSessionTensor" {
      context.session.set(Key(handle: handle), nil)
      return []
    }
    return [kept.tensor]
  }
}
