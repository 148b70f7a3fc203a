import BNormProto
import BNormTensor

/// The wanted features of an `Example`, or of the context and the lists of a `SequenceExample`.
struct ExampleMessage {
  var features: [ByteString: Feature] = [:]
  var lists: [ByteString: [Feature]] = [:]

  /// Reads `Example`, the features of `wanted` only.
  init(example string: ByteString, wanted: Set<ByteString>, _ label: String) throws {
    do {
      try string.bytes.withUnsafeBytes { bytes in
        var reader = WireReader(bytes)
        while let (field, value) = try reader.next() {
          if field == 1, case .bytes(let features) = value { try readFeatures(features, wanted) }
        }
      }
    } catch let error as BNormError {
      throw BNormError.invalid("\(label): Could not parse example input: \(error.message)")
    }
  }

  /// Reads `SequenceExample`.
  init(
    sequence string: ByteString, wanted: Set<ByteString>, lists wantedLists: Set<ByteString>,
    _ label: String
  ) throws {
    do {
      try string.bytes.withUnsafeBytes { bytes in
        var reader = WireReader(bytes)
        while let (field, value) = try reader.next() {
          guard case .bytes(let message) = value else { continue }
          if field == 1 { try readFeatures(message, wanted) }
          if field == 2 { try readLists(message, wantedLists) }
        }
      }
    } catch let error as BNormError {
      throw BNormError.invalid("\(label): Could not parse example input: \(error.message)")
    }
  }

  private mutating func readFeatures(
    _ bytes: UnsafeRawBufferPointer, _ wanted: Set<ByteString>
  ) throws {
    try ExampleMessage.readMap(bytes, wanted) { key, value in features[key] = try Feature(value) }
  }

  private mutating func readLists(
    _ bytes: UnsafeRawBufferPointer, _ wanted: Set<ByteString>
  ) throws {
    try ExampleMessage.readMap(bytes, wanted) { key, value in
      var list: [Feature] = []
      var reader = WireReader(value)
      while let (field, value) = try reader.next() {
        if field == 1, case .bytes(let feature) = value { list.append(try Feature(feature)) }
      }
      lists[key] = list
    }
  }

  private static func readMap(
    _ bytes: UnsafeRawBufferPointer, _ wanted: Set<ByteString>,
    _ body: (ByteString, UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var reader = WireReader(bytes)
    while let (field, value) = try reader.next() {
      guard field == 1, case .bytes(let entry) = value else { continue }
      var key = ByteString.empty
      var message = UnsafeRawBufferPointer(start: nil, count: 0)
      var inner = WireReader(entry)
      while let (field, value) = try inner.next() {
        guard case .bytes(let part) = value else { continue }
        if field == 1 { key = ByteString(part) }
        if field == 2 { message = part }
      }
      if wanted.contains(key) { try body(key, message) }
    }
  }
}
