import BNormCore
import BNormTensor
import CBNormKernels

/// Where the elements of a uniformly quantized convolution lie. The scratch memory holds the input
/// with its padding, the kernel, and the sums of one output plane, all as int32.
struct UniformConvolutionPlan: Sendable {
  private let geometry: UniformGeometry
  private let input: Shape
  private let kernel: Shape
  private let batchGroups: Int
  private let featureGroups: Int
  private let paddedPlane: Int
  private let kernelPlane: Int
  private let outputPlane: Int
  /// Offsets into a padded plane: of each output, and of each element of the kernel.
  private let starts: [Int64]
  private let taps: [Int64]
  private let outputStrides: [Int]

  init(
    _ geometry: UniformGeometry, input: Shape, kernel: Shape, batchGroups: Int, featureGroups: Int
  ) {
    self.geometry = geometry
    self.input = input
    self.kernel = kernel
    self.batchGroups = batchGroups
    self.featureGroups = featureGroups
    paddedPlane = geometry.padded.reduce(1, &*)
    let kernelSizes = geometry.kernel.space.map { kernel[$0] }
    kernelPlane = kernelSizes.reduce(1, &*)
    let outputSizes = Array(geometry.outputSizes.dropFirst(2))
    outputPlane = outputSizes.reduce(1, &*)
    let strides = Shape(geometry.padded).strides
    starts = offsets(outputSizes, zip(strides, geometry.strides).map(&*))
    let inner = offsets(kernelSizes, zip(strides, geometry.kernelDilations).map(&*))
    let plane = Int64(paddedPlane)
    taps = (0..<kernel[geometry.kernel.features]).flatMap { f in
      inner.map { $0 + Int64(f) * plane }
    }
    outputStrides = Shape(geometry.outputShape).strides
  }

  private var batch: Int { input[geometry.input.first] }
  private var features: Int { input[geometry.input.features] }
  private var kernelOffset: Int { batch * features * paddedPlane }
  private var sumOffset: Int { kernelOffset + kernel.count }

  func scratchBytes() throws -> Int {
    try Shape(checking: [batch, features] + geometry.padded).count * 4 + kernel.count * 4
      + outputPlane * 4
  }

  /// Copies the kernel, ordered by output features, input features and space.
  func takeKernel(
    _ w: UnsafePointer<Int8>, _ scales: UniformScales, perChannel: Bool,
    _ scratch: UnsafeMutablePointer<Int32>
  ) {
    let order = geometry.kernel.order
    let places = offsets(order.map { kernel[$0] }, order.map { kernel.strides[$0] })
    let target = scratch + kernelOffset
    let row = max(kernel.count / max(kernel[order[0]], 1), 1)
    for (i, place) in places.enumerated() {
      target[i] = Int32(w[Int(place)]) &- scales.zero(perChannel ? i / row : 0)
    }
  }

  /// Where each element of the input goes, as pairs of batch and place.
  private func scatter(_ body: (_ batch: Int, _ from: Int, _ to: Int) -> Void) {
    let order = geometry.input.order
    let from = offsets(order.map { input[$0] }, order.map { input.strides[$0] })
    let strides = Shape(geometry.padded).strides
    let sizes = geometry.input.space.map { input[$0] }
    let plane = offsets(sizes, zip(strides, geometry.inputDilations).map(&*))
    let first = zip(strides, geometry.before).reduce(0) { $0 + $1.0 * $1.1 }
    for (i, place) in from.enumerated() {
      let (row, at) = i.quotientAndRemainder(dividingBy: max(plane.count, 1))
      body(row / max(features, 1), Int(place), row * paddedPlane + first + Int(plane[at]))
    }
  }

  func takeBytes(
    _ x: UnsafePointer<Int8>, zero: Int32, _ scratch: UnsafeMutablePointer<Int32>
  ) {
    // Padding is the byte of the zero point, as far as a byte can hold it.
    let border = Int32(Int8(truncatingIfNeeded: zero)) &- zero
    for i in 0..<kernelOffset { scratch[i] = border }
    scatter { _, from, to in scratch[to] = Int32(x[from]) &- zero }
  }

  /// Quantizes each batch by itself and returns their scales.
  func takeFloats(
    _ x: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Int32>
  ) -> [Float] {
    var rows = [[Float]](repeating: [], count: batch)
    scatter { batch, from, _ in rows[batch].append(x[from]) }
    let forms = rows.map { $0.withUnsafeBufferPointer { DynamicQuantization($0) } }
    let width = features * paddedPlane
    for (b, form) in forms.enumerated() {
      let border = Int32(Int8(truncatingIfNeeded: form.zero)) &- form.zero
      for i in b * width..<(b + 1) * width { scratch[i] = border }
    }
    scatter { batch, from, to in scratch[to] = forms[batch].difference(x[from]) }
    return forms.map(\.scale)
  }

  /// Calls `store` with the place of each output, its batch of the input, its feature and its sum.
  func run(
    _ scratch: UnsafeMutablePointer<Int32>,
    _ store: (_ at: Int, _ batch: Int, _ feature: Int, _ sum: Int32) -> Void
  ) {
    let (batches, made) = (geometry.outputSizes[0], geometry.outputSizes[1])
    let taken = kernel[geometry.kernel.features]
    let order = geometry.output.order
    let sizes = Array(geometry.outputSizes.dropFirst(2))
    let places = offsets(sizes, order.dropFirst(2).map { outputStrides[$0] })
    let sums = scratch + sumOffset
    for b in 0..<batches {
      for f in 0..<made {
        let batch = f / (made / batchGroups) * batches + b
        let first = f / (made / featureGroups) * taken
        let x = scratch + (batch * features + first) * paddedPlane
        let w = scratch + kernelOffset + f * taken * kernelPlane
        bnk_gathered_dot_i32(x, starts, outputPlane, taps, w, taps.count, sums)
        let base = b * outputStrides[order[0]] + f * outputStrides[order[1]]
        for (i, place) in places.enumerated() { store(base + Int(place), batch, f, sums[i]) }
      }
    }
  }
}

/// The offsets of all places of `sizes`, the last dimension changing fastest.
private func offsets(_ sizes: [Int], _ strides: [Int]) -> [Int64] {
  var out: [Int64] = [0]
  for (size, stride) in zip(sizes, strides) {
    out = out.flatMap { base in (0..<size).map { base + Int64($0 * stride) } }
  }
  return out
}
