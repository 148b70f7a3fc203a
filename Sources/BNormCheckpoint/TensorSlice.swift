import BNormProto
import BNormTensor
import CTensorFlowProto

/// A box of a tensor: a start and a length for each dimension.
public struct TensorSlice: Hashable, Sendable {
  public struct Extent: Hashable, Sendable {
    public var start: Int
    /// nil for the whole dimension.
    public var length: Int?

    public init(start: Int = 0, length: Int? = nil) {
      self.start = start
      self.length = length
    }
  }

  public var extents: [Extent]

  public init(_ extents: [Extent]) { self.extents = extents }

  /// The whole of a tensor.
  public init(fullRank rank: Int) { extents = Array(repeating: Extent(), count: rank) }

  public var isFull: Bool { extents.allSatisfy { $0.length == nil } }

  /// Parses `start,length:-:…`, where `-` is a whole dimension.
  public init(_ text: some StringProtocol) throws {
    extents = try text.split(separator: ":", omittingEmptySubsequences: false).map { part in
      if part == "-" { return Extent() }
      let numbers = part.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard numbers.count == 2, let start = numbers[0], let length = numbers[1], start >= 0,
        length > 0
      else { throw BNormError.invalid("\"\(text)\" is no slice of a tensor") }
      return Extent(start: start, length: length)
    }
  }

  init(_ message: Tensorflow__TensorSliceProto) {
    extents = (0..<message.n_extent).map { i in
      guard let extent = message.extent[i]?.pointee else { return Extent() }
      let isFull =
        extent.has_length_case != TENSORFLOW__TENSOR_SLICE_PROTO__EXTENT__HAS_LENGTH_LENGTH
      return isFull ? Extent() : Extent(start: Int(extent.start), length: Int(extent.length))
    }
  }

  func encode(_ writer: inout WireWriter) {
    for extent in extents {
      writer.message(1) {
        if extent.start != 0 { $0.integer(1, extent.start) }
        if let length = extent.length { $0.integer(2, length) }
      }
    }
  }

  /// Start and length in every dimension of `shape`.
  public func box(in shape: Shape) throws -> [Range<Int>] {
    guard extents.count == shape.rank else {
      throw BNormError.invalid("slice \(self) has \(extents.count) dimensions, shape is \(shape)")
    }
    return try zip(extents, shape.dimensions).map { extent, size in
      let length = extent.length ?? size
      guard extent.start >= 0, length >= 0, length <= size, extent.start <= size - length else {
        throw BNormError.invalid("slice \(self) does not lie in shape \(shape)")
      }
      return extent.start..<extent.start + length
    }
  }
}

extension TensorSlice: CustomStringConvertible {
  public var description: String {
    extents.map { $0.length == nil ? "-" : "\($0.start),\($0.length!)" }.joined(separator: ":")
  }
}
