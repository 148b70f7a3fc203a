"""Random networks: products, biases, normalizations, activations, paddings, joins."""
import numpy as np
import tensorflow as tf

from oracle.spec import op

GENTLE = {"special": False, "scale": 1}
DTYPES = ["float", "float", "float", "float", "double", "half"]


def as_type(dtype):
    return {"float": np.float32, "double": np.float64, "half": np.float16}[dtype]


class Net:
    """Builds layers; `c` draws, `dtype` is the dtype of all activations."""

    def __init__(self, c, dtype):
        self.c, self.dtype = c, dtype

    def weights(self, shape, scale=1.0, low=None, high=None):
        value = self.c.rng.uniform(low, high, shape) if low is not None else \
            self.c.rng.normal(0, scale, shape)
        out = tf.constant(np.asarray(value, as_type(self.dtype)))
        if self.c.chance(0.15):
            out = tf.identity(out)
        if self.c.chance(0.05):
            out = tf.tanh(out) * 2 if low is None else tf.abs(out) + low
        return out

    # -- products --------------------------------------------------------------------------------

    def product(self, x, outside=None):
        c = self.c
        if 0 in x.shape[1:]:
            return x
        outside = outside or c.choice([1, 2, 3, 4, 8, 9, 16])
        if len(x.shape) == 4 and c.chance(0.85):
            x = self.pad(x)
            return self.convolution(x, outside)
        if len(x.shape) == 5:
            size = [c.int(1, min(3, d)) for d in x.shape[1:4]]
            w = self.weights([*size, x.shape[-1], outside], 0.4)
            return tf.nn.conv3d(x, w, [1, 1, c.choice([1, 2]), 1, 1], c.choice(["SAME", "VALID"]))
        if len(x.shape) == 2:
            w = self.weights([x.shape[-1], outside], 0.5)
            if c.chance(0.2):
                return tf.matmul(x, tf.transpose(w), transpose_b=True)
            return tf.matmul(x, w)
        w = self.weights([x.shape[-1], outside], 0.5)
        how = c.int(0, 3)
        if how == 0:
            return tf.tensordot(x, w, 1)
        if how == 1:
            return tf.raw_ops.BatchMatMulV2(x=x, y=w)
        if how == 2:
            return tf.einsum("...i,io->...o", x, w)
        flat = tf.matmul(tf.reshape(x, [-1, x.shape[-1]]), w)
        return tf.reshape(flat, [-1, *x.shape[1:-1], outside])

    def convolution(self, x, outside):
        c = self.c
        inside, height, width = x.shape[-1], x.shape[1], x.shape[2]
        size = [c.choice([1, 2, 3, 3, 5]), c.choice([1, 3, 3])]
        dilation = c.choice([1, 1, 1, 1, 2])
        stride = c.choice([1, 1, 2]) if dilation == 1 else 1
        padding = c.choice(["SAME", "VALID", "EXPLICIT"])
        if (size[0] - 1) * dilation >= height or (size[1] - 1) * dilation >= width:
            padding = "SAME"
        kind = c.choice(["plain", "plain", "depthwise", "separable", "transposed"])
        if kind == "transposed" and stride < 3:
            w = self.weights([*size, outside, inside], 0.4)
            shape = tf.stack([tf.shape(x)[0], height * stride, width * stride, outside])
            return tf.nn.conv2d_transpose(x, w, shape, stride, "SAME")
        if kind in ("depthwise", "separable"):
            w = self.weights([*size, inside, c.choice([1, 1, 2])], 0.5)
            padding = "SAME" if padding == "EXPLICIT" else padding
            out = tf.nn.depthwise_conv2d(x, w, [1, stride, stride, 1], padding)
            if kind == "depthwise":
                return out
            return tf.nn.conv2d(out, self.weights([1, 1, out.shape[-1], outside], 0.5), 1, "SAME")
        if padding == "EXPLICIT":
            padding = [[0, 0], [c.int(0, 2), c.int(0, 2)], [c.int(0, 2), c.int(0, 2)], [0, 0]]
        w = self.weights([*size, inside, outside], 0.4)
        if c.chance(0.1):
            return tf.raw_ops.Conv2D(
                input=tf.transpose(x, [0, 3, 1, 2]), filter=w, strides=[1, 1, stride, stride],
                padding="SAME", data_format="NCHW", dilations=[1, 1, dilation, dilation]), "first"
        return tf.nn.conv2d(x, w, stride, padding, dilations=dilation)

    def pad(self, x):
        c = self.c
        if not c.chance(0.35):
            return x
        pads = [[0, 0], [c.int(0, 2), c.int(0, 2)], [c.int(0, 2), c.int(0, 2)], [0, 0]]
        if c.chance(0.1):
            pads[3] = [0, 1]
        if c.chance(0.1):
            pads[0] = [1, 0]
        how = c.choice(["CONSTANT", "CONSTANT", "value", "REFLECT", "SYMMETRIC"])
        if how == "value":
            return tf.pad(x, pads, constant_values=as_type(self.dtype)(c.choice([0, 1, -2])))
        if how == "CONSTANT" or min(x.shape[1:3]) < 3 or pads[0] != [0, 0] or pads[3] != [0, 0]:
            return tf.pad(x, pads)
        return tf.pad(x, pads, how)

    # -- biases and normalizations ---------------------------------------------------------------

    def bias(self, x):
        c = self.c
        last, rank = x.shape[-1], len(x.shape)
        shape = c.choice([[last], [last], [1, last], [], [1] * (rank - 1) + [last], [1],
                          [x.shape[1]] + [1] * (rank - 2), [1] * (rank + 1), list(x.shape)[1:]])
        b = self.weights(shape)
        if shape == [last] and c.chance(0.6):
            return tf.nn.bias_add(x, b)
        return c.choice([lambda: x + b, lambda: b + x, lambda: x - b, lambda: b - x,
                         lambda: tf.raw_ops.Add(x=x, y=b)])()

    def scale(self, x):
        c = self.c
        last, rank = x.shape[-1], len(x.shape)
        w = self.weights(c.choice([[last], [1] * (rank - 1) + [last], [], [1], list(x.shape)[1:]]),
                         low=0.3, high=2)
        return c.choice([lambda: x * w, lambda: w * x, lambda: x / w])()

    def statistics(self, n):
        return (self.weights([n]), self.weights([n], low=0.2, high=2), self.weights([n]),
                self.weights([n], low=-1.5, high=1.5))

    def norm(self, x):
        c = self.c
        form = c.choice(["fused", "fused", "training", "nn", "keras3", "manual", "moments", "layer",
                         "global", "instance", "mixed"])
        n, rank = x.shape[-1], len(x.shape)
        mean, variance, offset, gamma = self.statistics(n)
        eps = as_type(self.dtype)(c.choice([1e-3, 1e-2]))
        if form in ("fused", "training") and rank == 4 and self.dtype != "double":
            def wide(v):
                return tf.cast(v, tf.float32)
            raw = c.choice([tf.raw_ops.FusedBatchNormV3, tf.raw_ops.FusedBatchNormV3,
                            tf.raw_ops.FusedBatchNormV2, tf.raw_ops.FusedBatchNorm])
            if raw is tf.raw_ops.FusedBatchNorm and self.dtype != "float":
                raw = tf.raw_ops.FusedBatchNormV3
            if form == "training":
                empty = tf.constant(np.zeros([0], np.float32))
                return raw(x=x, scale=wide(gamma), offset=wide(offset), mean=empty, variance=empty,
                           epsilon=float(eps), is_training=True)[0]
            return raw(x=x, scale=wide(gamma), offset=wide(offset), mean=wide(mean),
                       variance=wide(variance), epsilon=float(eps), is_training=False)[0]
        if form == "keras3":
            shape = [1] * (rank - 1) + [n]
            m, v, g, b = (tf.reshape(p, shape) for p in (mean, variance, gamma, offset))
            factor = tf.math.rsqrt(v + eps) * g
            return x * tf.identity(factor) + (b - m * factor)
        if form == "manual":
            y = (x - mean) / tf.sqrt(variance + eps)
            return c.choice([lambda: y * gamma + offset, lambda: offset + gamma * y,
                             lambda: y * gamma, lambda: y])()
        if form == "global" and rank == 4 and self.dtype == "float":
            return tf.nn.batch_norm_with_global_normalization(x, mean, variance, offset, gamma,
                                                              float(eps), c.chance(0.5))
        if form in ("moments", "layer", "instance", "mixed"):
            axes = {"moments": list(range(rank - 1)), "layer": [rank - 1],
                    "instance": list(range(1, rank - 1)) or [0], "mixed": [0, rank - 1]}[form]
            keep = form != "moments" or c.chance(0.5)
            y = tf.cast(x, tf.float32) if self.dtype == "half" and c.chance(0.5) else x
            m, v = tf.nn.moments(y, axes, keepdims=keep)
            m, v = tf.cast(m, x.dtype), tf.cast(v, x.dtype)
            if c.chance(0.3):
                return (x - m) * tf.math.rsqrt(v + eps) * gamma + offset
            if c.chance(0.2):
                return (x - m) / (tf.sqrt(v) + eps)
            return tf.nn.batch_normalization(x, m, v, offset if c.chance(0.8) else None,
                                             gamma if c.chance(0.8) else None, eps)
        return tf.nn.batch_normalization(x, mean, variance, offset, gamma, eps)

    # -- activations -----------------------------------------------------------------------------

    def activation(self, x):
        c = self.c
        one = as_type(self.dtype)
        half = one(0.5)
        six = tf.nn.relu6
        third, sixth = one(3), one(1 / 6)
        root = one(np.sqrt(0.5))
        cube = one(0.044715)
        low, high = one(c.choice([-1, 0, -0.1])), one(c.choice([1, 0.7, 6]))
        return c.choice([
            tf.nn.relu, tf.nn.relu, tf.nn.relu6, tf.nn.elu, tf.nn.selu, tf.tanh, tf.sigmoid,
            tf.nn.softplus, tf.nn.softsign, lambda v: tf.nn.leaky_relu(v, 0.1), tf.nn.silu,
            lambda v: v * tf.sigmoid(v), lambda v: tf.sigmoid(v) * v,
            lambda v: v * (six(v + third) * sixth), lambda v: (v * six(v + third)) / one(6),
            lambda v: sixth * (v * six(third + v)), lambda v: six(v + third) / one(6),
            lambda v: v * six(v + third) * sixth, lambda v: (v * sixth) * six(v + third),
            lambda v: half * v * (one(1) + tf.math.erf(v * root)),
            lambda v: v * (half * (tf.math.erf(v / one(np.sqrt(2))) + one(1))),
            lambda v: v * half * (1 + tf.tanh(one(0.7978845608) * (v + cube * v * v * v))),
            lambda v: half * v * (1 + tf.tanh(one(0.7978845608) * (v + cube * tf.pow(v, 3)))),
            lambda v: v * tf.tanh(tf.nn.softplus(v)), lambda v: tf.maximum(v, v * half),
            lambda v: tf.minimum(tf.maximum(v, low), high), lambda v: tf.maximum(low, v),
            lambda v: tf.maximum(tf.minimum(high, v), low),
            lambda v: tf.clip_by_value(v, low, high),
            lambda v: tf.nn.relu(v) - half * tf.nn.relu(-v),
            lambda v: tf.clip_by_value(half * v + half, one(0), one(1)),
            lambda v: tf.where(v > 0, v, half * (tf.exp(v) - 1)),
            lambda v: tf.nn.softmax(v), lambda v: tf.nn.log_softmax(v),
            lambda v: tf.exp(v - tf.reduce_max(v, -1, keepdims=True)), tf.nn.gelu,
            lambda v: tf.nn.gelu(v, approximate=True), lambda v: v * tf.sigmoid(one(1.702) * v),
            lambda v: tf.minimum(v, tf.constant(high, v.dtype, [1] * (len(v.shape) + 1)))[0]
            if c.chance(0.3) else v * v])(x)

    # -- other layers ----------------------------------------------------------------------------

    def other(self, x, earlier):
        c = self.c
        how = c.int(0, 9)
        rank = len(x.shape)
        same = [v for v in earlier if v.shape == x.shape]
        if how <= 2 and same:
            y = c.choice(same)
            return c.choice([lambda: x + y, lambda: y + x, lambda: tf.add_n([x, y, x]),
                             lambda: y - x, lambda: x * tf.sigmoid(y)])()
        if how <= 4 and same:
            return tf.concat([x, c.choice(same)], -1)
        if how == 5:
            return tf.nn.softmax(x, c.int(0, rank - 1))
        if how == 6 and rank == 4 and min(x.shape[1:3]) > 1:
            pool = c.choice([tf.nn.max_pool2d, tf.nn.avg_pool2d])
            return pool(x, c.choice([2, 3]), c.choice([1, 2]), "SAME")
        if how == 7 and rank == 4:
            gate = tf.reduce_mean(x, [1, 2], keepdims=True)
            gate = tf.sigmoid(tf.nn.conv2d(gate, self.weights([1, 1, x.shape[-1], x.shape[-1]]), 1,
                                           "SAME"))
            return x * gate if c.chance(0.5) else gate * x
        if how == 8:
            order = [0, *(c.rng.permutation(rank - 1) + 1)]
            return tf.transpose(x, order)
        if how == 9 and rank == 4 and c.chance(0.4):
            return tf.reduce_mean(x, [1, 2])
        if how == 9 and rank == 4:
            return tf.reshape(x, [-1, x.shape[1] * x.shape[2], x.shape[3]])
        return self.scale(x)


def layers(c, dtype, a):
    """[the result, some of the values on the way]"""
    net = Net(c, dtype)
    every, earlier = [], []
    for _ in range(c.int(1, 3)):
        a = net.product(a)
        if isinstance(a, tuple):
            a = a[0]
            if c.chance(0.4):
                a = tf.nn.bias_add(a, net.weights([a.shape[1]]), data_format="NC..")
            if c.chance(0.5):
                a = net.activation(a)
            a = tf.transpose(a, [0, 2, 3, 1])
        steps = c.choice([["bias", "act"], ["norm", "act"], ["bias", "norm", "act"], ["bias"],
                          ["bias", "act", "other"], ["norm", "other", "act"], ["act", "norm"],
                          ["bias", "other", "act"], ["scale", "bias", "act"], ["act", "scale"],
                          ["bias", "scale", "bias"], ["norm", "act", "other", "act"], ["other"],
                          ["norm", "norm", "act"], ["bias", "bias", "act", "bias"]])
        for step in steps:
            earlier.append(a)
            a = net.other(a, earlier) if step == "other" else \
                {"bias": net.bias, "norm": net.norm, "act": net.activation,
                 "scale": net.scale}[step](a)
            if c.chance(0.15):
                every.append(a)
            if len(a.shape) not in (2, 3, 4, 5):
                return [a, *every]
    return [a, *every]


def input_shape(c):
    rank = c.choice([4, 4, 4, 4, 2, 3, 5])
    shape = [c.int(1, 3), *[c.int(3, 8) for _ in range(rank - 2)], c.choice([1, 2, 3, 4, 8])]
    if c.chance(0.05):
        shape[0] = 0
    if rank == 4 and c.chance(0.3):
        shape[1:3] = c.choice([[16, 17], [16, 17], [40, 33]])
    elif rank < 4 and c.chance(0.2):
        shape[0] = 300
    return shape


@op("ConvNet", tol="sum", count=12)
def network(c):
    dtype = c.choice(DTYPES)
    shape = input_shape(c)
    rank = len(shape)
    x = c.values(dtype, shape, **GENTLE)
    wraps = c.choice(["", "", "", "fed", "function", "loop", "cond"])
    fed = {}

    def loop(a):
        net = Net(c, dtype)
        w = net.weights([a.shape[-1], a.shape[-1]], 0.4)
        if rank == 4:
            w = w[None, None]

        def body(i, v):
            v = tf.nn.conv2d(v, w, 1, "SAME") if rank == 4 else tf.tensordot(v, w, 1)
            v = tf.ensure_shape(v, a.shape)
            return i + 1, tf.ensure_shape(tf.tanh(net.norm(v)), a.shape)
        return tf.while_loop(lambda i, v: i < 3, body, [0, a],
                             [tf.TensorShape([]), tf.TensorShape([None, *a.shape[1:]])])[1]

    def build(a):
        if wraps == "function":
            return tf.function(lambda v: layers(c, dtype, v), autograph=False)(a)
        if wraps == "cond":
            return tf.cond(tf.reduce_sum(tf.cast(a, tf.float32)) > c.choice([-1e6, 1e6]),
                           lambda: layers(c, dtype, a)[0],
                           lambda: tf.zeros([2, 3], as_type(dtype)))
        if wraps == "loop":
            return loop(a)
        out = layers(c, dtype, a)
        if wraps == "fed" and len(out) > 1:
            fed[out[-1].name] = c.values(dtype, out[-1].shape, **GENTLE)
        return out
    c.trace(build, x, static=True)
    c.feeds.update(fed)
    if dtype == "half":
        c.tol = (2e-2, 3e-2)


@op("NetGradient", tol="loose", count=6)
def gradient(c):
    """What tf.gradients makes of a random network."""
    dtype = c.choice(["float", "float", "double"])
    shape = input_shape(c)
    x = c.values(dtype, shape, **GENTLE)

    def build(a):
        y = layers(c, dtype, a)[0]
        weights = tf.constant(c.rng.normal(0, 1, y.shape).astype(as_type(dtype)))
        loss = tf.reduce_sum(y * weights) if c.chance(0.5) else tf.reduce_mean(tf.square(y))
        return [loss, *tf.gradients(loss, [a])]
    c.trace(build, x, static=True)
