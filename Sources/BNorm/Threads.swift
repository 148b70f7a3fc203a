import CBNormKernels

/// The threads that one run uses, in the whole process.
public enum Threads {
  /// The number of threads, the caller included; at first all cores that the process may use.
  /// Results do not depend on it.
  public static var count: Int {
    get { Int(bnk_threads()) }
    set { bnk_set_threads(Int32(clamping: newValue)) }
  }
}
