import BNormCore
import BNormTensor
import CBNormKernels

/// Orders the dimensions as input 1 says; ConjugateTranspose also conjugates.
struct Transpose: PlannedOperation {
  static let opNames = ["Transpose", "ConjugateTranspose"]
  private let conjugates: Bool

  init(_ node: NodeContext) throws {
    conjugates = node.op == "ConjugateTranspose" && node.outputDTypes[0].isComplex
  }

  var valueInputs: [Int] { [1] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[1].requireVector("input 1 (perm)")
    if let rank = inputs[0].shape.rank, let count = inputs[1].shape[0], rank != count {
      throw BNormError.invalid(
        "input 1 (perm) has shape \(inputs[1].shape), but input 0 has shape \(inputs[0].shape)")
    }
    guard let given = inputs[1].integers else {
      return [.unknown(rank: inputs[0].shape.rank ?? inputs[1].shape[0])]
    }
    let perm = try Transpose.permutation(given)
    guard let dims = inputs[0].shape.dimensions else { return [.unknown(rank: perm.count)] }
    return [PartialShape(perm.map { dims[$0] })]
  }

  /// Checks that the axes are a permutation; negative ones count from the end.
  static func permutation(_ given: [Int]) throws -> [Int] {
    var seen = Set<Int>()
    return try given.map { axis in
      let i = try checkedAxis(axis, rank: given.count, "an element of input 1 (perm)")
      guard seen.insert(i).inserted else {
        throw BNormError.invalid("input 1 (perm) holds \(given): \(axis) is there twice")
      }
      return i
    }
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let out = context.outputShape(0)
    let perm = try Transpose.permutation(context.integers(1))
    let moved = perm.filter { shape[$0] != 1 }
    if !conjugates, moved == moved.sorted() || shape.count == 0 { return .alias(input: 0) }
    let strides = shape.strides
    let copy = try StridedCopy(
      size: context.inputDType(0).size, out.dimensions, from: StridedView(perm.map { strides[$0] }),
      to: StridedView(out.strides))
    guard conjugates else { return .run { io in copy.run(io.input(0), io.output(0)) } }
    let count = out.count
    let isWide = context.inputDType(0) == .complex128
    return .run { io in
      copy.run(io.input(0), io.output(0))
      if isWide {
        let parts = io.output(0).assumingMemoryBound(to: Double.self)
        for i in 0..<count { parts[2 * i + 1].negate() }
      } else {
        let parts = io.output(0).assumingMemoryBound(to: Float.self)
        for i in 0..<count { parts[2 * i + 1].negate() }
      }
    }
  }
}

/// The permutation that undoes input 0.
struct InvertPermutation: EagerOperation {
  static let opNames = ["InvertPermutation"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].requireVector("input 0")
    return [.vector(inputs[0].shape[0])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank == 1, let given = inputs[0].integers else {
      throw BNormError.invalid("input 0 has shape \(inputs[0].shape), expected a vector")
    }
    var out = [Int](repeating: -1, count: given.count)
    for (i, place) in given.enumerated() {
      guard out.indices.contains(place) else {
        throw BNormError.invalid("\(place) is not between 0 and \(given.count)")
      }
      guard out[place] == -1 else { throw BNormError.invalid("\(place) is there twice") }
      out[place] = i
    }
    return [Tensor(integers: out, dtype: inputs[0].dtype)]
  }
}
