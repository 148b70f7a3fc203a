"""Gradient kernels of activations, pooling and normalisation."""
import numpy as np

from oracle.spec import op

from ._windows import Window

GENTLE = {"special": False, "scale": 1}


@op("InvGrad ReciprocalGrad RsqrtGrad SigmoidGrad SqrtGrad TanhGrad")
def from_output(c):
    """Inputs: the forward output y, and dy."""
    dtype, shape = c.dtype(), c.any_shape()
    how = {"low": 0.1, "high": 3} if c.name in ("RsqrtGrad", "SqrtGrad") else {}
    c.run(c.draw(dtype, shape, **how), c.draw(dtype, shape if not c.bad("shape") else [*shape, 2]))


@op("EluGrad LeakyReluGrad Relu6Grad ReluGrad SeluGrad SoftplusGrad SoftsignGrad")
def from_gradient(c):
    """Inputs: dy, and the forward input or output."""
    dtype, shape = c.dtype(), c.any_shape()
    more = c.attrs(alpha=[None, 0.1, 0.0, 1.5]) if c.name == "LeakyReluGrad" else {}
    c.run(c.draw(dtype, shape), c.draw(dtype, shape if not c.bad("shape") else [*shape, 2]), **more)


def pool_window(c, rank, explicit=False):
    w = Window(c, rank, explicit=explicit, dilated=False, most=9 if rank == 2 else 5,
               biggest=5 if rank == 2 else 3)
    return w, c.chance(0.25), c.int(1, 2), c.choice([1, 3, 8])


@op("AvgPoolGrad AvgPool3DGrad", tol="sum", count=1.5)
def avg_pool(c):
    dtype = c.dtype()
    w, first, batch, depth = pool_window(c, 3 if "3D" in c.name else 2)
    shape = w.images(first, batch, w.image, depth)
    c.run(c.host(np.array(shape)), c.draw(dtype, w.images(first, batch, w.out, depth), **GENTLE),
          **w.attrs(first, ksize=True))


def max_pool_parts(c, rank, first_allowed=True):
    dtype = c.dtype(skip=("uint32", "uint64"))
    w, first, batch, depth = pool_window(c, rank)
    first = first and first_allowed
    x = c.values(dtype, w.images(first, batch, w.image, depth), special=False)
    if c.chance(0.3):
        x = np.round(x)
    x = c.feed(x, dtype)
    attrs = w.attrs(first, ksize=True)
    y = c.op("MaxPool3D" if rank == 3 else "MaxPool", x, **attrs)
    return dtype, x, y, w, attrs, w.images(first, batch, w.image, depth), w.images(
        first, batch, w.out, depth)


@op("MaxPoolGrad MaxPool3DGrad", tol="sum", count=1.5)
def max_pool(c):
    dtype, x, y, _, attrs, _, out = max_pool_parts(c, 3 if "3D" in c.name else 2)
    more = {"TInput": dtype} if "3D" in c.name else {}
    c.run(x, y, c.draw(dtype, out, **GENTLE), **attrs, **more)


@op("MaxPoolGradGrad MaxPool3DGradGrad", tol="sum")
def max_pool_second(c):
    dtype, x, y, _, attrs, shape, _ = max_pool_parts(c, 3 if "3D" in c.name else 2,
                                                      "3D" not in c.name)
    c.run(x, y, c.draw(dtype, shape, **GENTLE), **attrs)


@op("MaxPoolGradV2 MaxPoolGradGradV2", tol="sum")
def max_pool_v2(c):
    dtype, x, y, _, attrs, shape, out = max_pool_parts(c, 2, False)
    sizes, strides = attrs.pop("ksize"), attrs.pop("strides")
    c.run(x, y, c.draw(dtype, shape if "GradGrad" in c.name else out, **GENTLE),
          c.host(np.array(sizes)), c.host(np.array(strides)), **attrs)


@op("MaxPoolGradWithArgmax", tol="sum")
def max_pool_argmax(c):
    dtype = c.dtype()
    w, _, batch, depth = pool_window(c, 2)
    x = c.draw(dtype, w.images(False, batch, w.image, depth), **GENTLE)
    attrs = w.attrs(False, ksize=True)
    attrs.pop("data_format")
    attrs.update(c.attrs(include_batch_in_index=[None, True, False]))
    index = c.choice(["int32", "int64"])
    _, where = c.op("MaxPoolWithArgmax", x, Targmax=index, **attrs)
    c.run(x, c.draw(dtype, w.images(False, batch, w.out, depth), **GENTLE), where, **attrs)


@op("FractionalMaxPoolGrad FractionalAvgPoolGrad", tol="sum")
def fractional(c):
    dtype = c.dtype()
    shape = [c.int(1, 2), c.int(5, 12), c.int(5, 12), c.int(1, 4)]
    overlapping = c.chance(0.5)
    x = c.draw(dtype, shape, **GENTLE)
    y, rows, columns = c.op(c.name.removesuffix("Grad"), x, deterministic=True, seed=c.int(1, 9),
                            seed2=c.int(1, 9), pooling_ratio=[1.0, 1.44, 1.73, 1.0],
                            overlapping=overlapping)
    dy = c.op("Square", y) if dtype in ("float", "double") else c.op("AddV2", y, y)
    if "Max" in c.name:
        c.run(x, y, dy, rows, columns, overlapping=overlapping)
    else:
        c.run(c.host(np.array(shape), "int64"), dy, rows, columns, overlapping=overlapping)


@op("LRNGrad", tol="sum")
def lrn(c):
    dtype = c.dtype()
    shape = [c.int(1, 2), c.int(1, 5), c.int(1, 5), c.choice([1, 3, 8])]
    attrs = c.attrs(depth_radius=[None, 1, 2], bias=[None, 2.0], alpha=[None, 0.01, 0.5],
                    beta=[None, 0.75, 1.0])
    x = c.draw(dtype, shape, **GENTLE)
    c.run(c.draw(dtype, shape, **GENTLE), x, c.op("LRN", x, **attrs), **attrs)


@op("FusedBatchNormGrad FusedBatchNormGradV2 FusedBatchNormGradV3", tol="loose", count=2)
def batch_norm(c):
    dtype = c.dtype("T")
    training, first = c.chance(0.6), c.chance(0.25)
    channels, spatial = c.choice([1, 3, 8]), [c.int(2, 4), c.int(1, 4)]
    shape = [2, channels, *spatial] if first else [2, *spatial, channels]
    wide = "double" if dtype == "double" else "float"
    v3 = c.name.endswith("V3")
    x = c.draw(dtype, shape, **GENTLE)
    scale = c.draw(wide, [channels], **GENTLE)
    attrs = {"data_format": "NCHW" if first else "NHWC", "is_training": training, "epsilon": 1e-3}
    more = {} if c.name == "FusedBatchNormGrad" else {"U": wide}
    if training:
        nothing = c.feed(np.zeros(0), wide, const=1)
        _, _, _, *saved = c.op(c.name.replace("Grad", ""), x, scale, c.draw(wide, [channels]),
                               nothing, nothing, **attrs, **more)
    else:
        saved = [c.draw(wide, [channels], **GENTLE), c.draw(wide, [channels], low=0.3, high=2)]
        saved += [saved[0]] if v3 else []
    out = c.op(c.name, c.draw(dtype, shape, **GENTLE), x, scale, *saved, **attrs, **more)
    c.fetch(out[:3])


@op("ResizeBilinearGrad ResizeNearestNeighborGrad ResizeBicubicGrad", tol="sum", count=1.5)
def resize(c):
    dtype = c.dtype("T")
    batch, depth = c.int(1, 2), c.int(1, 4)
    size = [c.int(1, 8), c.int(1, 8)]
    out = [c.int(1, 9), c.int(1, 9)]
    mode = c.choice([{}, {"align_corners": True}, {"half_pixel_centers": True}])
    if c.name == "ResizeNearestNeighborGrad":
        dtype = c.dtype("T", only=["float", "double", "half", "int32", "int8", "uint8"])
        c.run(c.draw(dtype, [batch, *out, depth], special=False), c.host(np.array(size)), **mode)
    else:
        c.run(c.draw("float", [batch, *out, depth], **GENTLE),
              c.draw(dtype, [batch, *size, depth], special=False), **mode)


@op("ScaleAndTranslateGrad", tol="sum")
def scale_and_translate(c):
    size, out = [c.int(2, 8), c.int(2, 8)], [c.int(2, 9), c.int(2, 9)]
    batch, depth = c.int(1, 2), c.int(1, 3)
    c.run(c.draw("float", [batch, *out, depth], **GENTLE),
          c.draw("float", [batch, *size, depth], **GENTLE),
          c.draw("float", [2], low=0.5, high=2), c.draw("float", [2], low=-1, high=1),
          kernel_type=c.choice(["lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle",
                                "keyscubic", "mitchellcubic"]), antialias=c.chance(0.5))


@op("CropAndResizeGradImage CropAndResizeGradBoxes", tol="sum")
def crop_and_resize(c):
    batch, depth, boxes = c.int(1, 3), c.int(1, 3), c.int(1, 4)
    size, crop = [c.int(2, 8), c.int(2, 8)], [c.int(1, 5), c.int(1, 5)]
    grads = c.draw("float", [boxes, *crop, depth], **GENTLE)
    box = c.draw("float", [boxes, 4], low=-0.1, high=1.1)
    index = c.feed(c.rng.integers(0, batch, boxes), "int32")
    if c.name == "CropAndResizeGradImage":
        c.run(grads, box, index, c.host(np.array([batch, *size, depth])),
              T=c.dtype("T"), **c.attrs(method=[None, "bilinear", "nearest"]))
    else:
        dtype = c.dtype("T")
        c.run(grads, c.draw(dtype, [batch, *size, depth], special=False), box, index)


@op("SparseSegmentSumGrad SparseSegmentMeanGrad SparseSegmentSqrtNGrad", tol="sum")
def sparse_segment(c):
    dtype = c.dtype("T")
    rows, wide, count = c.int(1, 6), c.int(1, 4), c.int(1, 8)
    segments = np.sort(c.rng.integers(0, rows, count))
    ids = c.rng.integers(0, 7, count)
    if c.bad("range"):
        ids[0] = 9
    c.run(c.draw(dtype, [rows, wide], **GENTLE), c.feed(ids, c.choice(["int32", "int64"])),
          c.feed(segments, c.choice(["int32", "int64"])), c.host(7))


@op("SparseSegmentSumGradV2 SparseSegmentMeanGradV2 SparseSegmentSqrtNGradV2", tol="sum")
def sparse_segment_v2(c):
    dtype = c.dtype("T")
    rows, wide, count = c.int(1, 6), c.int(1, 4), c.int(1, 8)
    c.run(c.draw(dtype, [rows, wide], **GENTLE),
          c.feed(c.rng.integers(0, 7, count), c.choice(["int32", "int64"])),
          c.feed(np.sort(c.rng.integers(0, rows, count)), c.choice(["int32", "int64"])), c.host(7))


@op("PreventGradient", tol="exact")
def refused_gradient(c):
    c.run(c.draw("float", c.shape()), **c.attrs(message=[None, "no gradient"]))
