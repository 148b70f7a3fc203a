"""Bias, batch normalisation, losses."""
import numpy as np

from oracle.spec import op

GENTLE = {"special": False, "scale": 1}


@op("BiasAdd", tol="math", count=1.5)
def bias_add(c):
    dtype = c.dtype()
    first = c.chance(0.4)
    shape = c.shape(low=3 if first else 2, high=5)
    channels = shape[1 if first else -1]
    if c.bad("length", "rank"):
        channels += 1
    c.run(c.draw(dtype, shape), c.draw(dtype, [channels]),
          data_format="NCHW" if first else "NHWC")


@op("BiasAddV1")
def bias_add_v1(c):
    dtype, shape = c.dtype(), c.shape(low=2, high=4)
    c.run(c.draw(dtype, shape), c.draw(dtype, [shape[-1]]))


@op("BiasAddGrad", tol="sum", count=1.5)
def bias_add_grad(c):
    first = c.chance(0.4)
    c.run(c.draw(c.dtype(), c.shape(low=3 if first else 2, high=5), **GENTLE),
          data_format="NCHW" if first else "NHWC")


@op("FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3", tol="sum", count=2)
def batch_norm(c):
    dtype = c.dtype("T")
    training = c.chance(0.5)
    rank = 5 if c.name == "FusedBatchNormV3" and c.chance(0.25) else 4
    first = c.chance(0.3) and rank == 4
    channels = c.choice([1, 2, 3, 8, 17])
    spatial = [c.int(1, 6) for _ in range(rank - 2)]
    batch = c.int(2, 4)
    shape = [batch, channels, *spatial] if first else [batch, *spatial, channels]
    wide = "double" if dtype == "double" else "float"
    count = channels + (1 if c.bad("length") else 0)
    factor = c.choice([None, None, 0.9, 0.1, 1.0])
    scale, offset = c.draw(wide, [count], **GENTLE), c.draw(wide, [channels], **GENTLE)
    if training and factor in (None, 1.0):
        mean = variance = c.feed(np.zeros(0), wide, const=1)
    else:
        mean = c.draw(wide, [channels], **GENTLE)
        variance = c.draw(wide, [channels], low=0.1, high=3)
    more = {"is_training": training, "data_format": {4: ["NHWC", "NCHW"], 5: ["NDHWC", "NCDHW"]}[
        rank][int(first)], **c.attrs(epsilon=[None, 1e-3, 1e-5, 0.1])}
    if factor:
        more["exponential_avg_factor"] = factor
    if c.name != "FusedBatchNorm":
        more["U"] = wide
    out = c.op(c.name, c.draw(dtype, shape, **GENTLE), scale, offset, mean, variance, **more)
    c.fetch(out[:5] if training else out[:3])


@op("BatchNormWithGlobalNormalization", tol="sum")
def batch_norm_old(c):
    dtype = c.dtype()
    shape = [c.int(1, 3), c.int(1, 5), c.int(1, 5), c.int(1, 9)]
    n = shape[-1:]
    c.run(c.draw(dtype, shape, **GENTLE), c.draw(dtype, n, **GENTLE),
          c.draw(dtype, n, low=0.2, high=3), c.draw(dtype, n, **GENTLE), c.draw(dtype, n, **GENTLE),
          variance_epsilon=c.choice([1e-3, 1e-5, 0.1]), scale_after_normalization=c.chance(0.6))


@op("BatchNormWithGlobalNormalizationGrad", tol="sum")
def batch_norm_old_grad(c):
    dtype = c.dtype()
    shape = [c.int(1, 3), c.int(1, 5), c.int(1, 5), c.int(1, 9)]
    n = shape[-1:]
    c.run(c.draw(dtype, shape, **GENTLE), c.draw(dtype, n, **GENTLE),
          c.draw(dtype, n, low=0.2, high=3), c.draw(dtype, n, **GENTLE),
          c.draw(dtype, shape, **GENTLE), variance_epsilon=c.choice([1e-3, 0.1]),
          scale_after_normalization=c.chance(0.6))


@op("SoftmaxCrossEntropyWithLogits", tol="sum")
def cross_entropy(c):
    dtype = c.dtype()
    rows, wide = c.int(1, 9), c.choice([1, 2, 5, 10, 33])
    labels = c.rng.random((rows, wide)) + 0.01
    labels /= labels.sum(1, keepdims=True)
    shape = [rows, wide]
    if c.bad("shape"):
        shape = [rows, wide + 1] if wide > 1 else [rows, 5, 2]
    elif c.chance(0.2):
        labels = labels[:1]
    c.run(c.draw(dtype, shape, special=False), c.feed(labels, dtype))


@op("SparseSoftmaxCrossEntropyWithLogits", tol="sum")
def sparse_cross_entropy(c):
    dtype = c.dtype("T")
    rows, wide = c.int(1, 9), c.choice([1, 2, 5, 10, 33])
    labels = c.rng.integers(0, wide, rows)
    if c.bad("range", "rows"):
        labels = np.concatenate([labels, [0]])
    c.run(c.draw(dtype, [rows, wide], special=False), c.feed(labels, c.dtype("Tlabels")))
