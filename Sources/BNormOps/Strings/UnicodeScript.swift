import BNormCore
import BNormTensor

/// The number of the script of each code point, -1 for what is no code point.
struct UnicodeScript: EagerOperation {
  static let opNames = ["UnicodeScript"]

  private static let ranges: (starts: [Int32], scripts: [Int32]) = {
    var starts: [Int32] = []
    var scripts: [Int32] = []
    for item in unicodeScriptRanges.split(whereSeparator: { $0 == "," || $0 == "\n" }) {
      let parts = item.split(separator: ":")
      guard parts.count == 2, let start = Int32(parts[0].dropFirst(2), radix: 16),
        let script = Int32(parts[1])
      else { continue }
      starts.append(start)
      scripts.append(script)
    }
    return (starts, scripts)
  }()

  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) -> [Tensor] {
    let (starts, scripts) = UnicodeScript.ranges
    let out = inputs[0].elements(Int32.self).map { point -> Int32 in
      guard point >= 0, point < 0x110000 else { return -1 }
      var low = 0
      var high = starts.count
      while low < high {
        let middle = (low + high) / 2
        if starts[middle] <= point { low = middle + 1 } else { high = middle }
      }
      return scripts[low - 1]
    }
    return [Tensor(out, shape: inputs[0].shape)]
  }
}
