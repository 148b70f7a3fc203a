/// Visits the elements of a file's array in row-major order, whichever order the file has.
struct FortranOrder {
  private let dimensions: [Int]
  private let count: Int
  private let isFortran: Bool

  init(shape: Shape, isFortran: Bool) {
    dimensions = shape.dimensions
    count = shape.count
    self.isFortran = isFortran && shape.rank > 1
  }

  /// Calls `body` with the place of each element in the file.
  func forEach(_ body: (Int) -> Void) {
    guard isFortran else {
      for i in 0..<count { body(i) }
      return
    }
    var strides = [Int](repeating: 1, count: dimensions.count)
    for i in 1..<dimensions.count { strides[i] = strides[i - 1] &* dimensions[i - 1] }
    var index = [Int](repeating: 0, count: dimensions.count)
    let last = dimensions.count - 1
    var place = 0
    var done = 0
    while done < count {
      for k in 0..<dimensions[last] { body(place &+ k &* strides[last]) }
      done += dimensions[last]
      var axis = last - 1
      while axis >= 0 {
        index[axis] += 1
        place += strides[axis]
        if index[axis] < dimensions[axis] { break }
        place -= index[axis] * strides[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { break }
    }
  }

  func copy(
    _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, elementSize: Int
  ) {
    guard isFortran else {
      target.copyMemory(from: source, byteCount: count * elementSize)
      return
    }
    switch elementSize {
    case 1: gather(source, target, UInt8.self)
    case 2: gather(source, target, UInt16.self)
    case 4: gather(source, target, UInt32.self)
    case 8: gather(source, target, UInt64.self)
    default: gather(source, target, Complex128.self)
    }
  }

  private func gather<T: BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ type: T.Type
  ) {
    var out = target.assumingMemoryBound(to: T.self)
    let size = MemoryLayout<T>.size
    forEach { place in
      out.pointee = source.loadUnaligned(fromByteOffset: place * size, as: T.self)
      out += 1
    }
  }
}
