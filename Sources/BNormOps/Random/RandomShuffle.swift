import BNormCore
import BNormTensor

/// The rows of a tensor in random order, from an op's own generator or from key and counter.
struct RandomShuffle: EagerOperation {
  static let opNames = ["RandomShuffle", "StatelessShuffle"]
  /// nil: inputs 1 to 3 give the generator.
  let seeds: Seeds?

  init(_ node: NodeContext) throws { seeds = node.op == "RandomShuffle" ? try Seeds(node) : nil }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if seeds == nil { try StatelessSeed.check(inputs, takesKey: true) }
    return [inputs[0].shape]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let x = inputs[0]
    let given = seeds == nil ? try StatelessSeed.philox(inputs, takesKey: true) : nil
    guard x.count > 1, x.shape[0] > 1 else { return [x] }
    let rows = x.shape[0]
    let width = x.count / rows
    var words = SingleWords(
      try given ?? seeds!.state(context).reserve128(UInt64((rows - 1 + 3) / 4)))
    var order = Array(0..<rows)
    for i in 0..<(rows - 1) {
      order.swapAt(i, i + Int(words.next() % UInt32(truncatingIfNeeded: rows - i)))
    }
    let out = Tensor(dtype: x.dtype, shape: x.shape)
    for (i, source) in order.enumerated() {
      switch x.dtype {
      case .string:
        for k in 0..<width { out.storage.strings[i * width + k] = x.strings[source * width + k] }
      case .resource, .variant:
        for k in 0..<width { out.storage.objects[i * width + k] = x.objects[source * width + k] }
      default:
        let size = width * x.dtype.size
        (out.storage.pointer + i * size).copyMemory(
          from: x.pointer + source * size, byteCount: size)
      }
    }
    return [out]
  }
}
