import BNormCore
import BNormTensor

/// The key under which a step or session keeps an object that strings refer to.
struct ObjectName: Hashable, CustomStringConvertible {
  let kind: String
  let name: String

  var description: String { kind + "/" + name }
  var tensor: Tensor { Tensor(strings: [ByteString(kind), ByteString(name)], shape: [2]) }
}

extension Tensor {
  /// The object that a handle means: a resource, a reference, or container and name as strings.
  func handled<T: TensorObject>(
    _ type: T.Type = T.self, in stores: [ObjectStore], _ what: String
  ) throws -> T {
    guard dtype == .string else { return try object(type, what) }
    guard strings.count == 2 else {
      throw BNormError.invalid(
        "\(what): Tensor array handle must be 2-element vector, but had shape: \(shape)")
    }
    let name = ObjectName(kind: strings[0].string, name: strings[1].string)
    for store in stores { if let found = store.find(name, of: T.self) { return found } }
    throw BNormError.invalid("\(what): there is no \"\(name)\"")
  }
}
