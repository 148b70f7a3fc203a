import BNormArrayOps
import BNormControlOps
import BNormCore
import BNormDataOps
import BNormImageOps
import BNormLinalgOps
import BNormMathOps
import BNormNNOps
import BNormQuantizationOps
import BNormRandomOps
import BNormSparseOps
import BNormStateOps
import BNormStringsOps

extension OpLibrary {
  /// Every op and pass that bnorm has.
  public static let standard = OpLibrary(
    operations: MathOps.operations + ArrayOps.operations + NNOps.operations + ImageOps.operations
      + LinalgOps.operations + StringsOps.operations + StateOps.operations
      + ControlOps.operations + SparseOps.operations + RandomOps.operations
      + QuantizationOps.operations + DataOps.operations,
    passes: NNOps.passes)
}
