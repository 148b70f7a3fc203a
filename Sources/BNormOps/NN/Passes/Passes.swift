import BNormCore

extension NNOps {
  /// The simplification passes, in the order in which they run.
  public static let passes: [any SimplifyPass] = [
    RemoveIdentities(), MarkRounding(), FuseMoments(), FoldPadding(), FuseChains(), FuseAffine(),
    FuseActivations(),
  ]
}
