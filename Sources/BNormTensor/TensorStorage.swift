/// An object that a `resource` or `variant` element refers to: a variable, a table, a tensor list.
public protocol TensorObject: AnyObject, Sendable {
  /// What the object is, for messages, e.g. `TensorList`.
  var typeName: String { get }
}

/// The elements of a tensor. Plain elements lie at `pointer`; strings and objects in arrays.
///
/// The elements are written only while a single owner holds the storage (the kernel that makes the
/// tensor, or a variable that found itself the only owner), hence `@unchecked Sendable`.
public final class TensorStorage: @unchecked Sendable {
  public var pointer: UnsafeMutableRawPointer { known ?? deferred!.kept() }
  private let known: UnsafeMutableRawPointer?
  private let deferred: DeferredBytes?
  public let byteCount: Int
  public var strings: [ByteString] = []
  public var objects: [(any TensorObject)?] = []
  /// The bytes belong to a run's arena and are gone after the step that reads them.
  public let isBorrowed: Bool
  private let ownsPointer: Bool
  private let release: (@Sendable () -> Void)?

  /// Allocates `byteCount` bytes, 64-byte aligned and not initialised.
  public init(byteCount: Int) {
    known = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
    deferred = nil
    self.byteCount = byteCount
    isBorrowed = false
    ownsPointer = true
    release = nil
  }

  /// Bytes that live elsewhere until `release` is called.
  public init(
    external pointer: UnsafeMutableRawPointer, byteCount: Int, release: @escaping @Sendable () -> Void
  ) {
    known = pointer
    deferred = nil
    self.byteCount = byteCount
    isBorrowed = false
    ownsPointer = false
    self.release = release
  }

  /// Bytes of a run's arena.
  public init(borrowing pointer: UnsafeMutableRawPointer, byteCount: Int) {
    known = pointer
    deferred = nil
    self.byteCount = byteCount
    isBorrowed = true
    ownsPointer = false
    release = nil
  }

  /// Bytes that are read when they are first asked for.
  public init(deferred: DeferredBytes) {
    known = nil
    self.deferred = deferred
    byteCount = deferred.byteCount
    isBorrowed = false
    ownsPointer = false
    release = nil
  }

  /// Shows `body` the bytes, at an address that need not be aligned; deferred ones that nobody else
  /// has asked for are gone afterwards.
  public func withTransientBytes(_ body: (UnsafeRawPointer) -> Void) {
    if let deferred { deferred.withBytes(body) } else { body(UnsafeRawPointer(pointer)) }
  }

  /// Why deferred bytes could not be read.
  public var failure: BNormError? { deferred?.failure }

  public init(strings: [ByteString]) {
    known = TensorStorage.nowhere
    deferred = nil
    byteCount = 0
    isBorrowed = false
    ownsPointer = false
    release = nil
    self.strings = strings
  }

  public init(objects: [(any TensorObject)?]) {
    known = TensorStorage.nowhere
    deferred = nil
    byteCount = 0
    isBorrowed = false
    ownsPointer = false
    release = nil
    self.objects = objects
  }

  nonisolated(unsafe) private static let nowhere = UnsafeMutableRawPointer.allocate(
    byteCount: 64, alignment: 64)

  deinit {
    if ownsPointer { known?.deallocate() }
    release?()
  }
}
