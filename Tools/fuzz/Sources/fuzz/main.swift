import BNormProto
import BNormTensor
import BNormTensorFlow
import BNormCore
import Glibc

@testable import BNormCheckpoint

/// Runs libFuzzer on one target: `fuzz TARGET [libFuzzer's arguments]`.

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

func attempt(_ body: () throws -> Void) -> Int32 {
  do { try body() } catch is BNormError {} catch { fatalError("not a BNormError: \(error)") }
  return 0
}

/// Small, so that a short input cannot ask for much memory.
func budget() -> ImportBudget { ImportBudget(perTensor: 1 << 20, total: 1 << 22) }

let targets: [String: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32] = [
  "graph": { data, size in
    attempt {
      let meta = try ModelFile.decode(.init(start: data, count: size), budget: budget())
      _ = try GraphDefWriter.encode(meta.graph)
      _ = try Graph(meta.graph, library: OpLibrary(operations: []))
    }
  },
  "meta": { data, size in attempt { try meta(.init(start: data, count: size)) } },
  "text": { data, size in attempt { try meta(.init(start: data, count: size)) } },
  "tensor": { data, size in
    attempt {
      let tensor = try TensorProtoDecoder.decode(.init(start: data, count: size), budget: budget())
      let bytes = try TensorProtoEncoder.encode(tensor)
      let again = try bytes.withUnsafeBytes { try TensorProtoDecoder.decode($0) }
      precondition(again.shape == tensor.shape && again.dtype == tensor.dtype)
    }
  },
  "npy": { data, size in attempt { _ = try Npy.decode(.init(start: data, count: size)) } },
  "npz": { data, size in attempt { _ = try Npz.decode(.init(start: data, count: size)) } },
  "snappy": { data, size in attempt { _ = try Snappy.decode(.init(start: data, count: size)) } },
  "block": { data, size in
    attempt { try TableReader.entries(.init(start: data, count: size)) { _, _ in } }
  },
  "bundle": { data, size in attempt { try bundle(.init(start: data, count: size)) } },
  "slices": { data, size in attempt { try slices(.init(start: data, count: size)) } },
]

/// A MetaGraph or SavedModel with what it says besides its graph; read again as it is written.
func meta(_ bytes: UnsafeRawBufferPointer) throws {
  let meta = try ModelFile.decode(bytes, budget: budget())
  _ = meta.callableSignatures
  let graph = try GraphDefWriter.encode(meta.graph)
  let again = try graph.withUnsafeBytes { try ModelFile.decode($0, budget: budget()) }
  precondition(again.graph.nodes.count == meta.graph.nodes.count)
}

/// A table of the first format whose list of tensors, and every slice, is the input.
func slices(_ bytes: UnsafeRawBufferPointer) throws {
  let path = "/dev/shm/bnorm-fuzz-\(getpid())-slices"
  let output = try OutputFile(path)
  let table = TableWriter(output)
  try table.add([], Array(bytes))
  let keys = ["0:-", "-", "-:-", "0,2:-"].map { text -> [UInt8] in
    guard let slice = try? TensorSlice(text) else { return [] }
    return OrderedKey.encode(name: "x", slice: slice)
  }
  for key in Set(keys).filter({ !$0.isEmpty }).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
    try table.add(key, Array(bytes))
  }
  try table.finish()
  let reader = try CheckpointReader(path)
  for name in reader.names { _ = try? reader.read(name) }
}

/// An index of one entry with the input as its value, and data to which it may refer.
func bundle(_ bytes: UnsafeRawBufferPointer) throws {
  let prefix = "/dev/shm/bnorm-fuzz-\(getpid())"
  try BundleIndex.write([Array("x".utf8): Array(bytes)], shardCount: 1, prefix + ".index")
  let data = try OutputFile(BundleFile.shard(prefix, 0, of: 1))
  try data.write(Array(repeating: 1, count: 64))
  try data.close()
  let reader = try CheckpointReader(prefix)
  for name in reader.names {
    _ = try? reader.read(name)
    _ = try? reader.read(name, slice: TensorSlice("0,2:-"))
  }
}

guard CommandLine.arguments.count > 1, let target = targets[CommandLine.arguments[1]] else {
  print("usage: fuzz \(targets.keys.sorted().joined(separator: "|")) [libFuzzer's arguments]")
  exit(2)
}
var pointers = ([CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)).map { strdup($0) }
var count = Int32(pointers.count)
exit(
  pointers.withUnsafeMutableBufferPointer { list in
    var arguments = list.baseAddress!
    return withUnsafeMutablePointer(to: &arguments) { runDriver(&count, $0, target) }
  })
