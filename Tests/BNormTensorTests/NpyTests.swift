import BNormTensor
import BNormTestFiles
import Foundation
import Testing

/// Files that NumPy wrote, and files that NumPy must be able to read.
struct NpyTests {
  static let folder = Fixtures.path("npy")
  static let names = try! Npz.read("\(folder)/arrays.npz").map(\.name)

  @Test(arguments: names) func readsWhatNumPyWrote(_ name: String) throws {
    let tensor = try Npy.read("\(NpyTests.folder)/\(name).npy")
    let expected = try #require(
      try Npz.read("\(NpyTests.folder)/arrays.npz").first { $0.name == name })
    #expect(tensor.shape == expected.tensor.shape)
    if name == "bfloat16" {
      #expect(tensor.dtype == .bfloat16)
      #expect(tensor.doubles == expected.tensor.doubles)
    } else {
      #expect(tensor.dtype == expected.tensor.dtype)
      #expect(tensor.hasSameElements(as: expected.tensor))
    }
  }

  @Test(arguments: names) func readsWhatItWrote(_ name: String) throws {
    let tensor = try Npy.read("\(NpyTests.folder)/\(name).npy")
    try TemporaryFolder.with { folder in
      try Npy.write(tensor, "\(folder)/a.npy")
      let again = try Npy.read("\(folder)/a.npy")
      #expect(again.shape == tensor.shape)
      if tensor.dtype == .bfloat16 {
        #expect(again.dtype == .float)
        #expect(again.doubles == tensor.doubles)
      } else {
        #expect(again.hasSameElements(as: tensor))
      }
      let bytes = try Data(contentsOf: URL(filePath: "\(folder)/a.npy"))
      let length = Int(bytes[8]) | Int(bytes[9]) << 8
      #expect((10 + length) % 64 == 0)
    }
  }

  @Test func readsCompressedArchives() throws {
    let arrays = try Npz.read("\(NpyTests.folder)/compressed.npz")
    #expect(arrays.map(\.name) == ["zeros", "x:0"])
    #expect(arrays[0].tensor.hasSameElements(as: Tensor(zeros: .float, shape: [200, 300])))
    #expect(arrays[1].tensor.shape == [2, 3, 4])
  }

  @Test func readsArchivesThatItWrote() throws {
    let arrays: [(name: String, tensor: Tensor)] = [
      ("a", Tensor([1, 2, 3] as [Int32])), ("b/c:0", Tensor(scalar: 2.5)),
      ("leer", Tensor(zeros: .float, shape: [0, 2])),
      ("text", Tensor(strings: ["x", "yz"], shape: [2, 1])),
    ]
    try TemporaryFolder.with { folder in
      try Npz.write(arrays, "\(folder)/a.npz")
      let again = try Npz.read("\(folder)/a.npz")
      #expect(again.map(\.name) == arrays.map(\.name))
      for (a, b) in zip(again, arrays) { #expect(a.tensor.hasSameElements(as: b.tensor)) }
    }
  }

  @Test func writesWhatNumPyLacksAsWhatItHas() throws {
    try TemporaryFolder.with { folder in
      let path = "\(folder)/a.npy"
      try Npy.write(Tensor([0x3c, 0x40, 0xbc] as [UInt8], shape: [3], dtype: .float8_e5m2), path)
      #expect(try Npy.read(path).doubles == [1, 2, -1])
      try Npy.write(
        Tensor([0x38, 0x01, 0xb8, 0x7e] as [UInt8], shape: [4], dtype: .float8_e4m3fn), path)
      #expect(try Npy.read(path).doubles == [1, 0.001953125, -1, 448])
      try Npy.write(Tensor([-3, 7] as [Int8], shape: [2], dtype: .int4), path)
      #expect(try Npy.read(path).dtype == .int8)
      try Npy.write(Tensor([1, 2] as [Int32], shape: [2], dtype: .qint32), path)
      #expect(try Npy.read(path).dtype == .int32)
    }
  }

  @Test(arguments: ["object", "record"]) func refusesWhatHasNoDType(_ name: String) {
    #expect(throws: BNormError.self) { try Npy.read("\(NpyTests.folder)/refused_\(name).npy") }
  }
}
