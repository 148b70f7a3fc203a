import BNormTensor
import CTensorFlowProto

/// Shapes from unpacked `TensorShapeProto` messages.
public enum ShapeDecoder {
  public typealias Message = UnsafePointer<Tensorflow__TensorShapeProto>

  /// The shape of a tensor; a missing message is a scalar.
  public static func shape(_ message: UnsafeMutablePointer<Tensorflow__TensorShapeProto>?) throws
    -> Shape
  {
    guard let message else { return .scalar }
    guard message.pointee.unknown_rank == 0 else {
      throw BNormError.invalid("the shape of a tensor has an unknown rank")
    }
    return try Shape(checking: dimensions(message))
  }

  /// A shape whose rank or dimensions may be unknown.
  public static func partialShape(_ message: UnsafeMutablePointer<Tensorflow__TensorShapeProto>)
    throws -> PartialShape
  {
    guard message.pointee.unknown_rank == 0 else { return .unknown }
    let dimensions = dimensions(message)
    guard dimensions.count <= Shape.maximumRank else {
      throw BNormError.invalid("shape has \(dimensions.count) dimensions, at most 254 are allowed")
    }
    guard dimensions.allSatisfy({ $0 >= -1 }) else {
      throw BNormError.invalid("shape \(dimensions) has a dimension below -1")
    }
    return PartialShape(dimensions)
  }

  private static func dimensions(_ message: UnsafeMutablePointer<Tensorflow__TensorShapeProto>)
    -> [Int]
  {
    (0..<message.pointee.n_dim).map { i in
      message.pointee.dim[i].map { Int($0.pointee.size) } ?? 0
    }
  }
}
