import ArgumentParser
import BNorm

/// Reads the values of `--feed`.
enum FeedArgument {
  static func parse(_ text: String, model: Model) throws -> [(name: String, value: Tensor)] {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      guard text.hasSuffix(".npz") else {
        throw ValidationError("--feed takes NAME=VALUE or FILE.npz, got \"\(text)\"")
      }
      return try Npz.read(text).map { ($0.name, $0.tensor) }
    }
    let name = String(text[..<equals])
    let value = String(text[text.index(after: equals)...])
    return [(name, try tensor(name, value, model: model))]
  }

  private static func tensor(_ name: String, _ text: String, model: Model) throws -> Tensor {
    if text.hasSuffix(".npy") { return try Npy.read(text) }
    if text.hasSuffix(".npz") {
      let arrays = try Npz.read(text)
      if let found = arrays.first(where: { $0.name == name }) { return found.tensor }
      guard arrays.count == 1 else {
        throw BNormError.invalid(
          "\(text) has no array \"\(name)\"; it has \(arrays.map(\.name).joined(separator: ", "))")
      }
      return arrays[0].tensor
    }
    let dtype = try model.graph.dtype(of: try model.knownInput(name))
    do { return try made(text, dtype) } catch let error as BNormError {
      throw error.prefixed("feed \"\(name)\"")
    }
  }

  private static func made(_ text: String, _ dtype: DType) throws -> Tensor {
    for (prefix, fill) in generators where text.hasPrefix(prefix) {
      return try generate(fill, try shape(text.dropFirst(prefix.count)), dtype)
    }
    return try literal(text, dtype)
  }

  private enum Fill { case zeros, ones, random }
  private static let generators: [(String, Fill)] = [
    ("zeros:", .zeros), ("ones:", .ones), ("random:", .random),
  ]

  private static func shape(_ text: Substring) throws -> Shape {
    var dimensions: [Int] = []
    for part in text.split(separator: ",") {
      guard let d = Int(part), d >= 0 else {
        throw ValidationError("\"\(text)\" is no shape: expected numbers with commas between them")
      }
      dimensions.append(d)
    }
    return try Shape(checking: dimensions)
  }

  /// random: [0, 1) for floating dtypes, 0…9 for integers; the same numbers at each call.
  private static func generate(_ fill: Fill, _ shape: Shape, _ dtype: DType) throws -> Tensor {
    if fill == .zeros { return Tensor(zeros: dtype, shape: try shape.fitting(dtype)) }
    // Floats and their conversion take room at the same time.
    _ = try shape.fitting(dtype.size > 4 ? .complex128 : .complex64)
    var state: UInt64 = 0x9e37_79b9_7f4a_7c15
    let floats = (0..<shape.count).map { _ -> Float in
      guard fill == .random else { return 1 }
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let unit = Float(state >> 40) / Float(1 << 24)
      return dtype.isFloating || dtype.isComplex ? unit : (unit * (dtype == .bool ? 2 : 10)).rounded(.down)
    }
    return try Tensor(floats, shape: shape).converted(to: dtype)
  }

  private static func literal(_ text: String, _ dtype: DType) throws -> Tensor {
    if dtype == .string { return Tensor(strings: [ByteString(text)], shape: .scalar) }
    switch text.lowercased() {
    case "true": return try Tensor(scalar: true).converted(to: dtype)
    case "false": return try Tensor(scalar: false).converted(to: dtype)
    default: break
    }
    if let integer = Int64(text) { return try Tensor(scalar: integer).converted(to: dtype) }
    if let number = Double(text) {
      return dtype.isFloating || dtype.isComplex
        ? try Tensor(scalar: number).converted(to: dtype) : Tensor(scalar: number)
    }
    throw ValidationError(
      "\"\(text)\" is no .npy or .npz file, no zeros:, ones: or random: shape, and no literal")
  }
}
