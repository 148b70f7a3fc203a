"""One input, one output, same shape."""
import numpy as np

from oracle.dtypes import COMPLEX, FLOATS, INTS, numpy_of
from oracle.spec import op


def simple(c, low=None, high=None, special=None, attr="T"):
    dtype = c.dtype(attr)
    x = c.draw(dtype, c.any_shape(), low=low, high=high, special=special)
    more = {}
    if c.name in ("Real", "Imag", "Angle", "ComplexAbs"):
        more["Tout"] = "float" if dtype == "complex64" else "double"
    c.run(x, **more)


@op("Abs Ceil Conj Elu Exp Expm1 Floor Imag Invert IsFinite IsInf IsNan Neg OnesLike ZerosLike "
    "Real Relu Relu6 Rint Selu Sigmoid Sign Softplus Softsign Square Tanh Angle ComplexAbs "
    "PopulationCount Identity Snapshot StopGradient PreventGradient DeepCopy Atan Asinh")
def unary(c):
    simple(c)


@op("Round", tol="exact")
def round_op(c):
    # TensorFlow 2.21 rounds every integer to 0, which nobody can want.
    dtype = c.dtype(skip=("int32", "int64", "int8", "int16"))
    c.run(c.draw(dtype, c.any_shape()))


@op("LogicalNot")
def logical_not(c):
    c.run(c.draw("bool", c.any_shape()))


@op("Log Sqrt Rsqrt Inv Reciprocal Log1p")
def mostly_positive(c):
    if c.chance(0.5):
        simple(c)
    else:
        simple(c, low=0, high=c.choice([1, 10, 1000]))


@op("Sin Cos Tan Sinh Cosh")
def periodic(c):
    simple(c, *((-6, 6) if c.chance(0.5) else (None, None)), special=False)


@op("Acos Asin Atanh Erfinv", count=1)
def unit_interval(c):
    # Complex values at |z| = 1 sit on branch points, so stay inside.
    simple(c, low=-0.99, high=0.99) if c.chance(0.7) else simple(c, special=False)


@op("Acosh")
def acosh(c):
    simple(c, low=1.01, high=30)


@op("Erf Erfc")
def error_function(c):
    # TensorFlow 2.21 gives NaN for the double infinities.
    dtype = c.dtype()
    simple(c, *((-5, 5) if c.chance(0.5) or dtype == "double" else (None, None)))


@op("Ndtri")
def ndtri(c):
    simple(c, low=0, high=1)


@op("Lgamma Digamma", tol=(1e-4, 1e-5))
def gamma(c):
    dtype = c.dtype()
    if dtype == "half" or dtype == "bfloat16":
        c.tol = (3e-2, 2e-2)
    low, high = c.choice([(0.1, 5), (1, 60), (-5, 5)])
    c.run(c.draw(dtype, c.any_shape(), low=low, high=high))


@op("BesselI0 BesselI0e BesselI1 BesselI1e BesselJ0 BesselJ1 BesselK0 BesselK0e BesselK1 BesselK1e "
    "BesselY0 BesselY1 Dawsn Expint FresnelCos FresnelSin Spence", tol=(1e-4, 1e-5))
def special(c):
    dtype = c.dtype()
    if dtype in ("half", "bfloat16"):
        c.tol = (2e-2, 1e-2)
    signed = not any(k in c.name for k in ("BesselK", "BesselY", "Expint", "Spence"))
    x = c.values(dtype, c.any_shape(), low=-12 if signed else 0.05, high=12)
    if c.chance(0.2) and x.size:
        x.flat[0] = c.choice([0.0, np.inf, np.nan, -1.0])
    c.run(c.feed(x, dtype))


@op("LeakyRelu")
def leaky_relu(c):
    x = c.draw(c.dtype(), c.any_shape())
    c.run(x, **c.attrs(alpha=[None, 0.0, 0.1, 0.3, 1.5, -0.2]))


@op("Softmax LogSoftmax", tol="math")
def softmax(c):
    shape = c.any_shape(low=0 if c.bad("rank") else 1)
    x = c.values(c.dtype(), shape, special=c.chance(0.15))
    if c.chance(0.2):
        x = x * 20
    c.run(c.feed(x, c.dtype()))


@op("CheckNumerics CheckNumericsV2")
def check_numerics(c):
    dtype = c.dtype()
    x = c.values(dtype, c.any_shape(empty=0), special=False)
    if c.bad("nan"):
        x = np.array(x)
        x.flat[0] = c.choice([np.nan, np.inf, -np.inf])
    c.run(c.feed(x, dtype), message="check me")


@op("Cast", tol="exact", count=5)
def cast(c):
    src = c.choice(FLOATS + COMPLEX + INTS + ["bool"])
    dst = c.choice(FLOATS + COMPLEX + INTS + ["bool"])
    shape = c.any_shape()
    real = src in FLOATS or src.startswith("complex")
    if real and dst in INTS:
        # Out of range is undefined.
        info = np.iinfo(numpy_of(dst))
        x = c.values(src, shape, low=max(info.min, -1000), high=min(info.max, 1000))
    else:
        x = c.values(src, shape, special=real and c.chance(0.4))
    if c.chance(0.05):
        c.tol = (1e-2, 1e-2)
    c.run(c.feed(x, src), SrcT=src, DstT=dst, **c.attrs(Truncate=[None, None, False]))


@op("Bitcast", tol="exact", count=3)
def bitcast(c):
    width = {"half": 2, "bfloat16": 2, "float": 4, "double": 8, "complex64": 8, "complex128": 16,
             "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8,
             "uint64": 8}
    src, dst = c.choice(list(width)), c.choice(list(width))
    shape = c.shape(high=3, empty=0)
    if width[dst] > width[src]:
        shape = shape + [width[dst] // width[src] if not c.bad("last") else 3]
    if src in ("float", "half", "bfloat16", "double") and dst != src:
        x = c.values(src, shape, special=False)
    elif dst in INTS:
        x = c.values(src, shape)
    else:
        x = c.values(src, shape, low=1, high=100)
    out = c.op("Bitcast", c.feed(x, src), type=dst)
    c.fetch(out)


@op("ClipByValue", tol="exact")
def clip(c):
    dtype = c.dtype()
    shape = c.any_shape()
    low = c.values(dtype, shape if c.chance(0.3) else [], special=False)
    high = low + c.values(dtype, np.shape(low), low=1, high=5)
    if c.bad("shape"):
        low, high = c.values(dtype, [3, 2]), c.values(dtype, [])
    c.run(c.draw(dtype, shape), c.feed(low, dtype), c.feed(high, dtype))


@op("L2Loss", tol="sum")
def l2_loss(c):
    c.run(c.draw(c.dtype(), c.any_shape(), special=False))


@op("Bucketize", tol="exact")
def bucketize(c):
    bounds = sorted(c.rng.normal(0, 5, c.int(0, 8)).tolist())
    if c.bad("unsorted"):
        bounds = [3.0, 1.0, 2.0]
    dtype = c.dtype()
    x = c.draw(dtype, c.any_shape(), low=-15, high=15) if c.chance(0.7) else \
        c.feed(np.resize(np.array(bounds or [0], numpy_of(dtype)), c.shape()), dtype)
    c.run(x, boundaries=bounds)


@op("_UnaryOpsComposition")
def composition(c):
    steps = [c.choice(["Abs", "Cos", "Elu", "Exp", "Floor", "Neg", "Relu", "Relu6", "Sigmoid",
                       "Sin", "Square", "Tanh", "Inv", "Round"]) for _ in range(c.int(2, 4))]
    c.run(c.draw(c.dtype(only=["float", "double"]), c.any_shape(), low=0.1, high=2), op_names=steps)
