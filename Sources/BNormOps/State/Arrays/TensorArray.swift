import BNormCore
import BNormTensor
import CBNormKernels

/// An array of tensors that a step writes and reads, each element once.
final class TensorArray: StringNamed, @unchecked Sendable {
  struct Slot {
    var tensor: Tensor?
    /// The shape that an element which nobody wrote has, where that is known.
    var shape: Shape?
    var isWritten = false
    var isRead = false
    var isCleared = false
  }

  let name: String
  let dtype: DType
  private(set) var elementShape: PartialShape
  private(set) var hasDynamicSize: Bool
  let clearsAfterRead: Bool
  let hasIdenticalShapes: Bool
  /// Writing an element again adds to it: the array of a gradient.
  let aggregates: Bool
  private(set) var slots: [Slot]
  private(set) var isClosed = false
  private let lock = Lock()

  static let kind = "_tensor_arrays"

  init(
    name: String, dtype: DType, size: Int, elementShape: PartialShape, hasDynamicSize: Bool,
    clearsAfterRead: Bool, hasIdenticalShapes: Bool, aggregates: Bool
  ) throws {
    try MemoryLimit.check(bytes: size * MemoryLayout<Slot>.stride)
    self.name = name
    self.dtype = dtype
    self.elementShape = elementShape
    self.hasDynamicSize = hasDynamicSize
    self.clearsAfterRead = clearsAfterRead
    self.hasIdenticalShapes = hasIdenticalShapes
    self.aggregates = aggregates
    slots = [Slot](repeating: Slot(), count: size)
  }

  var typeName: String { "TensorArray" }
  var nameTensor: Tensor { ObjectName(kind: TensorArray.kind, name: name).tensor }

  /// Runs `body` alone, unless the array is closed.
  func exclusive<R>(_ body: () throws -> R) throws -> R {
    try lock.withLock {
      guard !isClosed else { throw error("has already been closed.") }
      return try body()
    }
  }

  func error(_ text: String) -> BNormError { .invalid("TensorArray \(name): \(text)") }

  func close() {
    lock.withLock {
      slots = []
      isClosed = true
    }
  }

  // MARK: Within `exclusive`

  func require(_ dtype: DType) throws {
    guard dtype == self.dtype else {
      throw error("dtype is \(self.dtype.name) but Op requested dtype \(dtype.name).")
    }
  }

  /// Narrows the element shape.
  func merge(elementShape shape: PartialShape) throws {
    guard let merged = elementShape.merged(shape) else {
      throw error(
        "the element shape \(shape) is incompatible with the array's element shape \(elementShape)")
    }
    elementShape = merged
  }

  /// Makes room for `count` elements, if the size may change.
  func resize(to count: Int) throws {
    guard count <= 1 << 31 else { throw error("a size of \(count) is too large") }
    try MemoryLimit.check(bytes: count * MemoryLayout<Slot>.stride)
    if count > slots.count {
      try MemoryLimit.check(bytes: count * MemoryLayout<Slot>.stride)
      slots += [Slot](repeating: Slot(), count: count - slots.count)
    }
  }

  func write(_ value: Tensor, at index: Int) throws {
    guard index >= 0, hasDynamicSize || index < slots.count else {
      throw error(
        "Tried to write to index \(index) but array is not resizeable and size is: \(slots.count)")
    }
    guard value.dtype == dtype else {
      throw error(
        "Could not write to TensorArray index \(index) because the value dtype is "
          + "\(value.dtype.name) but TensorArray dtype is \(dtype.name).")
    }
    guard elementShape.accepts(value.shape) else {
      throw error(
        "Could not write to TensorArray index \(index) because the value shape is \(value.shape) "
          + "which is incompatible with the TensorArray's inferred element shape: \(elementShape) "
          + "(consider setting infer_shape=False).")
    }
    try resize(to: index + 1)
    if aggregates, slots[index].tensor == nil, let old = slots[index].shape, old != value.shape {
      throw error(
        "Could not aggregate to TensorArray index \(index) because the existing shape is \(old) "
          + "but the new input shape is \(value.shape).")
    }
    guard !slots[index].isRead else {
      throw error(
        "Could not write to TensorArray index \(index) because it has already been read.")
    }
    if hasIdenticalShapes, elementShape.full == nil { elementShape = PartialShape(value.shape) }
    if slots[index].isWritten { return try aggregate(value, at: index) }
    slots[index].tensor = value.owned
    slots[index].shape = value.shape
    slots[index].isWritten = true
  }

  private func aggregate(_ value: Tensor, at index: Int) throws {
    guard aggregates else {
      throw error(
        "Could not write to TensorArray index \(index) because it has already been written to.")
    }
    guard let old = slots[index].tensor, old.shape == value.shape else {
      throw error(
        "Could not aggregate to TensorArray index \(index) because the existing shape is "
          + "\(slots[index].shape?.description ?? "unknown") but the new input shape is "
          + "\(value.shape).")
    }
    let sum = old.copy()
    try sum.add(value)
    slots[index].tensor = sum
  }

  func read(_ index: Int) throws -> Tensor {
    guard slots.indices.contains(index) else {
      throw error("Tried to read from index \(index) but array size is: \(slots.count)")
    }
    guard !slots[index].isCleared else {
      throw error(
        "Could not read index \(index) twice because it was cleared after a previous read (perhaps "
          + "try setting clear_after_read = false?).")
    }
    let value: Tensor
    if let tensor = slots[index].tensor {
      value = tensor
    } else {
      guard let shape = slots[index].shape ?? elementShape.full else {
        throw error(
          "Could not read from TensorArray index \(index).  Furthermore, the element shape is not "
            + "fully defined: \(elementShape).")
      }
      value = Tensor(zeros: dtype, shape: try shape.fitting(dtype))
      slots[index].tensor = value
      slots[index].shape = shape
    }
    slots[index].isRead = true
    if clearsAfterRead {
      slots[index].tensor = nil
      slots[index].isCleared = true
    }
    return value
  }

  // MARK: Gradients

  /// The array that gradients of this one's elements go to, named for `source`.
  func gradient(
    _ source: String, prepending prefix: Shape?, _ step: StepState
  ) throws -> TensorArray {
    let key = ObjectName(kind: TensorArray.kind, name: name + "@" + source)
    return try exclusive {
      // From now on both have the same size.
      hasDynamicSize = false
      return try step.object(key) {
        var shape = elementShape
        if let prefix { shape = PartialShape(shape.dimensions.map { prefix.dimensions + $0 }) }
        let made = try TensorArray(
          name: key.name, dtype: dtype, size: slots.count, elementShape: shape, hasDynamicSize: false,
          clearsAfterRead: true, hasIdenticalShapes: hasIdenticalShapes, aggregates: true)
        for i in slots.indices {
          guard let own = slots[i].shape else { continue }
          made.slots[i].shape =
            try prefix.map { try Shape(checking: $0.dimensions + own.dimensions) } ?? own
        }
        return made
      }
    }
  }
}

extension Tensor {
  /// Adds `other` of the same shape to the elements; only for the maker of the tensor.
  func add(_ other: Tensor) throws {
    var offset: Int64 = 0
    guard
      bnk_scatter_run(
        storage.pointer, other.pointer, &offset, 1, count, Int32(dtype.rawValue), BNK_SCATTER_ADD,
        false)
    else { throw BNormError.unsupported("adding tensors of dtype \(dtype.name)") }
  }
}
