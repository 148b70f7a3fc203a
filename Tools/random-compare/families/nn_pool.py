"""Pooling."""
import numpy as np

from oracle.spec import op

from ._windows import Window


def image(c, dtype, shape):
    return c.draw(dtype, shape, special=c.chance(0.1) if dtype not in ("qint8",) else None)


def narrow_mean(c, dtype):
    # TensorFlow adds up in the input's own dtype, in an order of its own.
    if c.name.startswith("Avg") and dtype in ("half", "bfloat16"):
        c.tol = "loose"


@op("MaxPool AvgPool", tol="math", count=2)
def pool2d(c):
    dtype = c.dtype()
    narrow_mean(c, dtype)
    w = Window(c, 2, explicit=c.name == "MaxPool" and c.chance(0.3), dilated=False)
    first = c.chance(0.25)
    shape = w.images(first, c.int(1, 2), w.image, c.choice([1, 3, 8, 17]))
    if w.padding == "EXPLICIT":
        w.pads = [(min(a, k - 1), min(b, k - 1)) for (a, b), k in zip(w.pads, w.size)]
        shape = w.images(first, 2, [max(i, k) for i, k in zip(w.image, w.size)], 3)
    if c.bad("rank"):
        shape = shape[1:]
    tol_image = c.draw(dtype, shape, special=False) if c.name == "AvgPool" else \
        image(c, dtype, shape)
    c.run(tol_image, **w.attrs(first, ksize=True))


@op("MaxPool", tol="exact")
def depth_pool(c):
    """A window over channels."""
    k = c.int(2, 3)
    shape = [c.int(1, 2), c.int(1, 5), c.int(1, 5), k * c.int(1, 4)]
    c.run(c.draw("float", shape, special=False), ksize=[1, 1, 1, k], strides=[1, 1, 1, k],
          padding="VALID")


@op("MaxPoolV2", tol="exact")
def max_pool_v2(c):
    w = Window(c, 2, explicit=False, dilated=False)
    attrs = w.attrs(False, ksize=True)
    sizes, strides = attrs.pop("ksize"), attrs.pop("strides")
    c.run(image(c, c.dtype(), w.images(False, c.int(1, 2), w.image, c.choice([1, 3, 8]))),
          c.host(np.array(sizes)), c.host(np.array(strides)), **attrs)


@op("MaxPool3D AvgPool3D", tol="sum")
def pool3d(c):
    dtype = c.dtype()
    narrow_mean(c, dtype)
    w = Window(c, 3, explicit=False, dilated=False, most=6, biggest=3)
    first = c.chance(0.25)
    shape = w.images(first, c.int(1, 2), w.image, c.choice([1, 3, 8]))
    if c.bad("rank"):
        shape = shape[1:]
    c.run(c.draw(dtype, shape, special=False), **w.attrs(first, ksize=True))


@op("MaxPoolWithArgmax", tol="exact", count=1.5)
def max_pool_argmax(c):
    dtype = c.dtype()
    w = Window(c, 2, explicit=False, dilated=False)
    attrs = w.attrs(False, ksize=True)
    attrs.pop("data_format")
    x = c.values(dtype, w.images(False, c.int(1, 3), w.image, c.choice([1, 3, 8])), special=False)
    if c.chance(0.3):
        x = np.round(x)
    c.run(c.feed(x, dtype), **attrs, Targmax=c.choice(["int32", "int64"]),
          **c.attrs(include_batch_in_index=[None, True, False]))


@op("FractionalMaxPool FractionalAvgPool", tol="math", count=1.5)
def fractional(c):
    dtype = c.dtype()
    shape = [c.int(1, 2), c.int(5, 14), c.int(5, 14), c.int(1, 4)]
    ratio = [1.0, c.choice([1.2, 1.44, 1.73, 2.5]), c.choice([1.3, 1.5, 2.1]), 1.0]
    fixed = c.chance(0.7)
    # Without `deterministic` the numbers are only TensorFlow's own if nothing is random.
    seeds = {"seed": c.int(1, 99), "seed2": c.int(1, 99)} if fixed else {}
    if not fixed:
        ratio = [1.0, c.choice([1.0, 2.0]), c.choice([1.0, 3.0]), 1.0]
        shape = [shape[0], 6, 12, shape[3]]
    if c.bad("ratio"):
        ratio[0] = 2.0
    c.run(c.draw(dtype, shape, special=False), pooling_ratio=ratio,
          pseudo_random=c.chance(0.5), overlapping=c.chance(0.5), deterministic=fixed,
          **seeds)


@op("LRN", tol="math")
def lrn(c):
    dtype = c.dtype()
    shape = [c.int(1, 2), c.int(1, 5), c.int(1, 5), c.choice([1, 3, 8, 13])]
    if c.bad("rank"):
        shape = shape[1:]
    c.run(c.draw(dtype, shape, special=False),
          **c.attrs(depth_radius=[None, 0, 1, 2, 7], bias=[None, 0.5, 2.0], alpha=[None, 0.01, 1.5],
                    beta=[None, 0.75, 1.0, 0.3]))
