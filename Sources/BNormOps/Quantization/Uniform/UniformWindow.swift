import BNormCore
import BNormProto
import BNormTensor

/// Strides, dilations, padding, groups and the order of dimensions of a uniformly quantized
/// convolution.
struct UniformWindow: Sendable {
  /// Where batch (or output features), features and space lie in a tensor.
  struct Layout: Sendable {
    var first = 0
    var features = 1
    var space: [Int] = []
    var order: [Int] { [first, features] + space }
  }

  private let strides: [Int]
  private let inputDilations: [Int]
  private let kernelDilations: [Int]
  private let padding: String
  private let explicit: [Int]
  let batchGroups: Int
  let featureGroups: Int
  private let layouts: [Layout]

  init(_ node: NodeContext) throws {
    strides = try node.ints("window_strides")
    inputDilations = try node.ints("lhs_dilation")
    kernelDilations = try node.ints("rhs_dilation")
    padding = try node.string("padding")
    explicit = try node.ints("explicit_padding")
    batchGroups = try node.int("batch_group_count")
    featureGroups = try node.int("feature_group_count")
    guard ["SAME", "VALID", "EXPLICIT"].contains(padding), padding == "EXPLICIT" || explicit.isEmpty
    else {
      throw BNormError.invalid(
        "attribute padding is \(padding) and explicit_padding has \(explicit.count) elements")
    }
    guard batchGroups > 0, featureGroups > 0 else {
      throw BNormError.invalid(
        "attributes batch_group_count and feature_group_count are \(batchGroups) and "
          + "\(featureGroups), expected positive numbers")
    }
    layouts = try UniformWindow.layouts(try node.bytes("dimension_numbers"))
  }

  /// Input, kernel and output.
  private static func layouts(_ message: ByteString) throws -> [Layout] {
    var out = [
      Layout(first: 0, features: 0), Layout(first: 0, features: 0), Layout(first: 0, features: 0),
    ]
    try message.bytes.withUnsafeBytes { bytes in
      var reader = WireReader(bytes)
      while let (field, value) = try reader.next() {
        guard (1...9).contains(field) else { continue }
        let k = (field - 1) / 3
        var numbers: [Int] = []
        switch value {
        case .varint(let x): numbers = [Int(truncatingIfNeeded: x)]
        case .bytes(let packed):
          var inner = WireReader(packed)
          while !inner.isAtEnd { numbers.append(Int(truncatingIfNeeded: try inner.varint())) }
        default: continue
        }
        switch (field - 1) % 3 {
        case 2: out[k].space += numbers
        // A kernel names its input features before its output features.
        case 0:
          if k == 1 {
            out[k].features = numbers.last ?? 0
          } else {
            out[k].first = numbers.last ?? 0
          }
        default:
          if k == 1 {
            out[k].first = numbers.last ?? 0
          } else {
            out[k].features = numbers.last ?? 0
          }
        }
      }
    }
    return out
  }

  /// The convolution of tensors of these shapes.
  func geometry(_ input: Shape, _ kernel: Shape) throws -> UniformGeometry {
    let rank = input.rank
    guard rank == kernel.rank, rank > 2 else {
      throw BNormError.invalid(
        "input 0 (lhs) has shape \(input) and input 1 (rhs) has \(kernel), expected the same rank "
          + "of at least 3")
    }
    let spatial = rank - 2
    func filled(_ values: [Int], _ name: String) throws -> [Int] {
      let out = values.isEmpty ? [Int](repeating: 1, count: spatial) : values
      guard out.count == spatial, out.allSatisfy({ $0 > 0 && $0 < 1 << 31 }) else {
        throw BNormError.invalid(
          "attribute \(name) is \(values), expected \(spatial) positive numbers")
      }
      return out
    }
    let usual = Layout(first: 0, features: 1, space: Array(2..<rank))
    let layouts = layouts[0].space.isEmpty ? [usual, usual, usual] : layouts
    for layout in layouts {
      guard layout.order.sorted() == Array(0..<rank) else {
        throw BNormError.invalid(
          "attribute dimension_numbers has dimensions \(layout.order), expected each of rank "
            + "\(rank) once")
      }
    }
    var out = UniformGeometry(
      input: layouts[0], kernel: layouts[1], output: layouts[2],
      strides: try filled(strides, "window_strides"),
      inputDilations: try filled(inputDilations, "lhs_dilation"),
      kernelDilations: try filled(kernelDilations, "rhs_dilation"))
    try checkGroups(input, kernel, out)
    try out.fill(input, kernel, padding: padding, explicit: explicit, batchGroups: batchGroups)
    return out
  }

  private func checkGroups(_ input: Shape, _ kernel: Shape, _ geometry: UniformGeometry) throws {
    let features = input[geometry.input.features]
    let taken = kernel[geometry.kernel.features]
    let made = kernel[geometry.kernel.first]
    let batch = input[geometry.input.first]
    guard features % featureGroups == 0, features / featureGroups == taken, taken > 0,
      made % featureGroups == 0, batch % batchGroups == 0, made % batchGroups == 0
    else {
      throw BNormError.invalid(
        "input 0 (lhs) has shape \(input) and input 1 (rhs) has \(kernel), which do not divide "
          + "into \(featureGroups) groups of features and \(batchGroups) of batches")
    }
  }
}

/// Sizes of a uniformly quantized convolution, in the order batch, features, space.
struct UniformGeometry: Sendable {
  let input: UniformWindow.Layout
  let kernel: UniformWindow.Layout
  let output: UniformWindow.Layout
  let strides: [Int]
  let inputDilations: [Int]
  let kernelDilations: [Int]
  /// Padding before the input.
  var before: [Int] = []
  /// The input with padding and dilation.
  var padded: [Int] = []
  /// Batch, features, space.
  var outputSizes: [Int] = []

  fileprivate mutating func fill(
    _ x: Shape, _ w: Shape, padding: String, explicit: [Int], batchGroups: Int
  ) throws {
    func dilated(_ size: Int, _ dilation: Int) throws -> Int {
      let (out, overflow) = max(size - 1, 0).multipliedReportingOverflow(by: dilation)
      guard !overflow, out < 1 << 40 else { throw BNormError.invalid("a dilation of \(dilation)") }
      return size == 0 ? 0 : out + 1
    }
    guard
      padding != "EXPLICIT"
        || explicit.count == 2 * strides.count && explicit.allSatisfy({ $0 >= 0 && $0 < 1 << 31 })
    else {
      throw BNormError.invalid(
        "attribute explicit_padding is \(explicit), expected \(2 * strides.count) sizes")
    }
    outputSizes = [x[input.first] / batchGroups, w[kernel.first]]
    for i in strides.indices {
      let size = try dilated(x[input.space[i]], inputDilations[i])
      let window = try dilated(w[kernel.space[i]], kernelDilations[i])
      var pads = (0, 0)
      if padding == "EXPLICIT" {
        pads = (explicit[2 * i], explicit[2 * i + 1])
      } else if padding == "SAME" {
        let count = (size + strides[i] - 1) / strides[i]
        let total = max((count - 1) * strides[i] + window - size, 0)
        pads = (total / 2, total - total / 2)
      }
      before.append(pads.0)
      padded.append(size + pads.0 + pads.1)
      let room = padded[i] - window + 1
      guard room + strides[i] > 0, window > 0 || room >= 0 else {
        throw BNormError.invalid(
          "a window of \(window) does not fit into \(padded[i]) in dimension \(i) of space")
      }
      outputSizes.append(max((room + strides[i] - 1) / strides[i], 0))
    }
  }

  /// The output's shape.
  var outputShape: [Int] {
    var out = [Int](repeating: 0, count: outputSizes.count)
    for (k, dimension) in output.order.enumerated() { out[dimension] = outputSizes[k] }
    return out
  }
}
