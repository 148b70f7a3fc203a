import BNormCore
import BNormTensor
import CBNormKernels

/// The gradient of a convolution with respect to its input (transposed convolution).
///
/// Input positions fall into phases by their remainder modulo the strides; within a phase each
/// position reads the same taps, so a phase is a convolution of the output's gradient.
struct ConvInputGradient: GemmVisitor {
  let window: ConvWindow
  /// Numbers of the inputs: filter and gradient of the output.
  let filterInput: Int
  let gradientInput: Int

  private struct Phase: Sendable {
    var gather: RowGather
    var taps: [Int32]
    var tiling: RowTiling
    var first: [Int]
    /// Where its filter begins in the turned filter, in elements.
    var filterStart: Int
  }

  func visit<T: GemmElement>(_ type: T.Type) throws -> Kernel {
    let window = window
    let (filterInput, gradientInput) = (filterInput, gradientInput)
    let size = MemoryLayout<T>.stride
    let (phases, filterCount) = makePhases()
    try Gemm.prepare(window.channels, window.outputs, window.taps * max(window.groupOutputs, 1))
    let filterBytes = (filterCount * window.groups * size + 63) & ~63
    let resultChannels = window.filterChannels
    let slabs = phases.map { phase in
      let elements = phase.tiling.tile * (phase.gather.rowLength + resultChannels)
      return ((elements * size + 63) & ~63, phase.tiling.parts)
    }
    let scratchBytes = filterBytes + (slabs.map { $0.0 * $0.1 }.max() ?? 0)
    return .function(
      KernelFunction(scratchBytes: max(scratchBytes, 64), label: "transposed im2col") { io in
        guard window.batch * window.inputPixels * window.channels > 0 else { return }
        let filter = io.input(filterInput).assumingMemoryBound(to: T.self)
        let gradient = io.input(gradientInput).assumingMemoryBound(to: T.self)
        let output = io.output(0).assumingMemoryBound(to: T.self)
        let scratch = io.scratch(outputs: 1)
        let turned = scratch.assumingMemoryBound(to: T.self)
        for group in 0..<window.groups {
          for phase in phases {
            let start = group * filterCount + phase.filterStart
            bnk_nn_flip_filter(
              filter, phase.taps, phase.taps.count, resultChannels, group * window.groupOutputs,
              window.groupOutputs, window.outputs, size, turned + start)
          }
        }
        for (phase, slab) in zip(phases, slabs) {
          Parallel.tasks(phase.tiling.parts) { part in
            let rows = (scratch + filterBytes + part * slab.0).assumingMemoryBound(to: T.self)
            phase.tiling.tiles(part) { range in
              for group in 0..<window.groups {
                ConvInputGradient.tile(
                  range, phase.gather, phase.first, window, group: group, gradient,
                  turned + (group * filterCount + phase.filterStart), rows,
                  rows + phase.tiling.tile * phase.gather.rowLength, output)
              }
            }
          }
        }
      })
  }

  private static func tile<T: GemmElement>(
    _ range: Range<Int>, _ gather: RowGather, _ first: [Int], _ window: ConvWindow, group: Int,
    _ gradient: UnsafePointer<T>, _ filter: UnsafePointer<T>, _ rows: UnsafeMutablePointer<T>,
    _ results: UnsafeMutablePointer<T>, _ output: UnsafeMutablePointer<T>
  ) {
    let length = gather.rowLength
    let channels = window.filterChannels
    if length > 0 {
      gather.rows(range, of: gradient, firstChannel: group * window.groupOutputs, to: rows)
    }
    T.gemm(
      range.count, channels, length,
      MatrixView(pointer: UnsafePointer(rows), rowStride: max(length, 1)),
      MatrixView(pointer: filter, rowStride: max(channels, 1)), results, ldc: channels,
      accumulate: false)
    let size = MemoryLayout<T>.stride
    var scatter = bnk_nn_scatter(
      target: output, out: (window.input[0], window.input[1], window.input[2]),
      grid: (gather.grid[0], gather.grid[1], gather.grid[2]),
      step: (window.stride[0], window.stride[1], window.stride[2]),
      first: (first[0], first[1], first[2]), pixel_bytes: window.channels * size,
      first_byte: group * channels * size, bytes: channels * size)
    bnk_nn_scatter_rows(&scatter, range.lowerBound, range.upperBound, results)
  }

  /// The phases, and the number of elements of the turned filter of a group.
  private func makePhases() -> ([Phase], Int) {
    var phases: [Phase] = []
    var filterStart = 0
    func phaseTaps(_ d: Int, _ phase: Int) -> [Int] {
      (0..<window.kernel[d]).filter {
        (phase + window.pad[d] - $0 * window.dilation[d]) % window.stride[d] == 0
      }
    }
    for z in 0..<min(window.stride[0], window.input[0]) {
      for y in 0..<min(window.stride[1], window.input[1]) {
        for x in 0..<min(window.stride[2], window.input[2]) {
          let first = [z, y, x]
          let taps = (0..<3).map { phaseTaps($0, first[$0]) }
          let gather = RowGather(backward: window, phase: first, taps: taps)
          var numbers: [Int32] = []
          for a in taps[0] {
            for b in taps[1] {
              for c in taps[2] {
                numbers.append(
                  Int32(clamping: (a * window.kernel[1] + b) * window.kernel[2] + c))
              }
            }
          }
          phases.append(
            Phase(
              gather: gather, taps: numbers,
              tiling: RowTiling(
                rows: window.batch * gather.rowsPerImage, length: gather.rowLength,
                columns: window.channels),
              first: first, filterStart: filterStart))
          filterStart += numbers.count * window.groupOutputs * window.filterChannels
        }
      }
    }
    return (phases, filterStart)
  }
}
