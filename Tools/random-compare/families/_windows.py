"""Windows for convolutions and pooling."""
import numpy as np


def effective(size, dilation):
    return (size - 1) * dilation + 1


def extent(size, window, stride, padding, before=0, after=0):
    """The number of window positions."""
    if padding == "SAME":
        return -(-size // stride)
    return max(0, (size + before + after - window) // stride + 1)


class Window:
    """Sizes for `rank` spatial dimensions that fit each other."""

    def __init__(self, c, rank, explicit=True, dilated=True, most=12, same_stride=False,
                 biggest=5):
        self.rank = rank
        self.padding = c.choice(["SAME", "VALID"] + (["EXPLICIT"] if explicit else []))
        self.size = [c.choice([1, 2, 3, 3, 4, 5][:biggest + 1]) for _ in range(rank)]
        self.stride = [c.choice([1, 1, 2, 3]) for _ in range(rank)]
        if same_stride:
            self.stride = [self.stride[0]] * rank
        self.dilation = [c.choice([1, 2, 3]) for _ in range(rank)] if dilated and c.chance(0.3) \
            else [1] * rank
        self.image = []
        self.pads = [(0, 0)] * rank
        if self.padding == "EXPLICIT":
            self.pads = [(c.int(0, 3), c.int(0, 3)) for _ in range(rank)]
        for k, d, p in zip(self.size, self.dilation, self.pads):
            least = 1 if self.padding == "SAME" else max(1, effective(k, d) - sum(p))
            self.image.append(c.int(least, max(least, most)))

    @property
    def out(self):
        return [extent(i, effective(k, d), s, self.padding, *p) for i, k, d, s, p in
                zip(self.image, self.size, self.dilation, self.stride, self.pads)]

    def attrs(self, first, ksize=False, dilations=True):
        """The op's attributes; `first`: channels first."""
        def full(values):
            return [1, 1, *values] if first else [1, *values, 1]
        names = {2: ("NCHW", "NHWC"), 3: ("NCDHW", "NDHWC")}[self.rank]
        out = {"strides": full(self.stride), "padding": self.padding,
               "data_format": names[0] if first else names[1]}
        if ksize:
            out["ksize"] = full(self.size)
        elif dilations and any(d != 1 for d in self.dilation):
            out["dilations"] = full(self.dilation)
        if self.padding == "EXPLICIT":
            flat = [v for pair in self.pads for v in pair]
            out["explicit_paddings"] = [0, 0, 0, 0, *flat] if first else [0, 0, *flat, 0, 0]
        return out

    @staticmethod
    def images(first, batch, spatial, channels):
        return [batch, channels, *spatial] if first else [batch, *spatial, channels]


def weights(c, dtype, shape):
    """Values that keep sums small."""
    if dtype == "int32":
        return c.values(dtype, shape, low=-4, high=4)
    return (c.rng.normal(0, 1, shape) / np.sqrt(max(1, np.prod(shape[:-1])))).astype(
        c.values(dtype, [1], low=0, high=1).dtype)
