import BNormCore
import BNormTensor
import CBNormKernels

/// The gradient of a convolution with respect to its filter: rows of pixels times rows of the
/// output's gradient, summed part by part.
struct ConvFilterGradient {
  let window: ConvWindow
  /// Numbers of the inputs: images and gradient of the output.
  let imagesInput: Int
  let gradientInput: Int

  func kernel(_ dtype: DType) throws -> Kernel {
    dtype == .double
      ? try kernel(of: Double.self) { bnk_nn_sum_parts_f64($0, $1, $2, $3) }
      : try kernel(of: Float.self) { bnk_nn_sum_parts_f32($0, $1, $2, $3) }
  }

  private func kernel<T: GemmElement>(
    of type: T.Type,
    sum: @escaping @Sendable (UnsafePointer<T>, Int, Int, UnsafeMutablePointer<T>) -> Void
  ) throws -> Kernel {
    let window = window
    let (imagesInput, gradientInput) = (imagesInput, gradientInput)
    let size = MemoryLayout<T>.stride
    let gather = RowGather(forward: window)
    let length = gather.rowLength
    let columns = window.groupOutputs
    let rows = window.batch * window.outputPixels
    let filterCount = window.taps * window.filterChannels * window.outputs
    let isDirect = window.isPointwise
    let memoryParts = max(1, (64 << 20) / max(filterCount * size, 1))
    let tiling = RowTiling(
      rows: rows, length: length, columns: columns * window.groups,
      maximumParts: min(8, memoryParts))
    try Gemm.prepare(length, window.outputs, window.channels, tiling.tile)
    let slab = isDirect ? 0 : (tiling.tile * length * size + 63) & ~63
    let partBytes = filterCount * size
    let sumsBytes = tiling.parts > 1 ? (tiling.parts * partBytes + 63) & ~63 : 0
    return .function(
      KernelFunction(scratchBytes: max(sumsBytes + slab * tiling.parts, 64), label: "im2col") {
        io in
        guard filterCount > 0 else { return }
        let output = io.output(0).assumingMemoryBound(to: T.self)
        guard rows > 0 else {
          output.update(repeating: .zero, count: filterCount)
          return
        }
        let images = io.input(imagesInput).assumingMemoryBound(to: T.self)
        let gradient = io.input(gradientInput).assumingMemoryBound(to: T.self)
        let scratch = io.scratch(outputs: 1)
        Parallel.tasks(tiling.parts) { part in
          let target =
            tiling.parts > 1
            ? (scratch + part * partBytes).assumingMemoryBound(to: T.self) : output
          let slabStart = (scratch + sumsBytes + part * slab).assumingMemoryBound(to: T.self)
          var isFirst = true
          tiling.tiles(part) { range in
            for group in 0..<window.groups {
              var a = MatrixView(
                pointer: UnsafePointer(slabStart), rowStride: length, isTransposed: true)
              if isDirect {
                a.pointer =
                  images + range.lowerBound * window.channels + group * window.filterChannels
                a.rowStride = window.channels
              } else {
                gather.rows(
                  range, of: images, firstChannel: group * window.filterChannels, to: slabStart)
              }
              T.gemm(
                length, columns, range.count, a,
                MatrixView(
                  pointer: gradient + range.lowerBound * window.outputs + group * columns,
                  rowStride: window.outputs),
                target + group * columns, ldc: window.outputs, accumulate: !isFirst)
            }
            isFirst = false
          }
        }
        if tiling.parts > 1 {
          sum(UnsafePointer(scratch.assumingMemoryBound(to: T.self)), tiling.parts, filterCount, output)
        }
      })
  }
}
