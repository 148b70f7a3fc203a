"""Random shapes and values. Everything comes from the case's own generator."""
import numpy as np

from .dtypes import CARRIER, COMPLEX, FLOATS, numpy_of

WORDS = [b"", b"a", b"hello", b"Hello World", b"  padded\t", b"12", b"-3.5", b"1e3", b"x,y,,z",
         "h\u00e9llo".encode(), "\u65e5\u672c\u8a9e".encode(), "\U0001f600 ok".encode(), b"MiXeD",
         b"a b c", b"tensor_flow", b"0x1F", b"aa", b"abcabc", b"line\nbreak", b"inf", b"long" * 9]
# Ops that show whether denormal numbers count as zero.
DENORMAL = {"Abs", "AddV2", "Cast", "Equal", "Greater", "Identity", "Less", "Mul", "Neg",
            "NotEqual", "Relu", "Sign", "Where"}
SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 31, 33]


class Draw:
    """Draws from `rng`; mixed into Case."""

    def chance(self, probability):
        return bool(self.rng.random() < probability)

    def choice(self, items):
        return items[int(self.rng.integers(len(items)))]

    def int(self, low, high):
        """An integer in [low, high]."""
        return int(self.rng.integers(low, high + 1))

    def shape(self, rank=None, low=0, high=5, limit=700, empty=0.06, sizes=None):
        rank = self.int(low, high) if rank is None else rank
        shape = []
        for _ in range(rank):
            room = max(1, limit // max(1, int(np.prod(shape))))
            fit = [s for s in (sizes or SIZES) if s <= room and (rank < 3 or s <= 9)] or [1]
            shape.append(self.choice(fit))
        if rank and self.chance(empty):
            shape[self.int(0, rank - 1)] = 0
        return shape

    def big_shape(self, rank=1, limit=4000):
        """A shape long enough for vector loops and their tails."""
        shape = self.shape(rank, empty=0)
        shape[self.int(0, rank - 1)] = self.int(60, 300)
        return shape if np.prod(shape) <= limit else [self.int(60, 300)] + [1] * (rank - 1)

    def any_shape(self, low=0, high=5, **more):
        if self.chance(0.2) and high:
            return self.big_shape(self.int(max(low, 1), max(high, 1)))
        return self.shape(low=low, high=high, **more)

    def broadcast(self, count=2, **more):
        """Shapes that broadcast against each other."""
        whole = self.any_shape(**more)
        shapes = []
        for _ in range(count):
            part = [1 if self.chance(0.25) else d for d in whole]
            if self.chance(0.3):
                part = part[self.int(0, len(part)):]
            shapes.append(part)
        if self.chance(0.5):
            shapes[self.int(0, count - 1)] = list(whole)
        return shapes

    def values(self, dtype, shape, low=None, high=None, special=None, scale=None):
        """Values of `dtype`; uniform between low and high if these are given."""
        shape = tuple(shape)
        if dtype == "bool":
            return self.rng.random(shape) < 0.5
        if dtype == "string":
            return self.words(shape)
        if dtype in COMPLEX:
            part = "float" if dtype == "complex64" else "double"
            # What becomes of infinities in complex arithmetic differs by compiler.
            re = self.values(part, shape, low, high, False, scale)
            im = self.values(part, shape, low, high, False, scale)
            with np.errstate(all="ignore"):
                return (re + 1j * im).astype(numpy_of(dtype))
        if dtype in FLOATS:
            return self._floats(dtype, shape, low, high, special, scale)
        return self._ints(dtype, shape, low, high, special)

    def _floats(self, dtype, shape, low, high, special, scale):
        kind = numpy_of(dtype)
        if low is not None:
            return self.rng.uniform(low, high, shape).astype(kind)
        scale = scale or self.choice([0.3, 1, 1, 1, 3, 10, 50])
        out = self.rng.normal(0, scale, shape)
        if self.chance(0.15):
            out = np.round(out)
        out = np.asarray(out, kind)
        if special is None:
            special = self.chance(0.2)
        if special and out.size:
            odd = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -0.5, 2.5, 1e-30, -1e-30,
                   1e30, -1e30, 88.5, -88.5, 710.0, 3e4]
            if getattr(self, "name", "") in DENORMAL:
                odd += [1e-40, -1e-40]
            with np.errstate(all="ignore"):
                odd = np.array(odd, kind)
            mask = self.rng.random(shape) < 0.4
            out = np.where(mask, odd[self.rng.integers(len(odd), size=shape)], out).astype(kind)
        return out

    def _ints(self, dtype, shape, low, high, special):
        kind = numpy_of(dtype)
        info = np.iinfo(kind)
        if low is not None:
            low, high = max(low, info.min), min(high, info.max)
            return self.rng.integers(low, high, shape, kind, endpoint=True)
        mode = self.rng.random()
        if special is False or mode < 0.6:
            low = max(info.min, -10)
            return self.rng.integers(low, min(info.max, 10), shape, kind, endpoint=True)
        full = self.rng.integers(info.min, info.max, shape, kind, endpoint=True)
        if mode < 0.8:
            return full
        odd = np.array([info.min, info.max, 0, 1, info.min + 1, info.max - 1], kind)
        mask = self.rng.random(shape) < 0.5
        return np.where(mask, odd[self.rng.integers(len(odd), size=shape)], full).astype(kind)

    def words(self, shape, pool=None):
        pool = pool or WORDS
        out = np.empty(tuple(shape), object)
        for index in np.ndindex(*out.shape):
            out[index] = self.choice(pool)
        return out

    def ids(self, shape, limit, dtype="int32", negative=0.0):
        """Indices below `limit`."""
        out = self.rng.integers(0, max(1, limit), tuple(shape)).astype(numpy_of(dtype))
        if negative:
            out = np.where(self.rng.random(tuple(shape)) < negative, -1, out)
            out = out.astype(numpy_of(dtype))
        return out

    def axis(self, rank):
        """An axis, maybe counted from the end."""
        axis = self.int(0, max(0, rank - 1))
        return axis - rank if rank and self.chance(0.4) else axis

    def carried(self, dtype):
        return dtype in CARRIER
