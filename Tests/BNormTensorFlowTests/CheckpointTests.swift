import BNormTensor
import BNormTestFiles
import Testing

@testable import BNormCheckpoint

struct CheckpointTests {
  static let expected = Dictionary(
    uniqueKeysWithValues: try! Npz.read(Fixtures.path("checkpoints/expected.npz")).map {
      ($0.name, $0.tensor)
    })

  @Test(arguments: [("bundle", 57), ("sliced", 2), ("table", 4)])
  func readsWhatTensorFlowWrote(_ name: String, _ count: Int) throws {
    let reader = try CheckpointReader(Fixtures.path("checkpoints/\(name)"))
    #expect(reader.names.count == count)
    for name in reader.names {
      let value = try #require(CheckpointTests.expected[name])
      #expect(try reader.read(name).hasSameElements(as: value), "\(name)")
    }
  }

  @Test(arguments: ["sliced", "table"]) func readsPartsAcrossStoredParts(_ name: String) throws {
    let reader = try CheckpointReader(Fixtures.path("checkpoints/\(name)"))
    let part = try reader.read("p", slice: TensorSlice("2,4:1,3"))
    #expect(part.shape == [4, 3])
    #expect(part.array(Float.self) == [13, 14, 15, 19, 20, 21, 25, 26, 27, 31, 32, 33])
    #expect(throws: BNormError.self) { try reader.read("p", slice: TensorSlice("8,4:-")) }
    #expect(throws: BNormError.self) { try reader.read("p", slice: TensorSlice("-")) }
  }

  @Test func bundlesSurviveRewriting() throws {
    let reader = try CheckpointReader(Fixtures.path("checkpoints/bundle"))
    try TemporaryFolder.with { folder in
      let writer = try BundleWriter("\(folder)/a")
      for name in reader.names { try writer.add(name, try reader.read(name)) }
      let whole = try reader.read("plain/float64")
      for row in 0..<3 {
        let values = Array(whole.array(Double.self)[row * 5..<row * 5 + 5])
        try writer.add(
          "parts", Tensor(values, shape: [1, 5]), slice: TensorSlice("\(row),1:-"), of: [3, 5])
      }
      try writer.finish()
      let again = try CheckpointReader("\(folder)/a")
      #expect(again.names == (reader.names + ["parts"]).sorted())
      for name in reader.names {
        #expect(try again.read(name).hasSameElements(as: try reader.read(name)))
      }
      #expect(try again.read("parts").hasSameElements(as: whole))
    }
  }

  @Test func mergedBundlesHoldAll() throws {
    try TemporaryFolder.with { folder in
      for (i, name) in ["a", "b"].enumerated() {
        let writer = try BundleWriter("\(folder)/part\(i)")
        try writer.add(name, Tensor([Float(i)]))
        try writer.add(
          "p", Tensor([Float(i)], shape: [1, 1]), slice: TensorSlice("\(i),1:-"), of: [2, 1])
        try writer.finish()
      }
      try BundleMerger.merge(["\(folder)/part0", "\(folder)/part1"], into: "\(folder)/all")
      let reader = try CheckpointReader("\(folder)/all")
      #expect(reader.names == ["a", "b", "p"])
      #expect(try reader.read("b").array(Float.self) == [1])
      #expect(try reader.read("p").array(Float.self) == [0, 1])
      #expect(!CheckpointReader.exists("\(folder)/part0"))
    }
  }

  @Test func tablesSurviveRewriting() throws {
    let reader = try CheckpointReader(Fixtures.path("checkpoints/table"))
    try TemporaryFolder.with { folder in
      let writer = SliceTableWriter("\(folder)/a")
      for name in reader.names { try writer.add(name, try reader.read(name)) }
      try writer.finish()
      let again = try CheckpointReader("\(folder)/a")
      for name in reader.names {
        #expect(try again.read(name).hasSameElements(as: try reader.read(name)))
      }
    }
  }

  @Test func damageIsNoticed() throws {
    let index = try readFile(Fixtures.path("checkpoints/sliced.index"))
    let data = try readFile(Fixtures.path("checkpoints/sliced.data-00000-of-00001"))
    try TemporaryFolder.with { folder in
      func write(_ index: [UInt8], _ data: [UInt8]) throws {
        for (name, bytes) in [("a.index", index), ("a.data-00000-of-00001", data)] {
          let file = try OutputFile("\(folder)/\(name)")
          try file.write(bytes)
          try file.close()
        }
      }
      var changed = data
      changed[9] ^= 1
      try write(index, changed)
      let reader = try CheckpointReader("\(folder)/a")
      #expect(throws: BNormError.self) { try reader.read("p") }
      try write(index, Array(data.prefix(100)))
      #expect(throws: BNormError.self) { try CheckpointReader("\(folder)/a").read("w") }
      for i in index.indices {
        var changed = index
        changed[i] ^= 0x41
        try write(changed, data)
        let reader = try? CheckpointReader("\(folder)/a")
        for name in reader?.names ?? [] { _ = try? reader?.read(name) }
      }
    }
  }

  @Test func snappy() throws {
    let text = try readFile(Fixtures.path("snappy/text"))
    let packed = try readFile(Fixtures.path("snappy/packed"))
    #expect(try packed.withUnsafeBytes { try Snappy.decode($0) } == text)
    for i in packed.indices {
      #expect(throws: BNormError.self) {
        try packed[..<i].withUnsafeBytes { try Snappy.decode($0) }
      }
      var changed = packed
      changed[i] ^= 0x55
      _ = try? changed.withUnsafeBytes { try Snappy.decode($0) }
    }
  }

  /// Lengths of the encoding change at these magnitudes.
  @Test func keysAreInOrder() {
    let starts = [0, 1, 63, 64, 65, 8191, 8192, 1 << 20, 1 << 27, 1 << 34, 1 << 62, Int.max]
    let keys = starts.map {
      OrderedKey.encode(name: "x", slice: TensorSlice([.init(start: $0, length: 1)]))
    }
    for (a, b) in zip(keys, keys.dropFirst()) { #expect(a.lexicographicallyPrecedes(b)) }
  }
}
