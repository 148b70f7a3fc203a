"""Small graphs of several ops, as real models have them."""
import numpy as np
import tensorflow as tf

from oracle.spec import op

GENTLE = {"special": False, "scale": 1}
UNARY = ["Relu", "Tanh", "Sigmoid", "Neg", "Abs", "Square", "Softplus", "Elu", "Identity", "Exp",
         "Relu6", "Softsign", "StopGradient", "Sin", "Floor"]
BINARY = ["AddV2", "Sub", "Mul", "Maximum", "Minimum", "SquaredDifference"]


@op("RandomGraph", tol="sum", count=8)
def random_graph(c):
    """A DAG of element-wise, reduction and shape ops."""
    dtype = c.choice(["float", "float", "double"])
    shape = c.shape(low=1, high=4, empty=0, limit=300)
    pool = [(c.feed(c.values(dtype, shape, **GENTLE), dtype, const=0), shape)]
    for _ in range(c.int(3, 9)):
        x, dims = c.choice(pool)
        kind = c.int(0, 6)
        if kind <= 1:
            pool.append((c.op(c.choice(UNARY), c.op("Tanh", x)), dims))
        elif kind == 2:
            y, other = c.choice(pool)
            try:
                out = list(np.broadcast_shapes(tuple(dims), tuple(other)))
            except ValueError:
                continue
            pool.append((c.op(c.choice(BINARY), x, y), out))
        elif kind == 3:
            axis = c.int(0, len(dims) - 1) if dims else None
            if axis is None:
                continue
            keep = c.chance(0.6)
            out = [1 if i == axis else d for i, d in enumerate(dims) if keep or i != axis]
            pool.append((c.op(c.choice(["Mean", "Sum", "Max"]), x, c.graph.const(
                np.array([axis], np.int32), "int32"), keep_dims=keep), out))
        elif kind == 4:
            order = c.rng.permutation(len(dims)).astype(np.int32)
            pool.append((c.op("Transpose", x, c.graph.const(order, "int32")),
                         [dims[i] for i in order]))
        elif kind == 5:
            total = int(np.prod(dims))
            pool.append((c.op("Reshape", x, c.graph.const(np.array([-1, 1], np.int32), "int32")),
                         [total, 1]))
        else:
            const = c.values(dtype, dims[-1:], **GENTLE)
            pool.append((c.op(c.choice(BINARY), x, c.graph.const(np.asarray(
                const, np.float32 if dtype == "float" else np.float64), dtype)), dims))
    c.fetch(pool[-1][0])
    if c.chance(0.4):
        c.fetch(c.choice(pool)[0])


@op("MomentsNormalization", tol="sum", count=3)
def moments(c):
    """tf.nn.moments and tf.nn.batch_normalization, over several sets of axes."""
    rank = c.int(2, 4)
    shape = [c.int(2, 5) for _ in range(rank)]
    axes = c.choice([list(range(rank - 1)), [0], [rank - 1], list(range(1, rank))])
    keep = c.chance(0.5) or axes != list(range(rank - 1))
    param = [1 if i in axes else d for i, d in enumerate(shape)] if keep else shape[-1:]
    x = c.values("float", shape, **GENTLE)
    scale, offset = c.values("float", param, **GENTLE), c.values("float", param, **GENTLE)

    def build(a):
        mean, variance = tf.nn.moments(a, axes, keepdims=keep)
        return tf.nn.batch_normalization(a, mean, variance, offset if c.chance(0.8) else None,
                                         scale if c.chance(0.8) else None, 1e-3), mean, variance
    c.trace(build, x)


@op("ConvBatchNorm", tol="sum", count=3)
def conv_batch_norm(c):
    """Conv2D, Dense or depthwise convolution, batch norm as a chain of ops, an activation."""
    inside, outside = c.int(1, 5), c.choice([1, 4, 8, 9])
    x = c.values("float", [c.int(1, 2), c.int(4, 8), c.int(4, 8), inside], **GENTLE)
    kernel = c.values("float", [3, 3, inside, outside], **GENTLE)
    mean, offset, scale = (c.values("float", [outside], **GENTLE) for _ in range(3))
    variance = c.values("float", [outside], low=0.2, high=2)
    form = c.choice(["keras3", "nn", "fused", "manual"])
    activation = c.choice([tf.nn.relu, tf.nn.relu6, tf.nn.silu, tf.nn.leaky_relu, tf.identity,
                           tf.nn.gelu, tf.nn.sigmoid])
    dense = c.chance(0.3)

    def build(a):
        if dense:
            y = tf.matmul(tf.reshape(a, [-1, inside]), kernel[0, 0])
            y = tf.nn.bias_add(y, offset)
        else:
            y = tf.nn.conv2d(a, kernel, c.choice([1, 2]), c.choice(["SAME", "VALID"]))
        if form == "fused" and not dense:
            y = tf.raw_ops.FusedBatchNormV3(x=y, scale=scale, offset=offset, mean=mean,
                                            variance=variance, epsilon=1e-3, is_training=False)[0]
        elif form == "keras3":
            shape = [1] * (len(y.shape) - 1) + [outside]
            m, v, g, b = (tf.reshape(tf.constant(p), shape)
                          for p in (mean, variance, scale, offset))
            factor = tf.math.rsqrt(v + 1e-3) * g
            y = y * tf.identity(factor) + (b - m * factor)
        elif form == "manual":
            y = (y - mean) / tf.sqrt(variance + 1e-3) * scale + offset
        else:
            y = tf.nn.batch_normalization(y, mean, variance, offset, scale, 1e-3)
        return activation(y)
    c.trace(build, x)


@op("LayerNormAttention", tol="sum")
def attention(c):
    n, t, d, h = c.int(1, 2), c.int(2, 5), 8, 2
    x = c.values("float", [n, t, d], **GENTLE)
    w = [c.values("float", [d, d], **GENTLE) / 3 for _ in range(4)]

    def build(a):
        mean, variance = tf.nn.moments(a, [-1], keepdims=True)
        y = (a - mean) * tf.math.rsqrt(variance + 1e-5)
        q, k, v = (tf.transpose(tf.reshape(tf.einsum("ntd,de->nte", y, m), [n, t, h, d // h]),
                                [0, 2, 1, 3]) for m in w[:3])
        weights = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) / np.float32(np.sqrt(d // h)))
        out = tf.reshape(tf.transpose(tf.matmul(weights, v), [0, 2, 1, 3]), [n, t, d])
        return a + tf.tensordot(out, w[3], [[2], [0]])
    c.trace(build, x)


@op("Gradient", tol="loose", count=4)
def gradient(c):
    """tf.gradients of a small network."""
    kind = c.choice(["mlp", "cnn", "norm", "slices", "pool"])
    x = c.values("float", [3, 6, 6, 2], **GENTLE)
    w = c.values("float", [3, 3, 2, 4], **GENTLE)
    labels = np.eye(5, dtype=np.float32)[c.rng.integers(0, 5, 3)]
    dense = c.values("float", [4, 5], **GENTLE)

    def build(a, k, m):
        y = tf.nn.conv2d(a, k, 1, "SAME") if kind != "mlp" else tf.tensordot(a, k[0, 0], 1)
        if kind == "norm":
            mean, variance = tf.nn.moments(y, [0, 1, 2])
            y = tf.nn.batch_normalization(y, mean, variance, None, None, 1e-3)
        y = c.choice([tf.nn.relu, tf.nn.elu, tf.tanh, tf.nn.softplus, tf.nn.selu])(y)
        if kind == "pool":
            y = tf.nn.max_pool2d(y, 2, 2, "SAME") + tf.nn.avg_pool2d(y, 2, 2, "SAME")
        if kind == "slices":
            y = tf.concat([y[:, 1:], y[:, :1]], 1) * tf.gather(y, [0, 2, 1])
        logits = tf.matmul(tf.reduce_mean(y, [1, 2]), m)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, logits))
        return [loss, *tf.gradients(loss, [a, k, m])]
    c.trace(build, x, w, dense)
