import BNorm
public import CBNormABI

/// What a handle of C stands for.
final class ModelHandle {
  let model: Model
  let inputs: [Model.Input]
  let inputNames: CStrings
  let outputNames: CStrings

  init(_ model: Model) {
    self.model = model
    inputs = model.inputs
    inputNames = CStrings(inputs.map(\.name))
    outputNames = CStrings(model.defaultFetches)
  }
}

final class SessionHandle {
  let model: Model
  let session: Session

  init(_ model: Model) throws {
    self.model = model
    session = try model.makeSession()
  }
}

final class TensorHandle {
  let tensor: Tensor
  let strings: CStrings

  init(_ tensor: Tensor) {
    self.tensor = tensor.owned
    strings = CStrings(tensor.dtype == .string ? tensor.strings.map(\.bytes) : [])
  }
}

/// Strings with a zero byte after each, which live as long as their owner.
final class CStrings {
  let pointers: [UnsafeMutableBufferPointer<CChar>]

  init(_ strings: [[UInt8]]) {
    pointers = strings.map { bytes in
      let out = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count + 1)
      for (i, byte) in bytes.enumerated() { out[i] = CChar(bitPattern: byte) }
      out[bytes.count] = 0
      return out
    }
  }
  convenience init(_ strings: [String]) { self.init(strings.map { Array($0.utf8) }) }
  deinit { for pointer in pointers { pointer.deallocate() } }

  subscript(index: Int) -> UnsafePointer<CChar>? {
    pointers.indices.contains(index) ? UnsafePointer(pointers[index].baseAddress) : nil
  }
}

/// Hands an object to C, which gives it back with `release`.
func handle(_ object: AnyObject) -> OpaquePointer {
  OpaquePointer(Unmanaged.passRetained(object).toOpaque())
}

func release(_ pointer: OpaquePointer?) {
  guard let pointer else { return }
  Unmanaged<AnyObject>.fromOpaque(UnsafeRawPointer(pointer)).release()
}

func object<T: AnyObject>(_ pointer: OpaquePointer?, _ type: T.Type = T.self) -> T? {
  pointer.map { Unmanaged<T>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
}

/// The object of a handle that must be there.
func required<T: AnyObject>(_ pointer: OpaquePointer?, _ name: String) throws -> T {
  guard let found = object(pointer, T.self) else { throw missing(name) }
  return found
}

func missing(_ name: String) -> BNormError { .invalid("argument \(name) is NULL") }

func text(_ pointer: UnsafePointer<CChar>?, _ name: String) throws -> String {
  guard let pointer else { throw missing(name) }
  return String(cString: pointer)
}

func texts(
  _ pointers: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int, _ name: String
) throws -> [String] {
  guard count > 0 else { return [] }
  guard let pointers else { throw missing(name) }
  return try (0..<count).map { try text(pointers[$0], "\(name)[\($0)]") }
}

/// Runs `body`, and keeps its error for `bnorm_last_error`.
func status(_ body: () throws -> Void) -> bnorm_status {
  do {
    try body()
    return BNORM_OK
  } catch let error as BNormError {
    bnorm_set_last_error(error.message)
    return error.code == .unsupported ? BNORM_UNSUPPORTED : BNORM_INVALID
  } catch {
    bnorm_set_last_error("\(error)")
    return BNORM_INVALID
  }
}
