import BNormTensor
import CBNormKernels

/// Masked CRC-32C, as it lies next to the data in TensorFlow's files.
public enum Checksum {
  public static func masked(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    bnk_crc32c_mask(bnk_crc32c(0, bytes.baseAddress, bytes.count))
  }
}
