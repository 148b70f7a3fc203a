import BNormCore
import BNormTensor

/// The masks of a strided slice, one bit per entry of begin, end and strides.
struct SliceMasks {
  let begin, end, ellipsis, newAxis, shrink: Int

  init(_ node: NodeContext) throws {
    begin = try node.int32("begin_mask")
    end = try node.int32("end_mask")
    ellipsis = try node.int32("ellipsis_mask")
    newAxis = try node.int32("new_axis_mask")
    shrink = try node.int32("shrink_axis_mask")
    guard ellipsis & (ellipsis &- 1) == 0 else {
      throw BNormError.invalid("attribute ellipsis_mask has more than one bit")
    }
  }
}

/// A strided slice resolved against the dimensions of the tensor it is taken from.
struct SliceSpec {
  /// Per dimension of the tensor: where the slice starts, its step, and how many elements it takes
  /// (-1: unknown).
  private(set) var begin: [Int] = []
  private(set) var strides: [Int] = []
  private(set) var counts: [Int] = []
  /// The dimensions of the slice: new ones added, shrunk ones gone.
  private(set) var final: [Int] = []

  private enum Entry {
    case keep(Int)
    case add
    case drop
  }

  /// `dims` may hold -1; `begin` and `end` may be unknown.
  init(dims: [Int], begin: [Int]?, end: [Int]?, strides: [Int], masks: SliceMasks) throws {
    let count = strides.count
    guard count < 32 else {
      throw BNormError.invalid("input 3 (strides) has \(count) elements, at most 31 are allowed")
    }
    var entries: [Entry] = []
    var full = 0
    var ellipsisSeen = false
    var addedAfter = 0
    for i in 0..<count {
      if ellipsisSeen, masks.newAxis >> i & 1 == 1 { addedAfter += 1 }
      if masks.ellipsis >> i & 1 == 1 { ellipsisSeen = true }
    }
    /// What the masks and inputs say for each dimension of the tensor.
    var source: [Int?] = []
    for i in 0...count {
      let bit = 1 << i
      if i == count ? !ellipsisSeen : masks.ellipsis & bit != 0 {
        // The ellipsis stands for all dimensions that no other entry takes.
        let rest = i == count ? 0 : count - i - 1 - addedAfter
        while full < dims.count - rest {
          entries.append(.keep(full))
          source.append(nil)
          full += 1
        }
      } else if i == count {
        break
      } else if masks.newAxis & bit != 0 {
        entries.append(.add)
      } else {
        guard full < dims.count else {
          throw BNormError.invalid(
            "the slice names \(full + 1) dimensions, but input 0 has shape \(Shape.text(dims))")
        }
        entries.append(masks.shrink & bit != 0 ? .drop : .keep(full))
        source.append(i)
        full += 1
      }
    }
    for (d, entry) in source.enumerated() {
      try resolve(d, dims[d], entry, begin, end, strides, masks)
    }
    for entry in entries {
      switch entry {
      case .keep(let d): final.append(counts[d])
      case .add: final.append(1)
      case .drop: break
      }
    }
  }

  private mutating func resolve(
    _ d: Int, _ dim: Int, _ entry: Int?, _ givenBegin: [Int]?, _ givenEnd: [Int]?,
    _ givenStrides: [Int], _ masks: SliceMasks
  ) throws {
    guard let entry else {
      begin.append(0)
      strides.append(1)
      counts.append(dim)
      return
    }
    let stride = givenStrides[entry]
    guard stride != 0 else { throw BNormError.invalid("strides[\(entry)] is 0") }
    let shrinks = masks.shrink >> entry & 1 == 1
    guard !shrinks || stride > 0 else {
      throw BNormError.invalid(
        "strides[\(entry)] is \(stride), but only 1 is allowed where an index is taken")
    }
    strides.append(stride)
    guard dim >= 0 else {
      begin.append(0)
      counts.append(shrinks ? 1 : -1)
      return
    }
    let beginMasked = masks.begin >> entry & 1 == 1
    let endMasked = masks.end >> entry & 1 == 1
    guard let givenBegin, let givenEnd else {
      begin.append(0)
      let length = shrinks ? 1 : beginMasked && endMasked ? dim : -1
      counts.append(length < 0 ? -1 : SliceSpec.count(length, stride > 0 ? stride : -stride))
      return
    }
    let (b, e) = (givenBegin[entry], givenEnd[entry])
    if shrinks {
      let index = b < 0 ? dim + b : b
      guard index >= 0, index < dim else {
        throw BNormError.invalid("slice index \(b) of dimension \(d) is out of range [\(-dim), \(dim))")
      }
      begin.append(index)
      counts.append(1)
      return
    }
    let lowest = stride > 0 ? 0 : -1
    let highest = stride > 0 ? dim : dim - 1
    func canonical(_ x: Int) -> Int {
      let forward = x < 0 ? dim &+ x : x
      return min(max(forward, lowest), highest)
    }
    let from = beginMasked ? (stride > 0 ? lowest : highest) : canonical(b)
    let to = endMasked ? (stride > 0 ? highest : lowest) : canonical(e)
    begin.append(from)
    let length = to - from
    if length == 0 || (length < 0) != (stride < 0) {
      counts.append(0)
    } else {
      // Safe: the quotient of two equal signs; Int.min as a stride is no overflow here.
      counts.append(SliceSpec.count(abs(length), stride == Int.min ? Int.max : abs(stride)))
    }
  }

  private static func count(_ length: Int, _ stride: Int) -> Int {
    length == 0 ? 0 : (length - 1) / stride + 1
  }

  /// The elements of the slice in a tensor of `shape`.
  func view(in shape: Shape) -> StridedView {
    let elements = shape.strides
    var offset = 0
    var steps: [Int] = []
    for d in elements.indices {
      offset += begin[d] * elements[d]
      // A step over a single element is never taken.
      steps.append(counts[d] > 1 ? strides[d] * elements[d] : 0)
    }
    return StridedView(offset: offset, steps)
  }

  /// The strides of a dense array of `counts`.
  var denseStrides: [Int] { Shape(counts).strides }
}
