"""Random graphs of element-wise, shape, reduction and selection ops of all dtypes."""
import numpy as np
import tensorflow as tf

from oracle.spec import op

FLOATS = [tf.float32, tf.float32, tf.float64, tf.float16, tf.bfloat16]
INTS = [tf.int32, tf.int64, tf.int8, tf.int16, tf.uint8, tf.uint16, tf.uint32, tf.uint64]
COMPLEX = [tf.complex64, tf.complex128]
REAL_UNARY = [tf.tanh, tf.nn.relu, tf.sigmoid, tf.abs, tf.negative, tf.square, tf.nn.softplus,
              tf.nn.elu, tf.sin, tf.cos, tf.atan, tf.nn.relu6, tf.nn.selu, tf.nn.softsign,
              lambda x: tf.exp(tf.tanh(x)), lambda x: tf.math.rsqrt(tf.abs(x) + 1), tf.identity,
              lambda x: tf.sqrt(tf.abs(x)), lambda x: tf.math.log1p(tf.abs(x)), tf.stop_gradient,
              lambda x: tf.nn.leaky_relu(x, 0.3), lambda x: 1 / (1 + tf.square(x)), tf.nn.silu]
INT_UNARY = [tf.abs, tf.negative, tf.square, tf.identity, tf.sign]
WRAPPING = [tf.square, tf.identity, tf.ones_like, lambda x: tf.bitwise.invert(x)]
REAL_BINARY = [tf.add, tf.subtract, tf.multiply, tf.maximum, tf.minimum,
               tf.math.squared_difference, lambda x, y: x / (1 + tf.abs(y)), tf.math.atan2,
               tf.math.divide_no_nan, tf.math.multiply_no_nan, tf.math.xdivy]
INT_BINARY = [tf.add, tf.subtract, tf.multiply, tf.maximum, tf.minimum]
COMPARE = [tf.less, tf.greater, tf.equal, tf.not_equal, tf.less_equal, tf.greater_equal]


class Pool:
    """The values made so far, and steps that make another."""

    def __init__(self, c, inputs):
        self.c, self.values = c, list(inputs)

    def pick(self, *dtypes):
        fit = [v for v in self.values if not dtypes or v.dtype in dtypes]
        return self.c.choice(fit) if fit else None

    def partner(self, x):
        """What broadcasts with x: x itself, another value, or a constant."""
        c = self.c
        fit = [v for v in self.values if v.dtype == x.dtype and self.fits(v, x)]
        if c.chance(0.5):
            return c.choice(fit)
        shape = c.choice([[], [1] * len(x.shape), list(x.shape), list(x.shape)[-1:],
                          [1 if c.chance(0.5) else d for d in x.shape], [1, *x.shape]])
        return self.constant(x.dtype, shape)

    def fits(self, a, b):
        try:
            wide = np.broadcast_shapes(tuple(a.shape), tuple(b.shape))
        except ValueError:
            return False
        return np.prod(wide) < max(3000, 2 * np.prod(b.shape))

    def constant(self, dtype, shape):
        c = self.c
        if dtype == tf.bool:
            return tf.constant(c.rng.random(shape) < 0.5)
        if dtype == tf.string:
            return tf.constant(c.words(shape))
        if c.chance(0.15):
            value = np.full(shape, c.choice([0, 1, 2]))
        elif dtype.is_integer:
            value = c.rng.integers(0 if dtype.is_unsigned else -4, 5, shape)
        else:
            value = c.rng.normal(0, 1, shape)
        return tf.cast(tf.constant(value.astype(np.float64)), dtype) if c.chance(0.2) else \
            tf.constant(value.astype(dtype.as_numpy_dtype), dtype)

    def step(self):
        c = self.c
        x = self.pick()
        if x.dtype == tf.bool:
            y = self.partner(x)
            return c.choice([lambda: tf.logical_not(x), lambda: tf.logical_and(x, y),
                             lambda: tf.logical_or(y, x), lambda: tf.cast(x, c.choice(FLOATS)),
                             lambda: self.where(x), lambda: self.shape(x)])()
        if x.dtype == tf.string:
            return c.choice([lambda: self.shape(x), lambda: tf.strings.join([x, x], "-"),
                             lambda: tf.strings.length(x), lambda: tf.equal(x, self.partner(x)),
                             lambda: tf.strings.lower(x)])()
        kind = c.int(0, 9)
        if kind <= 1:
            return self.unary(x)
        if kind <= 4:
            return self.binary(x)
        if kind == 5:
            return self.shape(x)
        if kind == 6:
            return self.reduce(x)
        if kind == 7:
            return self.cast(x)
        if kind == 8:
            mask = self.pick(tf.bool)
            if mask is not None and c.chance(0.6):
                return self.where(mask)
            if x.dtype in COMPLEX:
                return tf.abs(x)
            return c.choice(COMPARE)(x, self.partner(x))
        return self.collect(x)

    def unary(self, x):
        c = self.c
        if x.dtype in COMPLEX:
            return c.choice([tf.math.conj, tf.negative, tf.identity, tf.math.real, tf.math.imag,
                             tf.abs, lambda v: v * v])(x)
        if x.dtype.is_floating:
            return c.choice(REAL_UNARY)(x)
        return c.choice(WRAPPING if x.dtype.is_unsigned else INT_UNARY)(x)

    def binary(self, x):
        c = self.c
        y = self.partner(x)
        if c.chance(0.5):
            x, y = y, x
        if x.dtype in COMPLEX:
            return c.choice([tf.add, tf.subtract, tf.multiply])(x, y)
        if x.dtype.is_floating:
            out = c.choice(REAL_BINARY)(x, y)
            return tf.tanh(out) if c.chance(0.3) else out
        if x.dtype.is_unsigned or c.chance(0.2):
            return c.choice([tf.bitwise.bitwise_and, tf.bitwise.bitwise_or, tf.add,
                             tf.bitwise.bitwise_xor, tf.maximum, tf.multiply])(x, y)
        return c.choice([*INT_BINARY, lambda a, b: a // (tf.abs(b) + 1)])(x, y)

    def where(self, mask):
        c = self.c
        x = self.pick()
        y = self.partner(x)
        if not self.fits(mask, x) or not self.fits(x, y):
            return tf.identity(x)
        try:
            wide = np.broadcast_shapes(tuple(mask.shape), tuple(x.shape), tuple(y.shape))
        except ValueError:
            return tf.identity(x)
        return tf.where(mask, *c.choice([(x, y), (y, x)])) if np.prod(wide) < 90000 \
            else tf.identity(mask)

    def cast(self, x):
        c = self.c
        if x.dtype in COMPLEX:
            return tf.cast(x, c.choice(COMPLEX))
        if x.dtype.is_floating:
            how = c.int(0, 3)
            if how == 0:
                return tf.cast(tf.clip_by_value(x, 0, 90), c.choice(INTS))
            if how == 1 and x.dtype in (tf.float32, tf.float64):
                return tf.complex(x, tf.ones_like(x))
            return tf.cast(x, c.choice(FLOATS))
        return tf.cast(x, c.choice([*INTS, *FLOATS, tf.bool]))

    def reduce(self, x):
        c = self.c
        rank = len(x.shape)
        axes = [a for a in range(rank) if c.chance(0.4)]
        keep = c.chance(0.5)
        axes = [a - rank if c.chance(0.2) else a for a in axes]
        if x.dtype in COMPLEX:
            return tf.reduce_sum(x, axes, keep)
        reducers = [tf.reduce_sum, tf.reduce_max, tf.reduce_min]
        if x.dtype.is_floating:
            reducers += [tf.reduce_mean, tf.reduce_mean, tf.reduce_prod]
        elif x.dtype in (tf.uint16, tf.uint32, tf.uint64):
            reducers = [tf.reduce_sum]
        return c.choice(reducers)(x, axes, keep)

    def shape(self, x):
        """Another shape of the same elements, or some of them."""
        c = self.c
        rank, sizes = len(x.shape), list(x.shape)
        total = int(np.prod(sizes))
        axis = c.int(0, rank - 1) if rank else None
        how = c.int(0, 11)
        if how == 0:
            return tf.reshape(x, [-1] if total else [0])
        if how == 1:
            return tf.expand_dims(x, c.int(0, rank) if rank < 5 else 0) if rank < 5 else x
        if how == 2:
            return tf.squeeze(x)
        if how == 3:
            return tf.identity(x)
        if axis is None:
            return tf.reshape(x, [1, 1])
        if how == 4:
            return tf.transpose(x, c.rng.permutation(rank))
        if how == 5:
            return tf.reshape(x, [*sizes[:axis], 1, *sizes[axis:]])
        if how == 6 and sizes[axis]:
            low = c.int(0, sizes[axis] - 1)
            part = [slice(None)] * rank
            part[axis] = slice(low, None, c.choice([None, 2])) if c.chance(0.7) else low
            return x[tuple(part)]
        if how == 7:
            return tf.reverse(x, [axis])
        if how == 8 and total < 500:
            return tf.tile(x, [2 if i == axis else 1 for i in range(rank)])
        if how == 9 and x.dtype not in (tf.uint16, tf.uint32, tf.uint64, tf.string):
            pads = [[c.int(0, 1), c.int(0, 2)] if i == axis else [0, 0] for i in range(rank)]
            return tf.pad(x, pads)
        if how == 10 and sizes[axis]:
            return tf.gather(x, c.rng.integers(0, sizes[axis], c.int(1, 4)), axis=axis)
        if how == 11 and sizes[axis] > 1:
            first = c.int(1, sizes[axis] - 1)
            return c.choice(tf.split(x, [first, sizes[axis] - first], axis))
        return tf.reshape(x, [total, 1])

    def collect(self, x):
        c = self.c
        same = [v for v in self.values if v.dtype == x.dtype and v.shape == x.shape]
        other = c.choice(same)
        rank = len(x.shape)
        if rank and c.chance(0.6) and np.prod(x.shape) < 600:
            return tf.concat([x, other, x] if c.chance(0.3) else [other, x], c.int(0, rank - 1))
        if c.chance(0.5) and rank < 5 and np.prod(x.shape) < 600:
            return tf.stack([x, other], c.int(0, rank))
        if x.dtype in (tf.float32, tf.float64) and c.chance(0.5):
            return tf.add_n([x, other, x])
        if x.dtype in (tf.float32, tf.float64) and rank == 2:
            return tf.matmul(x, other, transpose_b=True)
        return tf.identity_n([x, other])[1]


def feeds(c, dtypes, shape):
    out = []
    for dtype in dtypes:
        part = [1 if c.chance(0.15) else d for d in shape]
        if c.chance(0.2):
            part = part[c.int(0, len(part)):]
        name = dtype.name if dtype not in FLOATS else "float"
        if dtype in COMPLEX:
            name = {"complex64": "complex64", "complex128": "complex128"}[dtype.name]
        if dtype == tf.float64:
            name = "double"
        out.append(c.values(name, part, special=False, scale=1) if dtype.is_floating
                   or dtype in COMPLEX else c.values(name, part, special=False))
    return out


@op("ElementwiseDag", tol="sum", count=10)
def dag(c):
    """Diamonds, aliases, casts, control dependencies; intermediates and feeds are fetched."""
    mode = c.choice(["one", "one", "mixed", "mixed", "ints", "complex", "text"])
    dtypes = {"one": [c.choice(FLOATS)] * 2, "ints": [c.choice(INTS), c.choice(INTS), tf.bool],
              "mixed": [c.choice(FLOATS), c.choice(INTS), c.choice(FLOATS)],
              "complex": [c.choice(COMPLEX), tf.float32], "text": [tf.string, tf.int32]}[mode]
    shape = c.shape(low=1, high=4, empty=0.05, limit=400)
    big = c.chance(0.1)
    if big:
        shape = c.choice([[40, 1100], [3, 16000], [60000], [2, 300, 77]])
    arrays = feeds(c, dtypes, shape)
    steps = c.int(4, 8 if big else 22)

    def build(*inputs):
        pool = Pool(c, [tf.cast(x, d) if x.dtype != d else x for x, d in zip(inputs, dtypes)])
        for _ in range(steps):
            waits = [pool.pick()] if c.chance(0.1) else []
            with tf.control_dependencies(waits):
                pool.values.append(pool.step())
            if c.chance(0.3):
                pool.values = pool.values[-8:]
        out = [pool.values[-1]] + [v for v in pool.values if c.chance(0.25)]
        return [tf.cast(v, tf.float32) if v.dtype == tf.bfloat16 else v for v in out]
    c.trace(build, *arrays, static=True)
    narrow = {"bfloat16": (3e-2, 2e-2), "half": (5e-3, 4e-3)}
    nodes = c.graph.definition.node
    kinds = {n.attr[k].type for n in nodes for k in ("T", "DstT", "SrcT") if k in n.attr}
    if tf.bfloat16.as_datatype_enum in kinds:
        c.tol = narrow["bfloat16"]
    elif tf.float16.as_datatype_enum in kinds:
        c.tol = narrow["half"]
    elif tf.float32.as_datatype_enum in kinds:
        c.precise = ["float" if p == "double" else p for p in c.precise]


@op("AliasHazard", tol="exact", count=3)
def alias(c):
    """Reshapes and identities of a buffer that other ops would like to overwrite."""
    shape = c.shape(low=1, high=3, empty=0, limit=200)
    x = np.round(c.values("float", shape, special=False, scale=5))
    names = ["reshape", "identity", "squeeze", "expand", "stop"]

    def build(a):
        values = [tf.negative(a) if c.chance(0.7) else a]
        for _ in range(c.int(3, 10)):
            v = c.choice(values[-3:])
            how = c.choice([*names, "change", "change", "join", "both"])
            if how == "reshape":
                v = tf.reshape(v, c.choice([[-1], [1, -1], [-1, 1], shape]))
            elif how == "identity":
                v = tf.identity(v)
            elif how == "squeeze":
                v = tf.squeeze(v)
            elif how == "expand":
                v = tf.expand_dims(v, 0) if len(v.shape) < 5 else v
            elif how == "stop":
                v = tf.stop_gradient(v)
            elif how == "change":
                v = c.choice([tf.negative, tf.nn.relu, tf.abs, lambda t: t + 1, lambda t: 2 * t,
                              lambda t: 3 - t])(v)
            elif how == "join":
                v = v + tf.reshape(c.choice(values), v.shape)
            else:
                v = v - tf.reverse(tf.reshape(v, [-1]), [0])[0]
            values.append(v)
        return [v for v in values if c.chance(0.5)] + [values[-1]]
    c.trace(build, x, static=True)
