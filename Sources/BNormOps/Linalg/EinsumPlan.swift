import BNormCore
import BNormTensor
import CBNormKernels
import CBNormLinalg

/// How an Einstein summation runs: copies or sums of the inputs that do not lie well, one batch of
/// matrix products, a copy of the result.
struct EinsumPlan: @unchecked Sendable {
  typealias Label = EinsumEquation.Label

  /// Sums or gathers an input into contiguous scratch memory.
  private struct Gather {
    var sizes: [Int64], strides: [Int64], reduceSizes: [Int64], reduceStrides: [Int64]
    var offset: Int
  }

  private var gathers: [Gather?] = []
  private var product: bla_product?
  private var dtype: bnk_dtype
  private let elementSize: Int
  /// The result is made in scratch memory here and then copied.
  private var resultOffset: Int?
  private var resultCopy: bnk_copy?
  private let clearsOutput: Bool
  private let outputBytes: Int
  private(set) var scratchBytes = 0
  private(set) var label = "einsum"

  init(
    _ operands: [StridedOperand], _ result: StridedOperand, sizes: [Label: Int], outputCount: Int,
    dtype: DType
  ) throws {
    self.dtype = bnk_dtype(rawValue: UInt32(dtype.rawValue))
    elementSize = dtype.size
    clearsOutput = result.hasDiagonal
    outputBytes = outputCount * dtype.size
    if operands.count == 1 {
      try planSingle(operands[0], result, sizes)
    } else {
      try planProduct(operands[0], operands[1], result, sizes)
    }
  }

  private mutating func reserve(_ count: Int) -> Int {
    let offset = scratchBytes
    scratchBytes += (count * elementSize + 63) & ~63
    return offset
  }

  private func size(_ labels: [Label], _ sizes: [Label: Int]) -> Int {
    labels.reduce(1) { $0 * (sizes[$1] ?? 1) }
  }

  /// The labels of `operand` in `order`, the others summed, in scratch memory.
  private mutating func gather(
    _ operand: StridedOperand, order: [Label], _ sizes: [Label: Int]
  ) -> Gather {
    let summed = operand.labels.filter { !order.contains($0) }
    return Gather(
      sizes: order.map { Int64(sizes[$0] ?? 1) },
      strides: order.map { Int64(operand.stride($0, sizes)) },
      reduceSizes: summed.map { Int64(sizes[$0] ?? 1) },
      reduceStrides: summed.map { Int64(operand.stride($0, sizes)) },
      offset: reserve(size(order, sizes)))
  }

  private mutating func planSingle(
    _ operand: StridedOperand, _ result: StridedOperand, _ sizes: [Label: Int]
  ) throws {
    label = "einsum of one"
    gathers = [gather(operand, order: result.labels, sizes)]
    resultOffset = gathers[0]!.offset
    try planResultCopy(order: result.labels, result, sizes)
  }

  private mutating func planResultCopy(
    order: [Label], _ result: StridedOperand, _ sizes: [Label: Int]
  ) throws {
    var copy = bnk_copy()
    let dims = order.map { Int64(sizes[$0] ?? 1) }
    var source = [Int64](repeating: 1, count: dims.count)
    for d in dims.indices.dropLast().reversed() { source[d] = source[d + 1] * max(dims[d + 1], 1) }
    let target = order.map { Int64(result.stride($0, sizes)) }
    guard bnk_copy_prepare(&copy, elementSize, dims.count, dims, source, target) else {
      throw BNormError.unsupported("an einsum over \(dims.count) dimensions")
    }
    resultCopy = copy
  }

  /// The one stride by which `labels` lie in `operand`, from the last to the first.
  private func merged(
    _ labels: [Label], _ operand: StridedOperand, _ sizes: [Label: Int]
  ) -> Int? {
    var stride: Int?, next = 0
    for label in labels.reversed() where sizes[label] != 1 {
      let own = operand.stride(label, sizes)
      if stride == nil { stride = own } else if own != next { return nil }
      next = own * (sizes[label] ?? 1)
    }
    return stride ?? 1
  }

  private mutating func planProduct(
    _ a: StridedOperand, _ b: StridedOperand, _ result: StridedOperand, _ sizes: [Label: Int]
  ) throws {
    let shared = result.labels.filter { label in
      if case .spread = label { return true }
      return a.has(label) && b.has(label)
    }
    let rows = result.labels.filter { a.has($0) && !shared.contains($0) }
    let columns = result.labels.filter { b.has($0) && !shared.contains($0) }
    let contracted = a.labels.filter { b.has($0) && !result.has($0) }
    let m = size(rows, sizes), n = size(columns, sizes), k = size(contracted, sizes)
    guard shared.count <= Int(BLA_BATCH_RANK) else {
      throw BNormError.unsupported("an einsum over \(shared.count) batch dimensions")
    }
    var product = bla_product()
    product.dtype = dtype
    product.m = Int64(m)
    product.n = Int64(n)
    product.k = Int64(k)

    func isWhole(_ operand: StridedOperand, _ free: [Label]) -> Bool {
      operand.labels.allSatisfy {
        shared.contains($0) || free.contains($0) || contracted.contains($0) || sizes[$0] == 1
      }
    }
    func place(
      _ operand: StridedOperand, _ free: [Label], _ count: Int
    ) -> (batch: [Int], free: Int, contracted: Int)? {
      guard isWhole(operand, free), let f = merged(free, operand, sizes),
        let c = merged(contracted, operand, sizes), f == 1 || c == 1 || count == 1 || k == 1
      else { return nil }
      return (shared.map { operand.stride($0, sizes) }, f, c)
    }
    /// A gathered operand is [batch, free, contracted], with batch dimensions only where it has them.
    func gathered(
      _ operand: StridedOperand, _ free: [Label]
    ) -> (order: [Label], batch: [Int]) {
      let own = shared.filter { operand.stride($0, sizes) != 0 || operand.has($0) && sizes[$0] == 1 }
      var stride = size(free, sizes) * k, strides: [Label: Int] = [:]
      for label in own.reversed() {
        strides[label] = stride
        stride *= sizes[label] ?? 1
      }
      return (own + free + contracted, shared.map { strides[$0] ?? 0 })
    }

    var batchStrides: [[Int]] = []
    gathers = []
    for (operand, free, count) in [(a, rows, m), (b, columns, n)] {
      let freeStride: Int, contractedStride: Int
      if let placed = place(operand, free, count) {
        gathers.append(nil)
        batchStrides.append(placed.batch)
        (freeStride, contractedStride) = (placed.free, placed.contracted)
      } else {
        let (order, batch) = gathered(operand, free)
        gathers.append(gather(operand, order: order, sizes))
        batchStrides.append(batch)
        (freeStride, contractedStride) = (k, 1)
      }
      if batchStrides.count == 1 {
        (product.a_row, product.a_column) = (Int64(freeStride), Int64(contractedStride))
      } else {
        (product.b_column, product.b_row) = (Int64(freeStride), Int64(contractedStride))
      }
    }

    var cBatch = shared.map { result.stride($0, sizes) }
    if let row = merged(rows, result, sizes), let column = merged(columns, result, sizes),
      row == 1 || column == 1 || m == 1 || n == 1
    {
      (product.c_row, product.c_column) = (Int64(row), Int64(column))
    } else {
      let order = shared + rows + columns
      var stride = m * n
      for i in shared.indices.reversed() {
        cBatch[i] = stride
        stride *= sizes[shared[i]] ?? 1
      }
      (product.c_row, product.c_column) = (Int64(n), 1)
      resultOffset = reserve(size(order, sizes))
      try planResultCopy(order: order, result, sizes)
    }
    setBatch(&product, shared.map { sizes[$0] ?? 1 }, batchStrides[0], batchStrides[1], cBatch)
    self.product = product
  }

  private func setBatch(
    _ product: inout bla_product, _ sizes: [Int], _ a: [Int], _ b: [Int], _ c: [Int]
  ) {
    product.batch_rank = Int32(sizes.count)
    func fill<T>(_ target: inout T, _ values: [Int]) {
      withUnsafeMutableBytes(of: &target) { bytes in
        let slots = bytes.bindMemory(to: Int64.self)
        for (i, value) in values.enumerated() { slots[i] = Int64(value) }
      }
    }
    fill(&product.batch_size, sizes)
    fill(&product.a_batch, a)
    fill(&product.b_batch, b)
    fill(&product.c_batch, c)
  }

  func run(
    _ inputs: [UnsafeRawPointer], _ output: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer
  ) {
    if outputBytes == 0 { return }
    var operands = inputs
    for (i, gather) in gathers.enumerated() {
      guard let gather else { continue }
      let target = scratch + gather.offset
      bla_sum_strided(
        dtype, inputs[i], target, Int32(gather.sizes.count), gather.sizes, gather.strides,
        Int32(gather.reduceSizes.count), gather.reduceSizes, gather.reduceStrides)
      operands[i] = UnsafeRawPointer(target)
    }
    let result = resultOffset.map { scratch + $0 } ?? output
    if clearsOutput { output.initializeMemory(as: UInt8.self, repeating: 0, count: outputBytes) }
    if let product {
      withUnsafePointer(to: product) { bla_product_run($0, operands[0], operands[1], result) }
    }
    if let resultCopy { withUnsafePointer(to: resultCopy) { bnk_copy_run($0, result, output) } }
  }

  /// One product of float rows with constant weights, packed ahead; nil if it is not of that form.
  func packedKernel(_ context: Lowering) -> Kernel? {
    guard let product, dtype == BNK_FLOAT, gathers.allSatisfy({ $0 == nil }), resultOffset == nil,
      !clearsOutput, product.batch_rank == 0, let weights = context.value(1),
      product.m > 0, product.n > 0, product.k > 0
    else { return nil }
    let m = Int(product.m), n = Int(product.n), k = Int(product.k)
    let lda = m == 1 ? k : Int(product.a_row), ldc = m == 1 ? n : Int(product.c_row)
    guard product.a_column == 1 || k == 1, lda >= k, product.c_column == 1 || n == 1, ldc >= n
    else { return nil }
    let isTransposed = !(product.b_column == 1 || n == 1)
    guard !isTransposed || product.b_row == 1 || k == 1 else { return nil }
    let ldb = isTransposed
      ? (n == 1 ? k : Int(product.b_column)) : (k == 1 ? n : Int(product.b_row))
    guard ldb >= (isTransposed ? k : n) else { return nil }
    let packed = context.packed(
      weights, layout: "gemm \(k) \(n) \(isTransposed) \(ldb) \(bnk_tier().rawValue) einsum",
      byteCount: bnk_gemm_f32_packed_bytes(k, n)
    ) { source, target in
      bnk_gemm_f32_pack_b(
        k, n, source, ldb, isTransposed, nil,
        target.assumingMemoryBound(to: Float.self))
    }
    let workspace = bnk_gemm_f32_workspace_bytes(m, n, k, lda)
    return .function(
      KernelFunction(scratchBytes: workspace, unread: [1], label: "packed einsum") { io in
        var epilogue = bnk_epilogue()
        bnk_gemm_f32(
          m, n, k, io.input(0).assumingMemoryBound(to: Float.self), lda,
          packed.pointer.assumingMemoryBound(to: Float.self), &epilogue,
          io.output(0).assumingMemoryBound(to: Float.self), ldc,
          workspace > 0 ? io.scratch(outputs: 1) : nil, workspace)
      })
  }
}
