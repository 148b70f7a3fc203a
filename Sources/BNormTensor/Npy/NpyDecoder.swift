/// Makes a tensor from the bytes of a `.npy` file.
struct NpyDecoder {
  private enum Kind {
    case plain(DType)
    /// NUL-padded bytes.
    case bytes
    /// NUL-padded UCS-4.
    case unicode
  }

  private let header: NpyHeader
  private let kind: Kind
  private let itemSize: Int
  private let isSwapped: Bool

  static func decode(_ bytes: UnsafeRawBufferPointer) throws -> Tensor {
    let header = try NpyHeader(bytes)
    let data = UnsafeRawBufferPointer(rebasing: bytes[header.dataOffset...])
    return try NpyDecoder(header).tensor(data)
  }

  private init(_ header: NpyHeader) throws {
    self.header = header
    let text = Array(header.descriptor.utf8)
    guard text.count >= 2 else {
      throw BNormError.invalid(".npy has dtype '\(header.descriptor)'")
    }
    let order = text[0]
    let hasOrder = [UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "="), UInt8(ascii: "|")]
      .contains(order)
    let type = String(decoding: hasOrder ? text.dropFirst() : text[...], as: UTF8.self)
    isSwapped = order == UInt8(ascii: ">")
    (kind, itemSize) = try NpyDecoder.kind(type, header.descriptor)
  }

  private static func kind(_ type: String, _ descriptor: String) throws -> (Kind, Int) {
    if let dtype = plain[type] { return (.plain(dtype), dtype.size) }
    if type.hasPrefix("O") {
      throw BNormError.invalid("a .npy array of Python objects holds no tensor")
    }
    guard let first = type.first, first == "S" || first == "U" || first == "a",
      let length = Int(type.dropFirst()), length >= 0, length <= Int(Int32.max)
    else { throw BNormError.invalid("dtype '\(descriptor)' of the .npy is no tensor's") }
    return first == "U" ? (.unicode, length * 4) : (.bytes, length)
  }

  /// `V2` is how `bfloat16` arrays are saved, since NumPy has no such type.
  private static let plain: [String: DType] = [
    "b1": .bool, "?": .bool, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64, "u1": .uint8,
    "u2": .uint16, "u4": .uint32, "u8": .uint64, "f2": .half, "f4": .float, "f8": .double,
    "c8": .complex64, "c16": .complex128, "V2": .bfloat16,
  ]

  private func tensor(_ data: UnsafeRawBufferPointer) throws -> Tensor {
    let shape = header.shape
    let (size, overflow) = shape.count.multipliedReportingOverflow(by: itemSize)
    guard !overflow, size <= data.count else {
      throw BNormError.invalid(
        ".npy declares shape \(shape) of '\(header.descriptor)', but holds \(data.count) bytes")
    }
    let order = FortranOrder(shape: shape, isFortran: header.isFortranOrder)
    switch kind {
    case .plain(let dtype):
      let tensor = Tensor(dtype: dtype, shape: shape)
      guard size > 0, let source = data.baseAddress else { return tensor }
      order.copy(source, to: tensor.storage.pointer, elementSize: itemSize)
      if isSwapped { NpyDecoder.swap(tensor) }
      if dtype == .bool {
        let bytes = tensor.storage.pointer.assumingMemoryBound(to: UInt8.self)
        for i in 0..<tensor.count where bytes[i] > 1 { bytes[i] = 1 }
      }
      return tensor
    case .bytes, .unicode:
      guard itemSize > 0 || shape.count <= 1 << 22 else {
        throw BNormError.invalid(".npy declares \(shape.count) empty strings")
      }
      guard itemSize > 0 else { return Tensor(dtype: .string, shape: shape) }
      var strings: [ByteString] = []
      strings.reserveCapacity(shape.count)
      order.forEach { i in
        let item = UnsafeRawBufferPointer(rebasing: data[i * itemSize..<(i + 1) * itemSize])
        if case .bytes = kind {
          let end = item.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
          strings.append(ByteString(item[..<end]))
        } else {
          strings.append(unicode(item))
        }
      }
      return Tensor(strings: strings, shape: shape)
    }
  }

  private func unicode(_ item: UnsafeRawBufferPointer) -> ByteString {
    var text = String.UnicodeScalarView()
    var zeros = 0
    for offset in stride(from: 0, to: item.count, by: 4) {
      var code = UInt32(littleEndian: item.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      if isSwapped { code = code.byteSwapped }
      if code == 0 {
        zeros += 1
        continue
      }
      for _ in 0..<zeros { text.append("\0") }
      zeros = 0
      text.append(Unicode.Scalar(code) ?? "\u{fffd}")
    }
    return ByteString(String(text))
  }

  private static func swap(_ tensor: Tensor) {
    let partSize = tensor.dtype.isComplex ? tensor.dtype.size / 2 : tensor.dtype.size
    switch partSize {
    case 2: swap(tensor, UInt16.self)
    case 4: swap(tensor, UInt32.self)
    case 8: swap(tensor, UInt64.self)
    default: break
    }
  }

  private static func swap<T: FixedWidthInteger>(_ tensor: Tensor, _ type: T.Type) {
    let parts = tensor.storage.pointer.assumingMemoryBound(to: T.self)
    for i in 0..<tensor.byteCount / MemoryLayout<T>.size { parts[i] = parts[i].byteSwapped }
  }
}
