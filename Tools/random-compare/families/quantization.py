"""Fake quantisation and the quantised ops."""
import numpy as np

from oracle.dtypes import QUANTIZED
from oracle.spec import op

GENTLE = {"special": False, "scale": 3}


def bits(c):
    return {**c.attrs(num_bits=[None, 8, 4, 2, 16], narrow_range=[None, True, False])}


def f32(c, value, const=0.6):
    return c.feed(np.float32(value), "float", const=const)


@op("FakeQuantWithMinMaxArgs FakeQuantWithMinMaxArgsGradient", tol="math")
def fake_args(c):
    shape = c.any_shape()
    low, high = c.choice([(-6.0, 6.0), (0.0, 6.0), (-1.0, 0.5), (0.5, 3.0), (-10.0, -1.0)])
    if c.bad("range", "bits"):
        low, high = 2.0, 1.0
    args = [c.draw("float", shape, **GENTLE) for _ in range(2 if "Grad" in c.name else 1)]
    c.run(*args, min=low, max=high, **bits(c))


@op("FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsGradient", tol="math")
def fake_vars(c):
    shape = c.any_shape()
    low, high = c.choice([(-6.0, 6.0), (0.0, 6.0), (-1.0, 0.5), (0.5, 3.0), (0.0, 0.0)])
    args = [c.draw("float", shape, **GENTLE) for _ in range(2 if "Grad" in c.name else 1)]
    c.run(*args, f32(c, low), f32(c, high), **bits(c))


@op("FakeQuantWithMinMaxVarsPerChannel FakeQuantWithMinMaxVarsPerChannelGradient", tol="math")
def fake_channel(c):
    shape = c.shape(low=1, high=4 if "Grad" in c.name else 5, empty=0)
    if "Grad" in c.name and len(shape) == 3:
        shape = shape[:2]
    n = shape[-1] + (1 if c.bad("length") else 0)
    args = [c.draw("float", shape, **GENTLE) for _ in range(2 if "Grad" in c.name else 1)]
    c.run(*args, c.draw("float", [n], low=-5, high=0), c.draw("float", [n], low=0.5, high=6),
          **bits(c))


@op("QuantizeAndDequantize", tol="math")
def both_v1(c):
    given = c.chance(0.5)
    more = {"input_min": -2.0, "input_max": 3.0} if given else {}
    c.run(c.draw(c.dtype("T"), c.any_shape(low=1), **GENTLE), signed_input=c.chance(0.7),
          num_bits=c.choice([8, 4]), range_given=given, **more)


@op("QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4", tol="math",
    count=1.5)
def both(c):
    dtype = c.dtype("T")
    shape = c.any_shape(low=1, empty=0)
    axis = c.int(0, len(shape) - 1) if c.chance(0.3) else -1
    vector = [] if axis == -1 else [shape[axis]]
    signed = c.chance(0.7)
    low = c.values(dtype, vector, low=-4 if signed else 0, high=0)
    high = low + c.values(dtype, vector, low=1, high=5)
    if c.bad("range"):
        low, high = high, low
    args = [c.draw(dtype, shape, **GENTLE), c.feed(low, dtype), c.feed(high, dtype)]
    more = {"signed_input": signed, "range_given": c.chance(0.5) or c.expects_error, "axis": axis,
            **c.attrs(narrow_range=[None, True])}
    if c.name.endswith("V3"):
        args.append(c.host(c.choice([8, 4])))
    else:
        more.update(num_bits=c.choice([8, 4]), round_mode=c.choice(["HALF_TO_EVEN", "HALF_UP"]))
    c.run(*args, **more)


@op("QuantizeAndDequantizeV4Grad", tol="math")
def both_grad(c):
    dtype, shape = c.dtype("T"), c.any_shape(low=1, empty=0)
    c.run(c.draw(dtype, shape, **GENTLE), c.draw(dtype, shape, **GENTLE),
          c.feed(np.asarray(-2.0), dtype), c.feed(np.asarray(2.5), dtype))


@op("QuantizeV2", tol="math", count=1.5)
def quantize(c):
    dtype = c.dtype("T", only=QUANTIZED)
    mode = c.choice(["MIN_COMBINED", "MIN_FIRST", "SCALED"])
    shape = c.any_shape(low=1, empty=0)
    axis = c.int(0, len(shape) - 1) if mode == "SCALED" and c.chance(0.3) else -1
    vector = [] if axis == -1 else [shape[axis]]
    low = c.rng.uniform(-4, 0, vector)
    more = {"mode": mode, "axis": axis}
    if mode == "SCALED":
        more["round_mode"] = c.choice(["HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN"])
        more["narrow_range"] = c.chance(0.3)
    c.run(c.draw("float", shape, **GENTLE), c.feed(low, "float"),
          c.feed(low + c.rng.uniform(1, 6, vector), "float"), T=dtype, **more)


@op("Dequantize", tol="math", count=1.5)
def dequantize(c):
    dtype = c.dtype("T", only=QUANTIZED)
    mode = c.choice(["MIN_COMBINED", "MIN_FIRST", "SCALED"])
    shape = c.any_shape(low=1, empty=0)
    axis = c.int(0, len(shape) - 1) if mode == "SCALED" and c.chance(0.3) else -1
    vector = [] if axis == -1 else [shape[axis]]
    low = c.rng.uniform(-4, 0, vector)
    more = {"narrow_range": c.chance(0.3)} if mode == "SCALED" else {}
    c.run(quantized(c, dtype, shape), c.feed(low, "float"),
          c.feed(low + c.rng.uniform(1, 6, vector), "float"), mode=mode, axis=axis,
          dtype="float" if mode != "MIN_COMBINED" else c.dtype("dtype"), **more)


def quantized(c, dtype, shape):
    low, high = {"qint8": (-128, 127), "quint8": (0, 255), "qint32": (-100000, 100000),
                 "qint16": (-32768, 32767), "quint16": (0, 65535)}[dtype]
    return c.feed(c.rng.integers(low, high, shape, endpoint=True), dtype)


def span(c):
    low = float(c.rng.uniform(-4, -0.5))
    return [f32(c, low), f32(c, low + c.rng.uniform(3, 6))]


@op("QuantizeDownAndShrinkRange RequantizationRange", tol="math")
def shrink(c):
    more = {"out_type": "quint8"} if c.name.startswith("Quantize") else {}
    c.run(quantized(c, "qint32", c.any_shape(low=1, empty=0)), *span(c), **more)


@op("Requantize", tol="math")
def requantize(c):
    c.run(quantized(c, "qint32", c.any_shape(low=1, empty=0)), *span(c), f32(c, -0.001),
          f32(c, 0.002), out_type=c.dtype("out_type", only=QUANTIZED))


@op("QuantizedAdd QuantizedMul", tol="math")
def arithmetic(c):
    a = c.shape(low=1, high=3, empty=0)
    b = c.choice([a, a[-1:], []])
    c.run(quantized(c, "quint8", a), quantized(c, "quint8", b), *span(c), *span(c),
          Toutput="qint32")


@op("QuantizedMatMul", tol="math")
def matmul(c):
    m, k, n = c.int(1, 9), c.int(1, 20), c.int(1, 9)
    ta, tb = c.chance(0.3), c.chance(0.3)
    c.run(quantized(c, "quint8", [k, m] if ta else [m, k]),
          quantized(c, "quint8", [n, k] if tb else [k, n]), *span(c), *span(c), Toutput="qint32",
          transpose_a=ta, transpose_b=tb)


@op("QuantizedConv2D", tol="math")
def conv(c):
    h, inside, size = c.int(3, 7), c.int(1, 4), c.int(1, 3)
    stride = c.choice([1, 2, 3])
    low = c.choice([-3.0, -3.0, 0.5, -6.0])
    image = [f32(c, low), f32(c, low + 4)]
    c.run(quantized(c, "quint8", [c.int(1, 2), h, h, inside]),
          quantized(c, c.choice(["quint8", "qint8"]), [size, size, inside, c.int(1, 5)]),
          *image, *span(c), strides=[1, stride, stride, 1], padding=c.choice(["SAME", "VALID"]),
          out_type="qint32")


@op("QuantizedBiasAdd", tol="math")
def bias(c):
    dtype = c.choice(["qint8", "quint8"])
    shape = c.shape(low=2, high=4, empty=0)
    c.run(quantized(c, dtype, shape), quantized(c, dtype, shape[-1:]), *span(c), *span(c),
          out_type="qint32")


@op("QuantizedRelu QuantizedRelu6", tol="math")
def relu(c):
    dtype = c.choice(["quint8", "qint32"])
    c.run(quantized(c, dtype, c.any_shape(low=1)), *span(c), out_type=dtype)


@op("QuantizedMaxPool QuantizedAvgPool", tol="math")
def pool(c):
    k, s, h = c.int(1, 3), c.int(1, 2), c.int(3, 7)
    c.run(quantized(c, c.choice(["quint8", "qint8"]), [c.int(1, 2), h, h, c.int(1, 4)]),
          f32(c, -1), f32(c, 3), ksize=[1, k, k, 1], strides=[1, s, s, 1],
          padding=c.choice(["SAME", "VALID"]))


@op("QuantizedConcat", tol="math")
def concat(c):
    shape, count = c.shape(low=1, high=3, empty=0), c.int(2, 3)
    axis = c.int(0, len(shape) - 1)
    same = c.chance(0.4)
    dtype = c.choice(["quint8", "qint32"]) if same else "quint8"
    low = [float(c.rng.uniform(-4, 0)) for _ in range(count)]
    low = low[:1] * count if same else low
    high = [v + (4 if same else float(c.rng.uniform(3, 6))) for v in low]
    c.run(c.host(axis, const=1), [quantized(c, dtype, shape) for _ in range(count)],
          [f32(c, v) for v in low], [f32(c, v) for v in high])


@op("QuantizedReshape", tol="math")
def reshape(c):
    shape = c.shape(low=1, high=3)
    c.run(quantized(c, c.choice(["quint8", "qint32"]), shape),
          c.host(np.array([int(np.prod(shape)), 1])), *span(c))


@op("QuantizedResizeBilinear", tol="math")
def resize(c):
    dtype = c.choice(["quint8", "qint32", "float"])
    shape = [c.int(1, 2), c.int(2, 6), c.int(2, 6), c.choice([1, 3, 8, 16])]
    x = c.draw("float", shape, **GENTLE) if dtype == "float" else quantized(c, dtype, shape)
    c.run(x, c.host(np.array([c.int(1, 9), c.int(1, 9)])), *span(c),
          **c.choice([{}, {"align_corners": True}, {"half_pixel_centers": True}]))


@op("QuantizedInstanceNorm", tol="math")
def instance_norm(c):
    given = c.chance(0.5)
    more = {"given_y_min": -2.0, "given_y_max": 2.5} if given else {}
    c.run(quantized(c, "quint8", [c.int(1, 2), c.int(2, 5), c.int(2, 5), c.choice([1, 8, 16])]),
          *span(c), output_range_given=given, **more)


@op("QuantizedBatchNormWithGlobalNormalization", tol="math")
def batch_norm(c):
    n = c.int(1, 5)
    args = [quantized(c, "quint8", [c.int(1, 2), 3, 3, n]), *span(c)]
    for positive in (False, True, False, False):
        args += [quantized(c, "quint8", [n])] + ([f32(c, 0.2), f32(c, 3)] if positive else span(c))
    c.run(*args, out_type="qint32", variance_epsilon=0.01, scale_after_normalization=c.chance(0.5))


LIMITS = {"qint8": (-128, 127), "quint8": (0, 255), "qint32": (-(1 << 31), (1 << 31) - 1)}


def scales(c, channels, zero=True):
    """Per-tensor or per-channel scales and zero points, and the axis's size or None."""
    shape = [] if channels is None else [channels]
    points = c.rng.integers(-5, 5, shape) if zero else np.zeros(shape)
    return [c.feed(c.rng.uniform(0.02, 0.3, shape), "float"), c.feed(points, "int32")]


def bounds(prefix, dtype):
    low, high = LIMITS[dtype]
    return {prefix + "quantization_min_val": low, prefix + "quantization_max_val": high}


@op("UniformQuantize UniformDequantize UniformRequantize", tol="math")
def uniform(c):
    shape = c.shape(low=1, high=3, empty=0)
    axis = c.int(0, len(shape) - 1) if c.chance(0.4) else -1
    channels = None if axis == -1 else shape[axis]
    dtype = c.choice(["qint8", "qint32"]) if c.name == "UniformRequantize" else c.choice(
        ["qint8", "quint8", "qint32"])
    if c.name == "UniformQuantize":
        c.run(c.draw("float", shape, **GENTLE), *scales(c, channels), Tout=dtype,
              quantization_axis=axis, **bounds("", dtype))
    elif c.name == "UniformDequantize":
        c.run(quantized(c, dtype, shape), *scales(c, channels), Tout="float",
              quantization_axis=axis, **bounds("", dtype))
    else:
        result = c.choice([-1, axis]) if axis >= 0 else c.choice([-1, 0])
        c.run(quantized(c, dtype, shape), *scales(c, channels),
              *scales(c, None if result == -1 else shape[result]), Tout="qint8",
              input_quantization_axis=axis, output_quantization_axis=result,
              **bounds("input_", dtype), **bounds("output_", "qint8"))


@op("UniformQuantizedAdd", tol="math")
def uniform_add(c):
    shape = c.shape(low=1, high=3, empty=0)
    other = c.choice([shape, shape[-1:]])
    axes = c.choice([(-1, -1, -1), (0, -1, -1), (0, 0, 0), (-1, 0, -1), (0, -1, 0)])
    if len(other) < len(shape):
        axes = c.choice([(-1, -1, -1), (-1, 0, -1), (len(shape) - 1, 0, len(shape) - 1)])
    form = [scales(c, None if axis < 0 else dims[axis])
            for axis, dims in zip(axes, (shape, other, shape))]
    keys = ("lhs_", "rhs_", "output_")
    c.run(quantized(c, "qint32", shape), quantized(c, "qint32", other), *sum(form, []),
          **{key + "quantization_axis": axis for key, axis in zip(keys, axes)},
          **bounds("lhs_", "qint32"), **bounds("rhs_", "qint32"), **bounds("output_", "qint32"))


@op("UniformQuantizedClipByValue", tol="math")
def uniform_clip(c):
    shape = c.shape(low=1, high=3)
    axis = c.int(0, len(shape) - 1) if c.chance(0.4) else -1
    channels = None if axis == -1 else shape[axis]
    lead = [] if axis == -1 else [channels]
    c.run(quantized(c, "qint32", shape), c.feed(c.rng.integers(-60000, -5000, lead), "qint32"),
          c.feed(c.rng.integers(7000, 60000, lead), "qint32"), *scales(c, channels),
          quantization_axis=axis, **bounds("", "qint32"))


@op("UniformQuantizedDot UniformQuantizedDotHybrid", tol="sum")
def uniform_dot(c):
    m, k, n = c.int(1, 6), c.int(1, 9), c.int(1, 6)
    axis = c.choice([-1, 1])
    rhs = [quantized(c, "qint8", [k, n])]
    right = scales(c, None if axis == -1 else n, zero=False)
    if c.name.endswith("Hybrid"):
        c.run(c.draw("float", [m, k], **GENTLE), *rhs, *right, Tout="float",
              rhs_quantization_axis=axis, **bounds("rhs_", "qint8"))
    else:
        c.run(quantized(c, "qint8", [m, k]), *rhs, *scales(c, None), *right, *scales(
            c, None if axis == -1 else n), Tout="qint32", rhs_quantization_axis=axis,
            output_quantization_axis=axis, **bounds("lhs_", "qint8"), **bounds("rhs_", "qint8"),
            **bounds("output_", "qint32"))


def convolution(c, rank):
    """Attributes of a window, the sizes of both sides, and where the kernel has its outputs."""
    from tensorflow.core.util.quantization import uniform_quant_ops_attr_pb2 as proto
    groups, batches = c.choice([(1, 1), (1, 1), (2, 1), (1, 2)])
    inside, outside = c.int(1, 3) * groups, c.int(1, 3) * groups * batches
    image = [c.int(1, 2) * batches, inside, *[c.int(3, 6) for _ in range(rank)]]
    kernel = [outside, inside // groups, *[c.int(1, 3) for _ in range(rank)]]
    attrs = {"padding": c.choice(["SAME", "VALID", "EXPLICIT"]), "feature_group_count": groups,
             "batch_group_count": batches}
    if attrs["padding"] == "EXPLICIT":
        attrs["explicit_padding"] = [c.int(0, 2) for _ in range(2 * rank)]
    for key in ("window_strides", "lhs_dilation", "rhs_dilation"):
        if c.chance(0.5):
            attrs[key] = [c.choice([1, 1, 2]) for _ in range(rank)]
    if c.chance(0.3):
        return attrs, image, kernel, 0, 1
    orders = [[int(i) for i in c.rng.permutation(rank + 2)] for _ in range(3)]
    names = [("input_batch", "input_feature", "input_spatial"),
             ("kernel_output_feature", "kernel_input_feature", "kernel_spatial"),
             ("output_batch", "output_feature", "output_spatial")]
    fields = {}
    for (first, second, space), order in zip(names, orders):
        fields[first + "_dimension"], fields[second + "_dimension"] = order[:2]
        fields[space + "_dimensions"] = order[2:]
    attrs["dimension_numbers"] = \
        proto.UniformQuantizedConvolutionDimensionNumbersAttr(**fields).SerializeToString()
    def laid(sizes, order):
        return [sizes[order.index(i)] for i in range(rank + 2)]
    return attrs, laid(image, orders[0]), laid(kernel, orders[1]), orders[1][0], orders[2][1]


@op("UniformQuantizedConvolution UniformQuantizedConvolutionHybrid", tol="sum", count=1.5)
def uniform_convolution(c):
    attrs, image, kernel, place, result = convolution(c, c.int(1, 2))
    axis = c.choice([-1, place])
    outside = None if axis == -1 else kernel[place]
    right = scales(c, outside, zero=c.chance(0.5))
    attrs.update(rhs_quantization_axis=axis, **bounds("rhs_", "qint8"))
    if c.name.endswith("Hybrid"):
        c.run(c.draw("float", image, **GENTLE), quantized(c, "qint8", kernel), *right,
              Tout="float", **attrs)
        return
    out = outside if c.chance(0.5) else None
    c.run(quantized(c, "qint8", image), quantized(c, "qint8", kernel), *scales(c, None), *right,
          *scales(c, out), Tout="qint32", output_quantization_axis=-1 if out is None else result,
          **bounds("lhs_", "qint8"), **bounds("output_", "qint32"), **attrs)
