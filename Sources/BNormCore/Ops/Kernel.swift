import BNormTensor

/// The pointers of one step: inputs, outputs and scratch memory.
public struct KernelIO {
  @usableFromInline let slots: UnsafePointer<UnsafeMutableRawPointer>
  @usableFromInline let map: UnsafePointer<Int32>
  @usableFromInline let inputCount: Int32

  /// The pointers of a step: slot `map[i]` for input, then output, then scratch number `i`.
  @inlinable public init(
    slots: UnsafePointer<UnsafeMutableRawPointer>, map: UnsafePointer<Int32>, inputCount: Int32
  ) {
    self.slots = slots
    self.map = map
    self.inputCount = inputCount
  }

  /// The elements of input `i`.
  @inlinable public func input(_ i: Int) -> UnsafeRawPointer {
    UnsafeRawPointer(slots[Int(map[i])])
  }
  /// Where the elements of output `i` go.
  @inlinable public func output(_ i: Int) -> UnsafeMutableRawPointer {
    slots[Int(map[Int(inputCount) + i])]
  }
  /// The scratch memory that the kernel asked for, given the number of outputs.
  @inlinable public func scratch(outputs: Int) -> UnsafeMutableRawPointer {
    slots[Int(map[Int(inputCount) + outputs])]
  }
}

/// How an op runs, once shapes are known.
public enum Kernel: Sendable {
  /// Every output has the bytes of input `input`: Identity, Reshape, Squeeze.
  case alias(input: Int)
  case function(KernelFunction)

  /// A kernel without scratch memory. It may throw for values that TensorFlow refuses.
  public static func run(
    inPlace: [InPlace] = [], label: String = "", _ body: @escaping @Sendable (KernelIO) throws -> Void
  ) -> Kernel {
    var function = KernelFunction(scratchBytes: 0, inPlace: inPlace, label: label, body: body)
    function.scratchBytes = 0
    return .function(function)
  }
}

/// Output `output` may take the memory of input `input` when nobody else reads it.
public struct InPlace: Sendable {
  public let input: Int
  public let output: Int
  public init(input: Int, output: Int) {
    self.input = input
    self.output = output
  }
}

public struct KernelFunction: Sendable {
  /// 64-byte aligned memory that holds nothing between runs.
  public var scratchBytes: Int
  public var inPlace: [InPlace]
  /// Inputs that the body does not read: constants in a layout of its own.
  public var unread: [Int]
  /// The algorithm, for profiles, e.g. `winograd4x4`.
  public var label: String
  public var body: @Sendable (KernelIO) throws -> Void

  public init(
    scratchBytes: Int, inPlace: [InPlace] = [], unread: [Int] = [], label: String = "",
    body: @escaping @Sendable (KernelIO) throws -> Void
  ) {
    // Who asks for scratch memory asks for its address too, even where sizes are 0.
    self.scratchBytes = max(scratchBytes, 1)
    self.inPlace = inPlace
    self.unread = unread
    self.label = label
    self.body = body
  }
}

/// What `lower` knows: all shapes, constants, and the cache of packed weights.
public struct Lowering: Sendable {
  public let inputs: [Fact]
  public let outputs: [Fact]
  let packs: PackCache

  public init(inputs: [Fact], outputs: [Fact], packs: PackCache) {
    self.inputs = inputs
    self.outputs = outputs
    self.packs = packs
  }

  /// The same lowering for other inputs and outputs: when a kernel runs on converted values.
  public func replacing(inputs: [Fact], outputs: [Fact]) -> Lowering {
    Lowering(inputs: inputs, outputs: outputs, packs: packs)
  }

  public func inputShape(_ i: Int) -> Shape { inputs[i].shape.full! }
  public func outputShape(_ i: Int) -> Shape { outputs[i].shape.full! }
  public func inputDType(_ i: Int) -> DType { inputs[i].dtype }
  public func outputDType(_ i: Int) -> DType { outputs[i].dtype }
  /// The value of input `i` when it is constant (always so for `valueInputs`).
  public func value(_ i: Int) -> Tensor? { inputs[i].value }

  /// A constant's elements in the kernel's own layout: `byteCount` bytes written once by `pack`,
  /// which is given the constant's own, and shared by all plans that ask for the same `layout` and
  /// `factors` of the same constant.
  public func packed(
    _ constant: Tensor, layout: String, factors: Tensor? = nil, byteCount: Int,
    _ pack: (_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) -> Void
  ) -> TensorStorage {
    packs.find(constant, layout: layout, factors: factors, byteCount: byteCount, pack)
  }
}
