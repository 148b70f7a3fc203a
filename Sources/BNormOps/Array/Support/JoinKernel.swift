import BNormCore
import BNormTensor
import CBNormKernels

/// Kernels that lay tensors side by side, or take one apart, along the middle of three dimensions
/// [outer, part, inner].
enum JoinKernel {
  /// One output from many inputs; `inputs` are kernel input numbers with their part sizes.
  static func concat(
    _ inputs: [(input: Int, part: Int)], outer: Int, inner: Int, size: Int
  ) throws -> Kernel {
    let total = inputs.reduce(0) { $0 + $1.part }
    let pieces = offsets(inputs.map(\.part), inner)
    if outer == 1 {
      let copies = zip(inputs, pieces).map { (input: $0.input, start: $1.start * size, bytes: $1.count * size) }
      return .run { io in
        let out = io.output(0)
        for copy in copies where copy.bytes > 0 {
          bnk_copy_bytes(out + copy.start, io.input(copy.input), copy.bytes)
        }
      }
    }
    let copies = try zip(inputs, pieces).map { source, piece in
      (
        source.input,
        try StridedCopy(
          size: size, [outer, piece.count], from: StridedView([piece.count, 1]),
          to: StridedView(offset: piece.start, [total * inner, 1]))
      )
    }
    return .run { io in
      for (input, copy) in copies { copy.run(io.input(input), io.output(0)) }
    }
  }

  /// Many outputs from kernel input `input`.
  static func split(
    input: Int, parts: [Int], outer: Int, inner: Int, size: Int
  ) throws -> Kernel {
    let total = parts.reduce(0, +)
    let pieces = offsets(parts, inner)
    if outer == 1 {
      return .run { io in
        let source = io.input(input)
        for (i, piece) in pieces.enumerated() where piece.count > 0 {
          bnk_copy_bytes(io.output(i), source + piece.start * size, piece.count * size)
        }
      }
    }
    let copies = try pieces.map { piece in
      try StridedCopy(
        size: size, [outer, piece.count],
        from: StridedView(offset: piece.start, [total * inner, 1]),
        to: StridedView([piece.count, 1]))
    }
    return .run { io in
      for (i, copy) in copies.enumerated() { copy.run(io.input(input), io.output(i)) }
    }
  }

  private static func offsets(_ parts: [Int], _ inner: Int) -> [(start: Int, count: Int)] {
    var start = 0
    return parts.map { part in
      defer { start += part * inner }
      return (start, part * inner)
    }
  }
}
