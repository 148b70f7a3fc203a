import BNormCore
import BNormTensor
import Glibc

/// The softmax of the entries in each row of the last dimension.
struct SparseSoftmax: EagerOperation {
  static let opNames = ["SparseSoftmax"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(2, "input 0 (sp_indices)")
    return [inputs[1].shape]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let given = try SparseInput(inputs)
    guard given.rank >= 2 else {
      throw BNormError.invalid(
        "input 2 (sp_shape) is \(given.shape), expected a rank of at least 2")
    }
    try given.requireInside()
    let sparse = given.sorted()
    let rows = sparse.keys(Array(0..<sparse.rank - 1))
    switch sparse.values.dtype {
    case .float: return [softmax(sparse.values, rows, Float.self)]
    case .double: return [softmax(sparse.values, rows, Double.self)]
    case .half: return [softmax(sparse.values, rows, Float16.self)]
    default: throw BNormError.unsupported("dtype \(sparse.values.dtype.name)")
    }
  }

  private func softmax<T: Element & BinaryFloatingPoint>(
    _ values: Tensor, _ rows: [Int], _ type: T.Type
  ) -> Tensor {
    let out = Tensor(dtype: values.dtype, shape: values.shape)
    let (x, y) = (values.elements(T.self), out.mutableElements(T.self))
    var begin = 0
    while begin < rows.count {
      var end = begin + 1
      var most = x[begin]
      while end < rows.count, rows[end] == rows[begin] {
        if x[end] > most { most = x[end] }
        end += 1
      }
      var sum = T(0)
      for i in begin..<end {
        y[i] = T(Glibc.exp(Double(x[i] - most)))
        sum += y[i]
      }
      for i in begin..<end { y[i] /= sum }
      begin = end
    }
    return out
  }
}
