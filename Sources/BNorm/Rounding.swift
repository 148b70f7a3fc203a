import CBNormKernels

/// How closely the results of convolutions follow TensorFlow's.
public enum Rounding: String, CaseIterable, Sendable {
  /// Sums in the order of TensorFlow's additions: to the last bit where its kernels are known.
  case exact
  /// Winograd's algorithm where differences stay about as small as those between two orders of a
  /// sum. The default.
  case close
  /// Winograd's algorithm wherever it saves time.
  case relaxed

  /// What holds in the whole process for graphs that are planned from then on.
  public static var current: Rounding {
    get {
      switch bnk_conv2d_current_policy() {
      case BNK_CONV2D_EXACT: .exact
      case BNK_CONV2D_RELAXED: .relaxed
      default: .close
      }
    }
    set {
      switch newValue {
      case .exact: bnk_conv2d_set_policy(BNK_CONV2D_EXACT)
      case .close: bnk_conv2d_set_policy(BNK_CONV2D_AS_PLANNED)
      case .relaxed: bnk_conv2d_set_policy(BNK_CONV2D_RELAXED)
      }
    }
  }
}
