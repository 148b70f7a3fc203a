"""Two or more inputs that broadcast, and ops over lists of equal shapes."""
import numpy as np

from oracle.dtypes import COMPLEX, FLOATS, INTS, UNSIGNED, numpy_of
from oracle.spec import op


def shapes(c):
    a, b = c.broadcast()
    if c.bad("shape"):
        a, b = [2, 3], [2, 4]
    return a, b


@op("Add AddV2 Sub Mul Maximum Minimum SquaredDifference MulNoNan BitwiseAnd BitwiseOr BitwiseXor "
    "DivNoNan NextAfter")
def binary(c):
    dtype = c.dtype()
    a, b = shapes(c)
    c.run(c.draw(dtype, a), c.draw(dtype, b))


@op("Div RealDiv TruncateDiv FloorDiv Mod FloorMod TruncateMod")
def division(c):
    dtype = c.dtype()
    a, b = shapes(c)
    y = c.values(dtype, b, special=dtype in FLOATS and c.chance(0.2))
    x = c.values(dtype, a, special=dtype in FLOATS and c.chance(0.2))
    if dtype in INTS and not c.bad("zero"):
        y = np.where(y == 0, 3, y).astype(y.dtype)
        if dtype not in UNSIGNED:
            # The lowest integer divided by -1 is undefined.
            x = np.where(x == np.iinfo(x.dtype).min, 7, x).astype(x.dtype)
    if dtype in ("half", "bfloat16") and "Mod" in c.name:
        x, y = c.values(dtype, a, low=-9, high=9), c.values(dtype, b, low=1, high=4)
    c.run(c.feed(x, dtype), c.feed(y, dtype))


@op("Pow")
def power(c):
    dtype = c.dtype()
    a, b = shapes(c)
    if dtype in INTS:
        low = 0 if dtype in UNSIGNED else -4
        x, y = c.values(dtype, a, low=low, high=5), c.values(dtype, b, low=0, high=4)
        if c.bad("negative") and dtype not in UNSIGNED:
            y = c.values(dtype, b, low=-3, high=-1)
    elif dtype in COMPLEX:
        x, y = c.values(dtype, a, low=0.3, high=2), c.values(dtype, b, low=-2, high=2)
    else:
        x = c.values(dtype, a, low=0, high=4) if c.chance(0.6) else c.values(dtype, a)
        y = np.round(c.values(dtype, b, low=-3, high=3)) if c.chance(0.4) else \
            c.values(dtype, b, special=False, scale=1)
    c.run(c.feed(x, dtype), c.feed(y, dtype))


@op("Atan2 Xdivy Xlogy Xlog1py")
def two_floats(c):
    dtype = c.dtype()
    a, b = shapes(c)
    x = c.values(dtype, a)
    if c.chance(0.5):
        x = np.where(c.rng.random(np.shape(x)) < 0.3, 0, x).astype(x.dtype)
    if dtype in COMPLEX:
        y = c.values(dtype, b, low=0.2, high=3)
    else:
        y = c.values(dtype, b) if c.name != "Xlogy" or c.chance(0.3) else \
            c.values(dtype, b, low=0, high=9)
    c.run(c.feed(x, dtype), c.feed(y, dtype))


@op("Igamma Igammac Zeta Polygamma IgammaGradA", tol=(1e-4, 1e-5))
def gamma_functions(c):
    dtype = c.dtype()
    if dtype in ("half", "bfloat16"):
        c.tol = (3e-2, 2e-2)
    a, b = shapes(c)
    if c.name == "Zeta":
        x, y = c.values(dtype, a, low=1.1, high=8), c.values(dtype, b, low=0.3, high=9)
    elif c.name == "Polygamma":
        x, y = np.round(c.values(dtype, a, low=0, high=4)), c.values(dtype, b, low=0.5, high=9)
    else:
        x, y = c.values(dtype, a, low=0.1, high=12), c.values(dtype, b, low=0, high=15)
    if c.chance(0.15) and x.size:
        x = np.array(x)
        x.flat[0] = c.choice([0.0, -1.0, np.nan])
    c.run(c.feed(x, dtype), c.feed(y, dtype))


@op("Betainc", tol=(1e-4, 1e-5))
def betainc(c):
    dtype = c.dtype()
    whole = c.any_shape()
    def pick():
        return [] if c.chance(0.3) else whole
    c.run(c.draw(dtype, pick(), low=0.2, high=9), c.draw(dtype, pick(), low=0.2, high=9),
          c.draw(dtype, pick(), low=0, high=1))


@op("Greater GreaterEqual Less LessEqual")
def order(c):
    dtype = c.dtype()
    a, b = shapes(c)
    how = {"low": -3, "high": 3} if c.chance(0.5) else {}
    c.run(c.draw(dtype, a, **how), c.draw(dtype, b, **how))


@op("Equal NotEqual", count=1.5)
def equality(c):
    dtype = c.dtype()
    a, b = shapes(c)
    x, y = c.values(dtype, a), c.values(dtype, b)
    if c.chance(0.5):
        y = np.resize(x, b) if x.size else y
    more = {}
    if c.chance(0.25):
        more["incompatible_shape_error"] = False
        if c.chance(0.5):
            x, y = c.values(dtype, [2, 3]), c.values(dtype, [4])
    c.run(c.feed(x, dtype), c.feed(y, dtype), **more)


@op("LogicalAnd LogicalOr")
def logical(c):
    a, b = shapes(c)
    c.run(c.draw("bool", a), c.draw("bool", b))


@op("ApproximateEqual")
def approximate(c):
    dtype = c.dtype()
    shape = c.any_shape()
    x = c.values(dtype, shape, special=False)
    y = x + c.values(dtype, shape, low=0, high=1) if dtype in FLOATS else c.values(dtype, shape)
    c.run(c.feed(x, dtype), c.feed(y, dtype), **c.attrs(tolerance=[None, 0.5, 0.1]))


@op("LeftShift RightShift")
def shift(c):
    dtype = c.dtype()
    a, b = shapes(c)
    y = c.values(dtype, b, low=0, high=9) if c.chance(0.6) else c.values(dtype, b)
    c.run(c.draw(dtype, a), c.feed(y, dtype))


@op("Complex")
def make_complex(c):
    dtype = c.dtype("T")
    a, b = shapes(c)
    c.run(c.draw(dtype, a), c.draw(dtype, b),
          Tout="complex64" if dtype == "float" else "complex128")


@op("AddN AccumulateNV2", tol="math")
def add_n(c):
    dtype = c.dtype() if c.name == "AddN" else c.dtype(only=["float", "double", "int32"])
    shape = c.any_shape()
    items = [c.draw(dtype, shape, special=False) for _ in range(c.int(1, 6))]
    if c.bad("shape"):
        items.append(c.draw(dtype, [3, 3, 2]))
    more = {"shape": shape} if c.name == "AccumulateNV2" else {}
    c.run(items, **more)


@op("Select", tol="exact")
def select(c):
    dtype = c.dtype(skip=("string",)) if c.index % 3 else c.dtype()
    shape = c.any_shape()
    mode = c.int(0, 2)
    cond = shape if mode == 0 else [] if mode == 1 else shape[:1]
    if c.bad("shape"):
        cond = [2, 5]
    c.run(c.draw("bool", cond), c.draw(dtype, shape), c.draw(dtype, shape))


@op("SelectV2", tol="exact")
def select_v2(c):
    dtype = c.dtype()
    a, b, d = c.broadcast(3)
    if c.bad("shape"):
        a, b = [2, 3], [4, 3]
    c.run(c.draw("bool", a), c.draw(dtype, b), c.draw(dtype, d))


@op("Where", tol="exact")
def where(c):
    dtype = c.dtype()
    x = c.values(dtype, c.any_shape(low=1))
    if dtype not in ("bool", "string"):
        x = np.where(c.rng.random(x.shape) < 0.5, 0, x).astype(numpy_of(dtype))
    c.run(c.feed(x, dtype))


@op("Cumsum Cumprod CumulativeLogsumexp", tol="sum")
def cumulative(c):
    dtype = c.dtype()
    shape = c.any_shape(low=1)
    axis = c.axis(len(shape))
    if c.bad("axis"):
        axis = len(shape) + 1
    how = {"low": 0.5, "high": 1.5} if c.name == "Cumprod" and dtype in FLOATS else \
        {"special": False}
    c.run(c.draw(dtype, shape, **how), c.host(axis, c.choice(["int32", "int64"])),
          **c.attrs(exclusive=[None, True, False], reverse=[None, True, False]))


@op("Cross")
def cross(c):
    dtype = c.dtype()
    shape = c.shape(high=3) + [3 if not c.bad("last") else 4]
    c.run(c.draw(dtype, shape, special=False), c.draw(dtype, shape, special=False))
