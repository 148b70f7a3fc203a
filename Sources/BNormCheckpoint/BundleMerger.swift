import BNormProto
import BNormTensor
import CTensorFlowProto
import Glibc

/// Makes one bundle of several without copying their data.
public enum BundleMerger {
  /// - Parameters:
  ///   - allowsMissing: Skips prefixes without an index.
  ///   - deletesFolders: Removes the folders of `prefixes` when they have become empty.
  public static func merge(
    _ prefixes: [String], into destination: String, allowsMissing: Bool = false,
    deletesFolders: Bool = true
  ) throws {
    let present = prefixes.filter { !allowsMissing || access(BundleFile.index($0), F_OK) == 0 }
    guard !present.isEmpty else {
      throw BNormError.invalid("there are no checkpoints to merge")
    }
    var entries: [[UInt8]: BundleEntry] = [:]
    var moves: [(from: String, shard: Int)] = []
    for prefix in present {
      let count = try add(prefix, firstShard: moves.count, &entries)
      for shard in 0..<count {
        moves.append((BundleFile.shard(prefix, shard, of: count), moves.count))
      }
    }
    try makeFolder(of: destination)
    for (source, shard) in moves {
      try move(source, BundleFile.shard(destination, shard, of: moves.count))
    }
    let index = BundleFile.index(destination)
    try BundleIndex.write(
      entries.mapValues(\.encoded), shardCount: moves.count, index + ".part")
    try move(index + ".part", index)
    for prefix in present where prefix != destination {
      unlink(BundleFile.index(prefix))
      if deletesFolders { rmdir(folder(of: prefix)) }
    }
  }

  /// Adds the entries of a bundle; the number of its shards.
  private static func add(
    _ prefix: String, firstShard: Int, _ entries: inout [[UInt8]: BundleEntry]
  ) throws -> Int {
    var count = 0
    let arena = UnpackArena()
    try TableReader(BundleFile.index(prefix)).forEach { key, value in
      defer { arena.reset() }
      if key.isEmpty {
        let header = try arena.unpack(
          "BundleHeaderProto", value, tensorflow__bundle_header_proto__init)
        count = Int(header.pointee.num_shards)
        guard (0...1 << 16).contains(count) else {
          throw BNormError.invalid("checkpoint \(prefix) declares \(count) shards")
        }
        return
      }
      let m = try arena.unpack(
        "BundleEntryProto", value, tensorflow__bundle_entry_proto__init
      ).pointee
      var entry = try BundleEntry(m)
      entry.shard += firstShard
      if let known = entries[key] {
        guard !known.slices.isEmpty, !entry.slices.isEmpty, known.shape == entry.shape else {
          throw BNormError.invalid(
            "tensor \"\(String(decoding: key, as: UTF8.self))\" is in two of the checkpoints")
        }
        entry.slices = known.slices + entry.slices.filter { !known.slices.contains($0) }
      }
      entries[key] = entry
    }
    return count
  }

  private static func move(_ source: String, _ target: String) throws {
    guard source == target || rename(source, target) == 0 else {
      throw BNormError.invalid(
        "\(source) cannot be moved to \(target): \(String(cString: strerror(errno)))")
    }
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  /// TensorFlow makes the last folder as well.
  private static func makeFolder(of path: String) throws {
    let folder = folder(of: path)
    if !folder.isEmpty { mkdir(folder, 0o777) }
  }
}
