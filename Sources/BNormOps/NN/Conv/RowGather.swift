import BNormTensor
import CBNormKernels

/// Rows of pixels under the taps of a filter, for convolution as a matrix product.
struct RowGather: Sendable {
  /// Size of the source images and of the grid of rows; steps of the grid in source pixels.
  var source: [Int]
  var grid: [Int]
  var step: [Int]
  /// Offsets of the taps along each dimension.
  var offsets: [[Int32]]
  /// Channels of a source pixel, and how many of them a row takes.
  var pixelChannels: Int
  var channels: Int

  /// What the outputs of a convolution read.
  init(forward window: ConvWindow) {
    source = window.input
    grid = window.output
    step = window.stride
    offsets = (0..<3).map { d in
      (0..<window.kernel[d]).map { Int32(clamping: $0 * window.dilation[d] - window.pad[d]) }
    }
    pixelChannels = window.channels
    channels = window.filterChannels
  }

  /// What the inputs whose position is `phase` modulo the strides read of the output's gradient.
  init(backward window: ConvWindow, phase: [Int], taps: [[Int]]) {
    source = window.output
    grid = (0..<3).map { d in
      phase[d] < window.input[d]
        ? (window.input[d] - phase[d] + window.stride[d] - 1) / window.stride[d] : 0
    }
    step = [1, 1, 1]
    offsets = (0..<3).map { d in
      taps[d].map { tap in
        Int32(clamping: (phase[d] + window.pad[d] - tap * window.dilation[d]) / window.stride[d])
      }
    }
    pixelChannels = window.outputs
    channels = window.groupOutputs
  }

  var rowsPerImage: Int { grid.reduce(1, *) }
  /// Elements of a row.
  var rowLength: Int { offsets.reduce(channels) { $0 * $1.count } }

  /// Writes rows `range` of the images at `pointer`.
  func rows<T>(
    _ range: Range<Int>, of pointer: UnsafePointer<T>, firstChannel: Int,
    to target: UnsafeMutablePointer<T>
  ) {
    let size = MemoryLayout<T>.stride
    offsets[0].withUnsafeBufferPointer { z in
      offsets[1].withUnsafeBufferPointer { y in
        offsets[2].withUnsafeBufferPointer { x in
          guard let z = z.baseAddress, let y = y.baseAddress, let x = x.baseAddress else { return }
          var gather = bnk_nn_gather(
            source: pointer, in: (source[0], source[1], source[2]),
            grid: (grid[0], grid[1], grid[2]), step: (step[0], step[1], step[2]),
            taps: (offsets[0].count, offsets[1].count, offsets[2].count), offsets: (z, y, x),
            pixel_bytes: pixelChannels * size, first_byte: firstChannel * size,
            bytes: channels * size)
          bnk_nn_gather_rows(&gather, range.lowerBound, range.upperBound, target)
        }
      }
    }
  }
}

/// How the rows of a convolution are cut: into parts that run side by side, each of tiles that
/// share a piece of scratch memory. Depends on sizes only.
struct RowTiling: Sendable {
  let rows: Int
  let parts: Int
  let tile: Int

  /// - Parameters:
  ///   - length: elements of a row.
  ///   - columns: elements of a result.
  init(rows: Int, length: Int, columns: Int, maximumParts: Int = 16) {
    self.rows = rows
    let work = Double(rows) * Double(max(length, 1)) * Double(max(columns, 1))
    parts = max(1, min(min(maximumParts, rows / 8), Int(min(1e6, work / 500_000))))
    let perPart = (rows + parts - 1) / parts
    tile = max(1, min(perPart, max(32, min(512, 131_072 / max(length, 1)))))
  }

  func range(_ part: Int) -> Range<Int> { Parallel.range(part, of: parts, count: rows) }

  /// Calls `body` for each tile of `part`.
  func tiles(_ part: Int, _ body: (Range<Int>) -> Void) {
    let range = range(part)
    var row = range.lowerBound
    while row < range.upperBound {
      let end = min(row + tile, range.upperBound)
      body(row..<end)
      row = end
    }
  }
}
