import BNormCore
import BNormTensor

/// Convolution of any dtype with a matrix product: rows of pixels are gathered tile by tile.
struct ConvForward: GemmVisitor {
  let window: ConvWindow
  let epilogue: Epilogue
  /// Number of the epilogue's first input.
  var firstInput = 2

  func visit<T: GemmElement>(_ type: T.Type) throws -> Kernel {
    let window = window
    let epilogue = epilogue
    let firstInput = firstInput
    let gather = RowGather(forward: window)
    let length = gather.rowLength
    let columns = window.groupOutputs
    let rows = window.batch * window.outputPixels
    let tiling = RowTiling(rows: rows, length: length, columns: columns * window.groups)
    let isDirect = window.isPointwise
    try Gemm.prepare(length, window.outputs, window.channels, tiling.tile)
    let slab = (tiling.tile * length * MemoryLayout<T>.stride + 63) & ~63
    return .function(
      KernelFunction(
        scratchBytes: isDirect ? 0 : slab * tiling.parts, label: isDirect ? "gemm" : "im2col"
      ) { io in
        guard rows > 0, window.outputs > 0 else { return }
        let input = io.input(0).assumingMemoryBound(to: T.self)
        let filter = io.input(1).assumingMemoryBound(to: T.self)
        let output = io.output(0).assumingMemoryBound(to: T.self)
        let scratch = isDirect ? io.output(0) : io.scratch(outputs: 1)
        let last = EpiloguePointers<T>(
          epilogue, io, firstInput: firstInput, residualStride: window.outputs)
        Parallel.tasks(tiling.parts) { part in
          let slabStart = (scratch + (isDirect ? 0 : slab * part)).assumingMemoryBound(to: T.self)
          tiling.tiles(part) { range in
            let target = output + range.lowerBound * window.outputs
            for group in 0..<window.groups {
              var a = MatrixView(pointer: UnsafePointer(slabStart), rowStride: max(length, 1))
              if isDirect {
                a = MatrixView(
                  pointer: input + range.lowerBound * window.channels
                    + group * window.filterChannels, rowStride: max(window.channels, 1))
              } else if length > 0 {
                gather.rows(
                  range, of: input, firstChannel: group * window.filterChannels, to: slabStart)
              }
              T.gemm(
                range.count, columns, length, a,
                MatrixView(pointer: filter + group * columns, rowStride: window.outputs),
                target + group * columns, ldc: window.outputs, accumulate: false)
            }
            last.apply(
              row: range.lowerBound, column: 0, rows: range.count, columns: window.outputs, target,
              stride: window.outputs)
          }
        }
      })
  }
}
