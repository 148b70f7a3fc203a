import BNormCore
import BNormTensor
import CBNormKernels

/// Discrete Fourier transforms over the last dimensions, or over given axes.
struct FourierTransform: PlannedOperation {
  static let opNames = [
    "FFT", "FFT2D", "FFT3D", "IFFT", "IFFT2D", "IFFT3D", "BatchFFT", "BatchFFT2D", "BatchFFT3D",
    "BatchIFFT", "BatchIFFT2D", "BatchIFFT3D", "RFFT", "RFFT2D", "RFFT3D", "IRFFT", "IRFFT2D",
    "IRFFT3D", "FFTND", "IFFTND", "RFFTND", "IRFFTND",
  ]
  let kind: bnk_fft_kind
  let isBackward: Bool
  /// How many of the last dimensions; nil: input 2 says which.
  let rank: Int?

  init(_ node: NodeContext) throws {
    var name = Substring(node.op)
    if name.hasPrefix("Batch") { name = name.dropFirst(5) }
    isBackward = name.hasPrefix("I")
    if isBackward { name = name.dropFirst() }
    let isReal = name.hasPrefix("R")
    kind = !isReal ? BNK_FFT_COMPLEX : isBackward ? BNK_FFT_TO_REAL : BNK_FFT_REAL
    rank = name.hasSuffix("ND") ? nil : name.hasSuffix("2D") ? 2 : name.hasSuffix("3D") ? 3 : 1
    guard isReal else { return }
    let real = try node.dtype("Treal"), complex = try node.dtype("Tcomplex")
    guard (real == .float) == (complex == .complex64) else {
      throw BNormError.invalid("attribute Treal is \(real.name), but Tcomplex is \(complex.name)")
    }
  }

  private var readsLength: Bool { kind != BNK_FFT_COMPLEX || rank == nil }

  var valueInputs: [Int] { rank == nil ? [1, 2] : readsLength ? [1] : [] }

  /// The transformed axes, or nil while input 2 is unknown.
  private func axes(_ axes: [Int]?, rank inputRank: Int) throws -> [Int]? {
    guard let rank else {
      guard let axes else { return nil }
      let found = try axes.map { axis in
        guard axis >= -inputRank, axis < inputRank else {
          throw BNormError.invalid("input 2 (axes) has \(axis), but input 0 has rank \(inputRank)")
        }
        return axis < 0 ? axis + inputRank : axis
      }
      guard Set(found).count == found.count, !found.isEmpty else {
        throw BNormError.invalid("input 2 (axes) is \(axes), expected distinct axes")
      }
      return found
    }
    guard inputRank >= rank else {
      throw BNormError.invalid("input 0 has rank \(inputRank), expected at least \(rank)")
    }
    return Array((inputRank - rank)..<inputRank)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if let rank { try inputs[0].shape.requireRank(atLeast: rank, "input 0 (input)") }
    if readsLength {
      try inputs[1].shape.requireRank(1, "input 1 (fft_length)")
      if let rank, let count = inputs[1].shape[0], count != rank {
        throw BNormError.invalid("input 1 (fft_length) has \(count) elements, expected \(rank)")
      }
    }
    if rank == nil { try inputs[2].shape.requireRank(1, "input 2 (axes)") }
    guard var dims = inputs[0].shape.dimensions else { return [.unknown] }
    let given = rank == nil ? inputs[2].integers : nil
    guard let axes = try axes(given, rank: dims.count) else {
      return [.unknown(rank: dims.count)]
    }
    guard readsLength else { return [PartialShape(dims)] }
    guard let lengths = inputs[1].integers else {
      for axis in axes { dims[axis] = -1 }
      return [PartialShape(dims)]
    }
    guard lengths.count == axes.count else {
      throw BNormError.invalid(
        "input 1 (fft_length) has \(lengths.count) elements for \(axes.count) axes")
    }
    for (i, axis) in axes.enumerated() {
      let length = lengths[i], isLast = i == axes.count - 1
      guard length >= 0 else {
        throw BNormError.invalid("input 1 (fft_length) is \(lengths), but must not be negative")
      }
      let needed = kind == BNK_FFT_TO_REAL && isLast ? length / 2 + 1 : length
      if kind != BNK_FFT_COMPLEX, dims[axis] > 0, dims[axis] < needed {
        throw BNormError.invalid(
          "input 0 has shape \(inputs[0].shape), but fft_length \(lengths) needs at least \(needed) "
            + "in dimension \(axis)")
      }
      dims[axis] = kind == BNK_FFT_REAL && isLast && length > 0 ? length / 2 + 1 : length
    }
    return [PartialShape(dims)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let input = context.inputShape(0), output = context.outputShape(0)
    let given = rank == nil ? context.value(2)?.integers : nil
    guard let axes = try axes(given, rank: input.rank) else {
      throw BNormError.invalid("input 2 (axes) must be known")
    }
    let bytes = output.count * context.outputDType(0).size
    guard input.count > 0, output.count > 0 else {
      return .run { io in
        io.output(0).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      }
    }
    let lengths = readsLength ? (context.value(1)?.integers ?? []) : axes.map { input[$0] }
    let isFloat = [.float, .complex64].contains(context.inputDType(0))
    let passes = try FourierPasses(
      input: input, output: output, axes: axes, lengths: lengths, kind: kind,
      isBackward: isBackward, dtype: isFloat ? BNK_FLOAT : BNK_DOUBLE)
    return .function(
      KernelFunction(scratchBytes: passes.scratchBytes) { io in
        passes.run(io.input(0), io.output(0), io.scratch(outputs: 1))
      })
  }
}

/// The transforms of an array, one dimension after the other.
struct FourierPasses: @unchecked Sendable {
  private enum Place { case input, output, scratch }

  private struct Pass {
    let plan: TensorStorage
    let lines: bnk_fft_lines
    let from: Place, to: Place
    let scale: Double
    let tasks: Int
  }

  private var passes: [Pass] = []
  private let isBackward: Bool
  private(set) var scratchBytes = 0
  /// Where the work memory of the transforms starts, after the complex array of a real result.
  private var workOffset = 0

  init(
    input: Shape, output: Shape, axes: [Int], lengths: [Int], kind: bnk_fft_kind, isBackward: Bool,
    dtype: bnk_dtype
  ) throws {
    self.isBackward = isBackward
    let complexSize = dtype == BNK_FLOAT ? 8 : 16
    // What of the input counts: a longer dimension is cut.
    var view = input.dimensions
    for (axis, length) in zip(axes, lengths) {
      let limit = kind == BNK_FFT_TO_REAL && axis == axes.last ? length / 2 + 1 : length
      view[axis] = min(view[axis], limit)
    }
    // The dimensions of the array between the passes.
    var middle = output.dimensions
    if kind == BNK_FFT_TO_REAL, let last = axes.last { middle[last] = view[last] }
    let middleStrides = Shape(middle).strides
    let scale = isBackward ? 1 / lengths.reduce(1.0) { $0 * Double($1) } : 1
    // A real dimension is transformed first on the way forth and last on the way back.
    let order = kind == BNK_FFT_REAL ? axes.reversed() : kind == BNK_FFT_COMPLEX ? axes.reversed() : axes
    var workBytes = 0
    for (i, axis) in order.enumerated() {
      let isFirst = i == 0, isLast = i == order.count - 1
      let own = axis == axes.last ? kind : BNK_FFT_COMPLEX
      let toOutput = kind != BNK_FFT_TO_REAL || isLast
      let inStrides = isFirst ? input.strides : middleStrides
      let outStrides = toOutput ? output.strides : middleStrides
      let length = lengths[axes.firstIndex(of: axis)!]
      let plan = TensorStorage(byteCount: bnk_fft_plan_bytes(dtype, own, length))
      let made = bnk_fft_plan_make(dtype, own, length, plan.pointer)
      var lines = try FourierPasses.lines(view, axis, inStrides, outStrides)
      lines.in_length = view[axis]
      lines.in_stride = inStrides[axis]
      lines.out_stride = outStrides[axis]
      let tasks = bnk_fft_tasks(made, &lines)
      workBytes = max(workBytes, bnk_fft_scratch_bytes(made, tasks))
      let from: Place = isFirst ? .input : kind == BNK_FFT_TO_REAL ? .scratch : .output
      passes.append(
        Pass(
          plan: plan, lines: lines, from: from, to: toOutput ? .output : .scratch,
          scale: isLast ? scale : 1, tasks: tasks))
      view[axis] = toOutput ? output[axis] : middle[axis]
    }
    let needsMiddle = kind == BNK_FFT_TO_REAL && order.count > 1
    workOffset = needsMiddle ? (try Shape(checking: middle).count * complexSize + 63) & ~63 : 0
    scratchBytes = workOffset + workBytes
  }

  /// All lines along `axis`, neighbouring dimensions merged.
  private static func lines(
    _ dims: [Int], _ axis: Int, _ inStrides: [Int], _ outStrides: [Int]
  ) throws -> bnk_fft_lines {
    var merged: [(dim: Int, input: Int, output: Int)] = []
    for d in dims.indices where d != axis && dims[d] != 1 {
      if let last = merged.last, last.input == dims[d] * inStrides[d],
        last.output == dims[d] * outStrides[d]
      {
        merged[merged.count - 1] = (last.dim * dims[d], inStrides[d], outStrides[d])
      } else {
        merged.append((dims[d], inStrides[d], outStrides[d]))
      }
    }
    guard merged.count <= Int(BNK_FFT_RANK) else {
      throw BNormError.unsupported("a Fourier transform of an array of \(merged.count + 1) dimensions")
    }
    var lines = bnk_fft_lines()
    lines.rank = Int32(merged.count)
    func fill<T>(_ target: inout T, _ values: [Int]) {
      withUnsafeMutableBytes(of: &target) { bytes in
        let slots = bytes.bindMemory(to: Int.self)
        for (i, value) in values.enumerated() { slots[i] = value }
      }
    }
    fill(&lines.dims, merged.map(\.dim))
    fill(&lines.in_strides, merged.map(\.input))
    fill(&lines.out_strides, merged.map(\.output))
    return lines
  }

  func run(
    _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer
  ) {
    for pass in passes {
      let from: UnsafeRawPointer
      switch pass.from {
      case .input: from = input
      case .output: from = UnsafeRawPointer(output)
      case .scratch: from = UnsafeRawPointer(scratch)
      }
      withUnsafePointer(to: pass.lines) { lines in
        bnk_fft_run(
          OpaquePointer(pass.plan.pointer), lines, from, pass.to == .output ? output : scratch,
          isBackward ? 1 : 0, pass.scale, scratch + workOffset, pass.tasks)
      }
    }
  }
}
