import BNorm
import Foundation

/// A folder of Fixtures/ with a graph and what TensorFlow gave for it.
public struct Fixture: Sendable {
  public let name: String
  public let folder: String
  public let feeds: [String: String]
  public let fetches: [String: String]
  public let targets: [String]
  public let rtol: Double
  public let atol: Double
  /// TensorFlow refuses it.
  public let isRefused: Bool

  private struct Description: Codable {
    var feeds: [String: String]
    var fetches: [String: String]
    var targets: [String]?
    var rtol: Double
    var atol: Double
    var error: Bool?
  }

  public init(folder: String, name: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/case.json"))
    let description = try JSONDecoder().decode(Description.self, from: data)
    self.name = name
    self.folder = folder
    feeds = description.feeds
    fetches = description.fetches
    targets = description.targets ?? []
    rtol = description.rtol
    atol = description.atol
    isRefused = description.error ?? false
  }

  public var graphPath: String { folder + "/graph.pb" }

  public func inputs() throws -> [(name: String, value: Tensor)] {
    try feeds.map { ($0.key, try Npy.read(folder + "/" + $0.value)) }
  }

  public func expected() throws -> [(name: String, value: Tensor)] {
    try fetches.sorted { $0.key < $1.key }.map { ($0.key, try Npy.read(folder + "/" + $0.value)) }
  }
}

/// All fixtures below a folder of Fixtures/.
public enum FixtureCatalog {
  public static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures").path

  public static func fixtures(_ group: String) -> [Fixture] {
    let base = root + "/" + group
    let all = FileManager.default.subpaths(atPath: base) ?? []
    return all.filter { $0.hasSuffix("case.json") }.sorted().compactMap { path in
      let folder = (path as NSString).deletingLastPathComponent
      return try? Fixture(folder: base + "/" + folder, name: group + "/" + folder)
    }
  }
}
