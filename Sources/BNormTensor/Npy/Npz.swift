/// NumPy's `.npz` archives: zip files of `.npy` files.
public enum Npz {
  /// The arrays in the order of the archive, with their names without `.npy`.
  public static func read(_ path: String) throws -> [(name: String, tensor: Tensor)] {
    let file = try MappedFile(path)
    return try Npy.naming(path) { try decode(file.bytes) }
  }

  /// The arrays of an archive that lies in memory.
  public static func decode(_ bytes: UnsafeRawBufferPointer) throws -> [(
    name: String, tensor: Tensor
  )] {
    try ZipReader(bytes).entries.filter { !$0.name.hasSuffix("/") }.map { entry in
      let name = entry.name.hasSuffix(".npy") ? String(entry.name.dropLast(4)) : entry.name
      do {
        return (name, try entry.withData { try NpyDecoder.decode($0) })
      } catch let error as BNormError { throw error.prefixed("array \"\(name)\"") }
    }
  }

  /// Writes an archive as `numpy.savez` does: not compressed.
  public static func write(_ arrays: [(name: String, tensor: Tensor)], _ path: String) throws {
    try Npy.naming(path) {
      let zip = ZipWriter(try OutputFile(path))
      for (name, tensor) in arrays {
        do {
          let encoder = try NpyEncoder(tensor)
          try encoder.withData { try zip.add("\(name).npy", encoder.header, $0) }
        } catch let error as BNormError { throw error.prefixed("array \"\(name)\"") }
      }
      try zip.finish()
    }
  }
}
