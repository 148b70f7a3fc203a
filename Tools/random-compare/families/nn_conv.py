"""Convolutions and what TensorFlow fuses with them."""
import numpy as np

from oracle.spec import op

from ._windows import Window, weights

GENTLE = {"special": False, "scale": 1}


def image(c, dtype, shape):
    return c.values(dtype, shape, low=-5, high=5) if dtype == "int32" else \
        c.values(dtype, shape, **GENTLE)


@op("Conv2D", tol="sum", count=3)
def conv2d(c):
    dtype = c.dtype()
    w = Window(c, 2)
    first = c.chance(0.3)
    groups = c.choice([1, 1, 1, 1, 2, 3])
    inside, outside, batch = c.int(1, 7), c.choice([1, 2, 3, 8, 17]) * groups, c.int(1, 3)
    if c.chance(0.06):
        batch = 0
    filters = [*w.size, inside, outside]
    if c.bad("channels", "rank"):
        filters = [*w.size, inside * groups + 1, outside] if c.chance(0.6) else w.size
    c.run(c.feed(image(c, dtype, w.images(first, batch, w.image, inside * groups)), dtype),
          c.feed(weights(c, dtype, filters), dtype, const=0.6), **w.attrs(first))


@op("Conv2D", tol="sum", count=2)
def winograd(c):
    """3x3 and 1x1 windows over more channels and larger images, as in real models."""
    dtype = c.choice(["float", "float", "double"])
    size = c.choice([1, 3, 3, 7])
    stride = c.choice([1, 1, 2])
    inside, outside = c.choice([3, 16, 20, 32]), c.choice([8, 16, 33])
    shape = [c.int(1, 2), c.int(8, 20), c.int(8, 20), inside]
    c.run(c.feed(image(c, dtype, shape), dtype),
          c.feed(weights(c, dtype, [size, size, inside, outside]), dtype, const=0.6),
          strides=[1, stride, stride, 1], padding=c.choice(["SAME", "VALID"]))


@op("DepthwiseConv2dNative", tol="sum", count=2)
def depthwise(c):
    dtype = c.dtype()
    w = Window(c, 2, same_stride=True, dilated=False)
    first = c.chance(0.25)
    inside, times = c.choice([1, 3, 8, 13, 17]), c.choice([1, 1, 2, 3])
    filters = [*w.size, inside + (1 if c.bad("channels") else 0), times]
    c.run(c.feed(image(c, dtype, w.images(first, c.int(1, 2), w.image, inside)), dtype),
          c.feed(weights(c, dtype, filters), dtype, const=0.6), **w.attrs(first))


@op("Conv3D", tol="sum")
def conv3d(c):
    dtype = c.dtype()
    w = Window(c, 3, explicit=False, most=6, biggest=3, dilated=c.chance(0.3))
    first = c.chance(0.25)
    inside, outside = c.int(1, 4), c.int(1, 5)
    filters = [*w.size, inside + (1 if c.bad("channels") else 0), outside]
    c.run(c.feed(image(c, dtype, w.images(first, c.int(1, 2), w.image, inside)), dtype),
          c.feed(weights(c, dtype, filters), dtype, const=0.6), **w.attrs(first))


def backward(c, rank, depthwise_op, filter_grad, version2=True):
    dtype = c.dtype()
    w = Window(c, rank, explicit=rank == 2, most=8 if rank == 2 else 5, dilated=False,
               same_stride=depthwise_op, biggest=5 if rank == 2 else 3)
    first = c.chance(0.25) and version2
    inside, outside, batch = c.int(1, 5), c.int(1, 5), c.int(1, 2)
    shape = w.images(first, batch, w.image, inside)
    filters = [*w.size, inside, outside]
    channels = inside * outside if depthwise_op else outside
    gradient = w.images(first, batch, w.out, channels + (1 if c.bad("channels") else 0))
    attrs = w.attrs(first)
    if not version2:
        attrs.pop("data_format")
    out = c.feed(weights(c, dtype, gradient), dtype)
    if filter_grad:
        second = c.host(np.array(filters)) if version2 else \
            c.feed(weights(c, dtype, filters), dtype)
        c.run(c.feed(image(c, dtype, shape), dtype), second, out, **attrs)
    else:
        start = c.host(np.array(shape)) if version2 else c.feed(image(c, dtype, shape), dtype)
        c.run(start, c.feed(weights(c, dtype, filters), dtype, const=0.6), out, **attrs)


@op("Conv2DBackpropInput Conv2DBackpropFilter", tol="sum", count=2)
def conv2d_backward(c):
    backward(c, 2, False, "Filter" in c.name)


@op("DepthwiseConv2dNativeBackpropInput DepthwiseConv2dNativeBackpropFilter", tol="sum", count=2)
def depthwise_backward(c):
    backward(c, 2, True, "Filter" in c.name)


@op("Conv3DBackpropInputV2 Conv3DBackpropFilterV2", tol="sum")
def conv3d_backward(c):
    backward(c, 3, False, "Filter" in c.name)


@op("Conv3DBackpropInput Conv3DBackpropFilter", tol="sum")
def conv3d_backward_v1(c):
    backward(c, 3, False, "Filter" in c.name, version2=False)


@op("Conv", tol="sum")
def conv(c):
    dtype = c.dtype(only=["float", "double", "half", "bfloat16"])
    rank = c.int(2, 3)
    w = Window(c, rank, explicit=False, most=6, biggest=3, dilated=False)
    inside, outside = c.int(1, 4), c.int(1, 5)
    c.run(c.feed(image(c, dtype, [c.int(1, 2), *w.image, inside]), dtype),
          c.feed(weights(c, dtype, [*w.size, inside, outside]), dtype),
          strides=[1, *w.stride, 1], padding=w.padding, data_format="CHANNELS_LAST")


@op("Dilation2D", tol="sum")
def dilation(c):
    dtype, x, k, attrs = dilation_parts(c)
    c.run(c.draw(dtype, x, special=False), c.draw(dtype, k, special=False), **attrs)


def dilation_parts(c):
    dtype = c.dtype()
    w = Window(c, 2, explicit=False)
    depth = c.int(1, 4)
    attrs = {"strides": [1, *w.stride, 1], "rates": [1, *w.dilation, 1], "padding": w.padding}
    x = [c.int(1, 2), *w.image, depth]
    return dtype, x, [*w.size, depth + (1 if c.bad("depth") else 0)], attrs


@op("Dilation2DBackpropInput Dilation2DBackpropFilter", tol="sum")
def dilation_backward(c):
    dtype = c.dtype()
    w = Window(c, 2, explicit=False)
    depth, batch = c.int(1, 4), c.int(1, 2)
    out = [batch, *w.out, depth]
    c.run(c.draw(dtype, [batch, *w.image, depth], special=False),
          c.draw(dtype, [*w.size, depth], special=False), c.draw(dtype, out, special=False),
          strides=[1, *w.stride, 1], rates=[1, *w.dilation, 1], padding=w.padding)


@op("FusedPadConv2D FusedResizeAndPadConv2D", tol="sum")
def padded_conv(c):
    dtype = c.dtype()
    h, w, inside, outside = c.int(5, 9), c.int(5, 9), c.int(1, 4), c.int(1, 5)
    size, stride = c.int(1, 3), c.choice([1, 1, 2])
    pads = np.array([[0, 0], [c.int(0, 3), c.int(0, 3)], [c.int(0, 3), c.int(0, 3)], [0, 0]])
    inputs = [c.feed(image(c, dtype, [c.int(1, 2), h, w, inside]), dtype)]
    more = {"mode": c.choice(["REFLECT", "SYMMETRIC"]), "strides": [1, stride, stride, 1],
            "padding": c.choice(["SAME", "VALID"])}
    if c.name == "FusedResizeAndPadConv2D":
        inputs.append(c.host(np.array([c.int(5, 12), c.int(5, 12)])))
        more["resize_align_corners"] = c.chance(0.5)
    c.run(*inputs, c.host(pads),
          c.feed(weights(c, dtype, [size, size, inside, outside]), dtype), **more)


FUSIONS = [["BiasAdd"], ["BiasAdd", "Relu"], ["BiasAdd", "Relu6"], ["BiasAdd", "Elu"],
           ["BiasAdd", "LeakyRelu"], ["BiasAdd", "Sigmoid"], ["BiasAdd", "Tanh"]]
BATCH_NORM = [["FusedBatchNorm"], ["FusedBatchNorm", "Relu"], ["FusedBatchNorm", "Relu6"],
              ["FusedBatchNorm", "Elu"], ["FusedBatchNorm", "LeakyRelu"]]


def epilogue(c, dtype, channels, steps):
    """The extra arguments and attributes of a fused node."""
    extra = [c.draw(dtype, [channels], **GENTLE)]
    if "FusedBatchNorm" in steps:
        extra += [c.draw(dtype, [channels], **GENTLE), c.draw(dtype, [channels], **GENTLE),
                  c.draw(dtype, [channels], low=0.2, high=3)]
    more = {"fused_ops": steps, "num_args": len(extra)}
    if "FusedBatchNorm" in steps:
        more["epsilon"] = 0.001
    if "LeakyRelu" in steps:
        more["leakyrelu_alpha"] = c.choice([0.1, 0.3])
    return extra, more


@op("_FusedConv2D", tol="sum", count=2)
def fused_conv(c):
    dtype = "float"
    w = Window(c, 2)
    inside, outside = c.int(1, 7), c.choice([1, 3, 8, 17])
    extra, more = epilogue(c, dtype, outside, c.choice(FUSIONS + BATCH_NORM))
    c.run(c.feed(image(c, dtype, [c.int(1, 2), *w.image, inside]), dtype),
          c.feed(weights(c, dtype, [*w.size, inside, outside]), dtype, const=0.6), extra, [],
          **more, **w.attrs(False))


@op("_FusedDepthwiseConv2dNative", tol="sum")
def fused_depthwise(c):
    w = Window(c, 2, same_stride=True, dilated=False, explicit=False)
    inside, times = c.choice([1, 3, 8]), c.choice([1, 2])
    extra, more = epilogue(c, "float", inside * times, c.choice(FUSIONS[:5]))
    c.run(c.feed(image(c, "float", [c.int(1, 2), *w.image, inside]), "float"),
          c.feed(weights(c, "float", [*w.size, inside, times]), "float", const=0.6), extra,
          **more, **w.attrs(False))


@op("_FusedConv3D", tol="sum")
def fused_conv3d(c):
    w = Window(c, 3, explicit=False, dilated=False, most=6, biggest=3)
    inside, outside = c.int(1, 4), c.int(1, 5)
    extra, more = epilogue(c, "float", outside, c.choice(FUSIONS[:5]))
    c.run(c.feed(image(c, "float", [c.int(1, 2), *w.image, inside]), "float"),
          c.feed(weights(c, "float", [*w.size, inside, outside]), "float", const=0.6), extra,
          **more, **w.attrs(False))


@op("_FusedMatMul", tol="sum", count=1.5)
def fused_matmul(c):
    dtype = "float"
    m, k, n = c.int(1, 20), c.int(1, 20), c.int(1, 20)
    ta, tb = c.chance(0.3), c.chance(0.3)
    steps = c.choice(FUSIONS)
    extra, more = epilogue(c, dtype, n, steps)
    c.run(c.draw(dtype, [k, m] if ta else [m, k], **GENTLE),
          c.draw(dtype, [n, k] if tb else [k, n], **GENTLE), extra, transpose_a=ta, transpose_b=tb,
          **more)


@op("_FusedBatchNormEx", tol="sum")
def fused_batch_norm(c):
    shape = [c.int(1, 2), c.int(1, 6), c.int(1, 6), 4 * c.int(1, 3)]
    channels = shape[-1]
    side = c.int(0, 1)
    vectors = [c.draw("float", [channels], **GENTLE) for _ in range(3)]
    out = c.op(c.name, c.draw("float", shape, **GENTLE), *vectors,
               c.draw("float", [channels], low=0.2, high=2),
               [c.draw("float", shape, **GENTLE)] * side, num_side_inputs=side, T="float",
               U="float", is_training=False, activation_mode="Relu" if side else c.choice(
                   ["Identity", "Relu"]))
    c.fetch(out[0])
