import CBNormKernels

/// How closely results follow TensorFlow's, in the whole process.
public enum Rounding {
  /// Whether convolutions may take Winograd's algorithm wherever it saves time. By default they
  /// take it only where differences stay about as small as those between two orders of a sum.
  /// Concerns what is planned from then on.
  public static var isRelaxed: Bool {
    get { bnk_conv2d_relaxed() }
    set { bnk_conv2d_set_relaxed(newValue) }
  }
}
