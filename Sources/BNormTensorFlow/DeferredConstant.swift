import BNormCore
import BNormProto
import BNormTensor
import CTensorFlowProto

/// A node whose large constant stays in the file until it is needed.
struct DeferredConstant {
  /// From this size on constants are deferred.
  static let smallest = 32 << 10

  /// The node without its attribute `value`.
  let node: [UInt8]
  /// The attribute's tensor without its elements.
  let header: [UInt8]
  let content: UnsafeRawBufferPointer

  /// Takes a serialised `NodeDef` apart; nil if it is of any other form, well-formed or not.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= DeferredConstant.smallest else { return nil }
    var reader = WireReader(bytes)
    var found: (start: Int, end: Int, header: [UInt8], content: UnsafeRawBufferPointer)?
    while !reader.isAtEnd {
      let start = reader.offset
      guard let field = try? reader.next() else { return nil }
      guard field.field == 5, case .bytes(let entry) = field.value else { continue }
      guard let (key, value) = DeferredConstant.entry(entry) else { return nil }
      guard key.elementsEqual("value".utf8) else { continue }
      guard found == nil, let (header, content) = DeferredConstant.tensor(value) else { return nil }
      found = (start, reader.offset, header, content)
    }
    guard let found else { return nil }
    node = Array(bytes[..<found.start]) + Array(bytes[found.end...])
    header = found.header
    content = found.content
  }

  private static func entry(
    _ bytes: UnsafeRawBufferPointer
  ) -> (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
    var reader = WireReader(bytes)
    guard let key = try? reader.next(), key.field == 1, case .bytes(let name) = key.value,
      let value = try? reader.next(), value.field == 2, case .bytes(let inner) = value.value,
      reader.isAtEnd
    else { return nil }
    return (name, inner)
  }

  /// The tensor of an `AttrValue` that is nothing else.
  private static func tensor(
    _ bytes: UnsafeRawBufferPointer
  ) -> (header: [UInt8], content: UnsafeRawBufferPointer)? {
    var outer = WireReader(bytes)
    guard let field = try? outer.next(), field.field == 8, case .bytes(let inner) = field.value,
      outer.isAtEnd
    else { return nil }
    var reader = WireReader(inner)
    var header: [UInt8] = []
    var content: UnsafeRawBufferPointer?
    while !reader.isAtEnd {
      let start = reader.offset
      guard let field = try? reader.next() else { return nil }
      switch (field.field, field.value) {
      case (1...3, _): header += inner[start..<reader.offset]
      case (4, .bytes(let elements)) where content == nil && elements.count >= smallest:
        content = elements
      default: return nil
      }
    }
    return content.map { (header, $0) }
  }

  /// The tensor, whose elements begin at `offset` of the file; nil if they do not fit its header.
  func tensor(_ arena: UnpackArena, _ source: SourceFile, offset: Int) throws -> Tensor? {
    let message = try header.withUnsafeBytes {
      try arena.unpack("TensorProto", $0, tensorflow__tensor_proto__init)
    }
    guard let dtype = UInt8(exactly: message.pointee.dtype.rawValue).flatMap({ DType(rawValue: $0) }),
      [.float, .double, .half, .bfloat16].contains(dtype)
    else { return nil }
    let shape = try ShapeDecoder.shape(message.pointee.tensor_shape)
    let (byteCount, overflow) = shape.count.multipliedReportingOverflow(by: dtype.size)
    guard !overflow, byteCount == content.count else { return nil }
    let bytes = DeferredBytes(source, offset: offset, byteCount: byteCount)
    return Tensor(dtype: dtype, shape: shape, storage: TensorStorage(deferred: bytes))
  }
}
