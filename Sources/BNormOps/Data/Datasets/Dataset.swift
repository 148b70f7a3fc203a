import BNormCore
import BNormTensor

/// Gives one element, a tuple of tensors, at each call; nil at the end and ever after.
typealias NextElement = (RunContext) throws -> [Tensor]?

/// A sequence of tuples of tensors that any number of iterators can go through.
final class Dataset: TensorObject {
  static let infinite = -1
  static let unknown = -2

  /// The number of elements, or `infinite`, or `unknown`.
  let cardinality: Int
  /// The number of examples in an element, where that is known.
  let batchSize: Int?
  let makeIterator: @Sendable () throws -> NextElement

  init(
    cardinality: Int = Dataset.unknown, batchSize: Int? = nil,
    _ makeIterator: @escaping @Sendable () throws -> NextElement
  ) {
    self.cardinality = cardinality
    self.batchSize = batchSize
    self.makeIterator = makeIterator
  }

  var typeName: String { "Dataset" }
  var tensor: Tensor { Tensor(scalar: self, dtype: .variant) }

  /// `tensors` one after the other, each made by a call.
  static func list(_ elements: [[Tensor]], batchSize: Int? = nil) -> Dataset {
    Dataset(cardinality: elements.count, batchSize: batchSize) {
      var next = 0
      return { _ in
        guard next < elements.count else { return nil }
        next += 1
        return elements[next - 1]
      }
    }
  }
}

extension Tensor {
  /// The dataset that a variant holds.
  func dataset(_ what: String) throws -> Dataset {
    guard dtype == .variant, count == 1, let object = objects[0] else {
      throw BNormError.invalid("\(what) has shape \(shape), expected a scalar that holds a dataset")
    }
    guard let dataset = object as? Dataset else {
      throw BNormError.invalid("\(what) holds a \(object.typeName), expected a dataset")
    }
    return dataset
  }

  /// The element of a bool scalar.
  func scalarBool(_ what: String) throws -> Bool {
    guard dtype == .bool, rank == 0 else {
      throw BNormError.invalid(
        "\(what) has dtype \(dtype.name) and shape \(shape), expected a bool scalar")
    }
    return elements(Bool.self)[0]
  }
}

/// The inputs of an op that makes a dataset.
struct DatasetInputs {
  let tensors: [Tensor]
  init(_ tensors: [Tensor]) { self.tensors = tensors }

  func dataset(_ i: Int = 0) throws -> Dataset { try tensors[i].dataset("input \(i)") }

  func integer(_ i: Int, _ name: String) throws -> Int {
    guard tensors[i].rank == 0, let value = tensors[i].integers?[0] else {
      throw BNormError.invalid(
        "input \(i) (\(name)) has shape \(tensors[i].shape), expected a scalar")
    }
    return value
  }

  func bool(_ i: Int, _ name: String) throws -> Bool {
    try tensors[i].scalarBool("input \(i) (\(name))")
  }
}

extension [Tensor] {
  /// Throws unless the components are as attributes say.
  func checkElement(_ dtypes: [DType], _ shapes: [PartialShape]) throws {
    guard count == dtypes.count else {
      throw BNormError.invalid(
        "Number of components does not match: expected \(dtypes.count) types but got \(count).")
    }
    for (i, tensor) in enumerated() {
      guard tensor.dtype == dtypes[i] else {
        throw BNormError.invalid(
          "Data type mismatch at component \(i): expected \(dtypes[i].name) but got "
            + "\(tensor.dtype.name).")
      }
      guard i >= shapes.count || shapes[i].accepts(tensor.shape) else {
        throw BNormError.invalid(
          "Incompatible shapes at component \(i): expected \(shapes[i]) but got \(tensor.shape).")
      }
    }
  }
}
