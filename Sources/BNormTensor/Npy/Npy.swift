/// NumPy's `.npy` files.
///
/// Reads every plain dtype, both byte orders, C and Fortran order, `S` and `U` strings (as
/// `string`, without the padding NULs) and `V2` as bfloat16. NumPy lacks some of TensorFlow's
/// dtypes: bfloat16 and the 8-bit floats are written as float32, quantized and 4-bit integers as
/// the integers that hold them, strings as `S`.
public enum Npy {
  public static func read(_ path: String) throws -> Tensor {
    let file = try MappedFile(path)
    return try naming(path) { try NpyDecoder.decode(file.bytes) }
  }

  /// The tensor of a `.npy` file that lies in memory.
  public static func decode(_ bytes: UnsafeRawBufferPointer) throws -> Tensor {
    try NpyDecoder.decode(bytes)
  }

  public static func write(_ tensor: Tensor, _ path: String) throws {
    try naming(path) {
      let encoder = try NpyEncoder(tensor)
      let output = try OutputFile(path)
      try encoder.header.withUnsafeBytes { try output.write($0) }
      try encoder.withData { try output.write($0) }
      try output.close()
    }
  }

  static func naming<R>(_ path: String, _ body: () throws -> R) throws -> R {
    do { return try body() } catch let error as BNormError { throw error.prefixed(path) }
  }
}
