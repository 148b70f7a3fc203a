import BNormTensor
import Foundation

/// Files below Fixtures/importer.
public enum Fixtures {
  public static func path(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fixtures/importer/\(name)").path
  }
}

/// Folders that are gone after their use.
public enum TemporaryFolder {
  public static func with<R>(_ body: (String) throws -> R) throws -> R {
    let url = FileManager.default.temporaryDirectory.appending(path: "bnorm-\(UUID())")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
  }
}

public func readFile(_ path: String) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(filePath: path)))
}

extension Tensor {
  /// Same dtype, shape and elements, bit for bit.
  public func hasSameElements(as other: Tensor) -> Bool {
    guard dtype == other.dtype, shape == other.shape else { return false }
    if dtype == .string { return strings == other.strings }
    return UnsafeRawBufferPointer(start: pointer, count: byteCount).elementsEqual(
      UnsafeRawBufferPointer(start: other.pointer, count: other.byteCount))
  }
}
