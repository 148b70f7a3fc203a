import BNormTensor

/// Writes `TensorShapeProto` messages.
public enum ShapeEncoder {
  /// A dimension of -1 is unknown.
  public static func encode(_ dimensions: [Int], _ writer: inout WireWriter) {
    for size in dimensions { writer.message(2) { if size != 0 { $0.integer(1, size) } } }
  }

  public static func encode(_ shape: PartialShape, _ writer: inout WireWriter) {
    guard let dimensions = shape.dimensions else { return writer.bool(3, true) }
    encode(dimensions, &writer)
  }
}
