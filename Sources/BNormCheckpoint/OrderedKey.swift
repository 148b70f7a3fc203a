import BNormTensor

/// The key of a slice in a checkpoint: an encoding whose byte order is the order of the values.
enum OrderedKey {
  static func encode(name: String, slice: TensorSlice) -> [UInt8] {
    var out = unsigned(0)
    for byte in name.utf8 {
      switch byte {
      case 0: out += [0, 0xff]
      case 0xff: out += [0xff, 0]
      default: out.append(byte)
      }
    }
    out += [0, 1]
    out += unsigned(UInt64(slice.extents.count))
    for extent in slice.extents {
      out += signed(Int64(extent.start))
      out += signed(extent.length.map(Int64.init) ?? -1)
    }
    return out
  }

  /// The number of bytes, then the bytes from the highest that is not zero.
  private static func unsigned(_ value: UInt64) -> [UInt8] {
    let bytes = withUnsafeBytes(of: value.bigEndian) { Array($0.drop { $0 == 0 }) }
    return [UInt8(bytes.count)] + bytes
  }

  /// As many leading bits as bytes follow, flipped for negative values; seven bits a byte.
  private static func signed(_ value: Int64) -> [UInt8] {
    let magnitude = value < 0 ? ~value : value
    let bits = 64 - magnitude.leadingZeroBitCount
    let length = min(bits / 7 + 1, bits > 62 ? 10 : 9)
    let fill: UInt8 = value < 0 ? 0xff : 0
    let all = [fill, fill] + withUnsafeBytes(of: value.bigEndian) { Array($0) }
    var out = Array(all.suffix(length))
    let header: UInt16 = length == 10 ? 0xffc0 : ~(0xffff >> UInt16(length))
    out[0] ^= UInt8(header >> 8)
    if length > 1 { out[1] ^= UInt8(header & 0xff) }
    return out
  }
}
