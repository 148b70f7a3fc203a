import BNormCore
import BNormTensor
import CBNormKernels

/// One step of an optimizer: variables and their slots change, by all of a gradient or by rows.
struct Optimizer: EagerOperation {
  static let opNames = [
    "ApplyAdaMax", "ApplyAdadelta", "ApplyAdagrad", "ApplyAdagradDA", "ApplyAdagradV2", "ApplyAdam",
    "ApplyAddSign", "ApplyCenteredRMSProp", "ApplyFtrl", "ApplyFtrlV2", "ApplyGradientDescent",
    "ApplyMomentum", "ApplyPowerSign", "ApplyProximalAdagrad", "ApplyProximalGradientDescent",
    "ApplyRMSProp", "ResourceApplyAdaMax", "ResourceApplyAdadelta", "ResourceApplyAdagrad",
    "ResourceApplyAdagradDA", "ResourceApplyAdagradV2", "ResourceApplyAdam",
    "ResourceApplyAdamWithAmsgrad", "ResourceApplyAddSign", "ResourceApplyCenteredRMSProp",
    "ResourceApplyFtrl", "ResourceApplyFtrlV2", "ResourceApplyGradientDescent",
    "ResourceApplyKerasMomentum", "ResourceApplyMomentum", "ResourceApplyPowerSign",
    "ResourceApplyProximalAdagrad", "ResourceApplyProximalGradientDescent", "ResourceApplyRMSProp",
    "ResourceSparseApplyAdadelta", "ResourceSparseApplyAdagrad", "ResourceSparseApplyAdagradDA",
    "ResourceSparseApplyAdagradV2", "ResourceSparseApplyCenteredRMSProp", "ResourceSparseApplyFtrl",
    "ResourceSparseApplyFtrlV2", "ResourceSparseApplyKerasMomentum", "ResourceSparseApplyMomentum",
    "ResourceSparseApplyProximalAdagrad", "ResourceSparseApplyProximalGradientDescent",
    "ResourceSparseApplyRMSProp", "SparseApplyAdadelta", "SparseApplyAdagrad",
    "SparseApplyAdagradDA", "SparseApplyAdagradV2", "SparseApplyCenteredRMSProp", "SparseApplyFtrl",
    "SparseApplyFtrlV2", "SparseApplyMomentum", "SparseApplyProximalAdagrad",
    "SparseApplyProximalGradientDescent", "SparseApplyRMSProp",
  ]

  private static let rules: [String: bnk_optimizer_rule] = [
    "GradientDescent": BNK_GRADIENT_DESCENT,
    "ProximalGradientDescent": BNK_PROXIMAL_GRADIENT_DESCENT, "Momentum": BNK_MOMENTUM,
    "KerasMomentum": BNK_KERAS_MOMENTUM, "Adagrad": BNK_ADAGRAD, "AdagradV2": BNK_ADAGRAD_V2,
    "AdagradDA": BNK_ADAGRAD_DA, "ProximalAdagrad": BNK_PROXIMAL_ADAGRAD, "Adadelta": BNK_ADADELTA,
    "Adam": BNK_ADAM, "AdamWithAmsgrad": BNK_ADAM_AMSGRAD, "AdaMax": BNK_ADAMAX,
    "RMSProp": BNK_RMS_PROP, "CenteredRMSProp": BNK_CENTERED_RMS_PROP, "Ftrl": BNK_FTRL,
    "FtrlV2": BNK_FTRL_V2, "AddSign": BNK_ADD_SIGN, "PowerSign": BNK_POWER_SIGN,
  ]

  /// Rules that read the gradients of rows of one element one after the other.
  private static let flatRules = [
    BNK_PROXIMAL_GRADIENT_DESCENT, BNK_ADAGRAD, BNK_ADAGRAD_V2, BNK_ADAGRAD_DA,
    BNK_PROXIMAL_ADAGRAD, BNK_FTRL, BNK_FTRL_V2,
  ]

  /// The names of the inputs, in order.
  private let names: [String]
  private let states: [Int]
  private let scalars: [Int]
  private let gradient: Int
  private let indices: Int?
  private let step: Int?
  private let rule: bnk_optimizer_rule
  private let flags: Int32
  private let isReference: Bool

  init(_ node: NodeContext) throws {
    isReference = !node.op.hasPrefix("Resource")
    let range = node.op.range(ofName: "Apply")
    guard let rule = Optimizer.rules[String(node.op.dropFirst(range))] else {
      throw BNormError.unsupported(node.op)
    }
    self.rule = rule
    names = node.signature.inputs.map(\.name)
    states = names.indices.filter { i in
      let type = node.signature.inputs[i].type
      if case .fixed(.resource) = type.element { return true }
      return type.isReference
    }
    gradient = names.firstIndex { $0 == "grad" || $0 == "delta" } ?? 0
    indices = names.firstIndex(of: "indices")
    step = names.firstIndex(of: "global_step")
    let others = states + [gradient] + [indices, step].compactMap { $0 }
    scalars = names.indices.filter { !others.contains($0) }
    var flags: Int32 = 0
    func add(_ key: String, _ when: Bool, _ flag: bnk_optimizer_flag) throws {
      guard node.signature.attribute(key) != nil else { return }
      if try node.bool(key) == when { flags |= Int32(flag.rawValue) }
    }
    try add("use_nesterov", true, BNK_NESTEROV)
    try add("update_slots", false, BNK_KEEP_SLOTS)
    try add("multiply_linear_by_lr", true, BNK_MULTIPLY_LINEAR_BY_LR)
    self.flags = flags
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    for i in scalars { try inputs[i].shape.requireRank(0, "input \(i) (\(names[i]))") }
    if isReference, indices != nil, let rank = inputs[states[0]].handleShape?.rank {
      try inputs[gradient].shape.requireRank(rank, "input \(gradient) (grad)")
    }
    return isReference ? [.scalar] : []
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let variables = try states.map { try Variable.of(inputs[$0]) }
    let gradient = inputs[self.gradient]
    guard let function = bnk_optimizer(rule, Int32(gradient.dtype.rawValue)) else {
      throw BNormError.unsupported("dtype \(gradient.dtype.name)")
    }
    for variable in variables { try variable.require(gradient.dtype) }
    for i in scalars + [step].compactMap({ $0 }) where inputs[i].rank != 0 {
      throw BNormError.invalid("\(names[i]) is not a scalar: [\(inputs[i].shape)]")
    }
    try checkScalars(inputs)
    let values = joined(inputs)
    let step = self.step.flatMap { inputs[$0].integers?.first } ?? 0
    try Variable.update(variables) { tensors in
      for (k, tensor) in tensors.enumerated() where tensor.shape != tensors[0].shape {
        throw BNormError.invalid(
          "var and \(names[states[k]]) do not have the same shape: \(tensors[0].shape) "
            + "\(tensor.shape)")
      }
      if indices == nil {
        guard tensors[0].shape == gradient.shape else {
          throw BNormError.invalid(
            "var and \(names[self.gradient]) do not have the same shape: \(tensors[0].shape) "
              + "\(gradient.shape)")
        }
        applyAll(function, apart(tensors, variables), gradient, values, Double(step))
      } else {
        try applyRows(function, tensors, gradient, inputs, values, Double(step))
      }
    }
    return isReference ? [inputs[0]] : []
  }

  /// What TensorFlow demands of the scalars of the rules with regularization.
  private func checkScalars(_ inputs: [Tensor]) throws {
    guard [BNK_FTRL, BNK_FTRL_V2, BNK_PROXIMAL_ADAGRAD].contains(rule) else { return }
    for i in scalars {
      guard let value = inputs[i].doubles?.first else { continue }
      let name = names[i]
      let multiplies = flags & Int32(BNK_MULTIPLY_LINEAR_BY_LR.rawValue) != 0
      let isFine =
        switch name {
        case "lr": value > 0 || (multiplies && value >= 0)
        case "l1", "l2", "l2_shrinkage": value >= 0
        case "lr_power": value <= 0
        default: true
        }
      guard isFine else {
        let what =
          name == "lr" ? "a positive" : name == "lr_power" ? "a non-positive" : "a non-negative"
        throw BNormError.invalid("\(name) is not \(what) scalar: \(value)")
      }
    }
  }

  /// The scalars one after the other.
  private func joined(_ inputs: [Tensor]) -> Tensor {
    let size = inputs[gradient].dtype.size
    let out = Tensor(dtype: .uint8, shape: [max(scalars.count, 1) * size])
    for (k, i) in scalars.enumerated() {
      (out.storage.pointer + k * size).copyMemory(from: inputs[i].pointer, byteCount: size)
    }
    return out
  }

  /// A resource that is there more than once is copied for each but the last place, whose changes
  /// are the ones that stay.
  private func apart(_ tensors: [Tensor], _ variables: [Variable]) -> [Tensor] {
    guard !isReference else { return tensors }
    return tensors.enumerated().map { k, tensor in
      variables[(k + 1)...].contains { $0 === variables[k] } ? tensor.copy() : tensor
    }
  }

  // MARK: Kernels

  private func applyAll(
    _ function: @convention(c) (
      Int, UnsafePointer<UnsafeMutableRawPointer?>?, UnsafeRawPointer?, UnsafeRawPointer?, Double,
      Int32
    ) -> Void, _ tensors: [Tensor], _ gradient: Tensor, _ values: Tensor, _ step: Double
  ) {
    let size = gradient.dtype.size
    let block = 16384
    let count = gradient.count
    parallelFor((count + block - 1) / block, grain: 2) { blocks in
      for b in blocks {
        let start = b * block
        let pointers = tensors.map { Optional($0.storage.pointer + start * size) }
        function(
          min(block, count - start), pointers, gradient.pointer + start * size, values.pointer, step,
          flags)
      }
    }
  }

  private func applyRows(
    _ function: @convention(c) (
      Int, UnsafePointer<UnsafeMutableRawPointer?>?, UnsafeRawPointer?, UnsafeRawPointer?, Double,
      Int32
    ) -> Void, _ tensors: [Tensor], _ gradient: Tensor, _ inputs: [Tensor], _ values: Tensor,
    _ step: Double
  ) throws {
    let target = tensors[0]
    guard target.rank > 0 else {
      throw BNormError.invalid("var must be at least 1 dimensional")
    }
    let places = try inputs.integers(indices!, "indices")
    guard gradient.rank > 0, gradient.shape[0] == places.count else {
      throw BNormError.invalid(
        "grad must be the same size as indices in the first dimension: grad has shape "
          + "\(gradient.shape), indices \(inputs[indices!].shape)")
    }
    // A gradient may have more dimensions; then only the beginning of its rows counts.
    let isExact = [BNK_ADAGRAD, BNK_ADAGRAD_V2].contains(rule)
    guard isExact ? gradient.rank == target.rank : gradient.rank >= target.rank,
      gradient.shape.dimensions[1..<target.rank] == target.shape.dimensions[1...]
    else {
      throw BNormError.invalid(
        "var and grad must match in all but the first dimension: \(target.shape) \(gradient.shape)")
    }
    for (i, place) in places.enumerated() where place < 0 || place >= target.shape[0] {
      throw BNormError.invalid(
        "Index \(place) at offset \(i) in indices is out of range [0, \(target.shape[0]))")
    }
    let row = target.shape.product(1..<target.rank)
    let bytes = row * gradient.dtype.size
    guard row > 0 else { return }
    let isFlat = row == 1 && Optimizer.flatRules.contains(rule)
    let stride = (isFlat ? 1 : gradient.shape.product(1..<gradient.rank)) * gradient.dtype.size
    for (i, place) in places.enumerated() {
      let pointers = tensors.map { Optional($0.storage.pointer + place * bytes) }
      function(row, pointers, gradient.pointer + i * stride, values.pointer, step, flags)
    }
  }
}

extension String {
  /// How many characters lead up to and through `name`.
  fileprivate func range(ofName name: String) -> Int {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(name) {
        return distance(from: startIndex, to: start) + name.count
      }
      start = index(after: start)
    }
    return 0
  }
}
