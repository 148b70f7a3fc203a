import CBNormKernels

/// Runs `body` on ranges of 0..<count on the threads of the kernels' pool.
public func parallelFor(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
  withoutActuallyEscaping(body) { body in
    var box = body
    withUnsafeMutablePointer(to: &box) { pointer in
      bnk_parallel_for(
        count, grain,
        { context, begin, end in
          context!.assumingMemoryBound(to: ((Range<Int>) -> Void).self).pointee(begin..<end)
        }, pointer)
    }
  }
}
