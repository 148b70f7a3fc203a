import CBNormKernels

/// Swift's face of the kernels' thread pool.
enum Parallel {
  /// Runs `body` for every task in `0..<count`, on the pool's threads.
  static func tasks(_ count: Int, _ body: (Int) -> Void) {
    guard count > 1 else {
      if count == 1 { body(0) }
      return
    }
    withoutActuallyEscaping(body) { escaping in
      withUnsafePointer(to: escaping) { pointer in
        bnk_parallel_tasks(
          count,
          { context, task in
            context!.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(task))
          }, UnsafeMutableRawPointer(mutating: pointer))
      }
    }
  }

  /// Part `part` of `parts` nearly equal ranges of `0..<count`, each but the last a multiple of
  /// `unit` long.
  static func range(_ part: Int, of parts: Int, count: Int, unit: Int = 1) -> Range<Int> {
    let units = (count + unit - 1) / unit
    let begin = units / parts * part + min(part, units % parts)
    let end = begin + units / parts + (part < units % parts ? 1 : 0)
    return min(begin * unit, count)..<min(end * unit, count)
  }
}
