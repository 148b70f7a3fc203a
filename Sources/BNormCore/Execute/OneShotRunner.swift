import BNormTensor

/// Runs a single op on tensors: for constant folding and for steps whose shapes are known late.
struct OneShotRunner: Sendable {
  let packs: PackCache
  let session: SessionState

  func run(
    _ operation: any Operation, name: String, _ inputs: [Tensor], dtypes: [DType]
  ) throws -> [Tensor] {
    if let planned = operation as? any PlannedOperation,
      planned.movesElements || !(operation is any EagerOperation)
        || (inputs.allSatisfy(\.dtype.isPlain) && dtypes.allSatisfy(\.isPlain))
    {
      return try LoweredStep(planned, inputs, dtypes: dtypes, packs: packs).run(inputs)
    }
    guard let eager = operation as? any EagerOperation else {
      throw BNormError.unsupported("this op does not run by itself")
    }
    let step = StepState()
    let context = RunContext(
      session: session, step: step, nodeName: name,
      nodeKey: NodeKey(graph: ObjectIdentifier(step), node: 0), outputDTypes: dtypes,
      functions: nil)
    return try eager.run(inputs, context)
  }
}

/// A planned op lowered for particular tensors: their shapes, and the values it depends on.
struct LoweredStep {
  let kernel: Kernel
  let outputs: [Fact]
  /// Strings and objects stand in for their index.
  private let usesIndices: Bool

  init(
    _ operation: any PlannedOperation, _ inputs: [Tensor], dtypes: [DType], packs: PackCache
  ) throws {
    let valueInputs = operation.valueInputs
    let plain = inputs.allSatisfy(\.dtype.isPlain) && dtypes.allSatisfy(\.isPlain)
    usesIndices = !plain
    var facts = inputs.enumerated().map { i, tensor in
      Fact(
        tensor.dtype, PartialShape(tensor.shape), value: valueInputs.contains(i) ? tensor.owned : nil)
    }
    guard let shapes = try operation.infer(facts), shapes.count == dtypes.count else {
      throw BNormError.invalid("the shapes of the outputs do not follow from the inputs")
    }
    var outputs: [Fact] = []
    for (dtype, shape) in zip(dtypes, shapes) {
      guard let full = shape.full else {
        throw BNormError.invalid("shape \(shape) of an output is not a valid size")
      }
      try MemoryLimit.check(dtype, full)
      outputs.append(Fact(dtype, PartialShape(full)))
    }
    self.outputs = outputs
    var loweredOutputs = outputs
    if !plain {
      guard operation.movesElements else {
        throw BNormError.unsupported("dtype \(inputs.first { !$0.dtype.isPlain }?.dtype.name ?? dtypes[0].name)")
      }
      for i in facts.indices where !facts[i].dtype.isPlain { facts[i].dtype = .int64 }
      for i in loweredOutputs.indices where !dtypes[i].isPlain { loweredOutputs[i].dtype = .int64 }
    }
    kernel = try operation.lower(Lowering(inputs: facts, outputs: loweredOutputs, packs: packs))
  }

  func run(_ inputs: [Tensor]) throws -> [Tensor] {
    switch kernel {
    case .alias(let i):
      return outputs.map { Tensor(dtype: $0.dtype, shape: $0.shape.full!, storage: inputs[i].storage) }
    case .function(let function):
      guard usesIndices else {
        let made = outputs.map { Tensor(dtype: $0.dtype, shape: $0.shape.full!) }
        try call(function, inputs, made)
        return made
      }
      return try runOnIndices(function, inputs)
    }
  }

  private func call(_ function: KernelFunction, _ inputs: [Tensor], _ outputs: [Tensor]) throws {
    let count = inputs.count + outputs.count
    try MemoryLimit.check(bytes: function.scratchBytes)
    let scratch = TensorStorage(byteCount: function.scratchBytes)
    try withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer.self, capacity: count + 1) { slots in
      try withUnsafeTemporaryAllocation(of: Int32.self, capacity: count + 1) { map in
        for i in 0...count { map[i] = Int32(i) }
        for (i, tensor) in inputs.enumerated() {
          slots.baseAddress!.advanced(by: i).initialize(to: tensor.storage.pointer)
        }
        for (i, tensor) in outputs.enumerated() {
          slots.baseAddress!.advanced(by: inputs.count + i).initialize(to: tensor.storage.pointer)
        }
        slots.baseAddress!.advanced(by: count).initialize(to: scratch.pointer)
        let io = KernelIO(
          slots: UnsafePointer(slots.baseAddress!), map: UnsafePointer(map.baseAddress!),
          inputCount: Int32(inputs.count))
        try function.body(io)
      }
    }
    withExtendedLifetime((inputs, outputs, scratch)) {}
  }

  /// Moves indices in place of strings or objects; index 0 is the empty string.
  private func runOnIndices(_ function: KernelFunction, _ inputs: [Tensor]) throws -> [Tensor] {
    var strings: [ByteString] = [.empty]
    var objects: [(any TensorObject)?] = [nil]
    var stand: [Tensor] = []
    for input in inputs {
      guard !input.dtype.isPlain else {
        stand.append(input)
        continue
      }
      let base = input.dtype == .string ? strings.count : objects.count
      if input.dtype == .string { strings += input.strings } else { objects += input.objects }
      stand.append(Tensor((0..<input.count).map { Int64(base + $0) }, shape: input.shape))
    }
    let made = outputs.map {
      Tensor(dtype: $0.dtype.isPlain ? $0.dtype : .int64, shape: $0.shape.full!)
    }
    try call(function, stand, made)
    return zip(outputs, made).map { fact, tensor in
      guard !fact.dtype.isPlain else { return tensor }
      let indices = tensor.elements(Int64.self)
      if fact.dtype == .string {
        return Tensor(strings: indices.map { strings[Int($0)] }, shape: tensor.shape)
      }
      return Tensor(objects: indices.map { objects[Int($0)] }, dtype: fact.dtype, shape: tensor.shape)
    }
  }
}
