"""Resizing, cropping, colours, patches."""
import numpy as np

from oracle.spec import op

GENTLE = {"special": False, "scale": 1}
HOW = [{}, {"align_corners": True}, {"half_pixel_centers": True}]


def picture(c, dtype, shape):
    if dtype in ("float", "double", "half", "bfloat16"):
        return c.draw(dtype, shape, **GENTLE)
    return c.draw(dtype, shape, low=0, high=100)


@op("ResizeBilinear ResizeBicubic ResizeNearestNeighbor", tol="sum", count=2)
def resize(c):
    dtype = c.dtype("T")
    shape = [c.int(1, 3), c.int(1, 9), c.int(1, 9), c.choice([1, 2, 3, 4, 7])]
    size = np.array([c.int(1, 12), c.int(1, 12)])
    if c.chance(0.15):
        size = np.array([shape[1] * 2, shape[2] * 2])
    if c.bad("rank", "size", "both"):
        shape, size = (shape[1:], size) if c.chance(0.5) else (shape, np.array([0, 4]))
    c.run(picture(c, dtype, shape), c.host(size), **c.choice(HOW))


@op("ResizeArea", tol="sum")
def resize_area(c):
    shape = [c.int(1, 3), c.int(1, 9), c.int(1, 9), c.choice([1, 3, 4])]
    c.run(picture(c, c.dtype("T"), shape), c.host(np.array([c.int(1, 12), c.int(1, 12)])),
          **c.choice(HOW[:2]))


@op("CropAndResize", tol="sum", count=1.5)
def crop_and_resize(c):
    batch, boxes = c.int(1, 3), c.int(0, 5)
    shape = [batch, c.int(1, 8), c.int(1, 8), c.int(1, 3)]
    index = c.rng.integers(0, batch, boxes)
    if c.bad("index", "boxes"):
        boxes, index = 2, np.array([batch, 0] if c.chance(0.5) else [0])
    c.run(picture(c, c.dtype("T"), shape), c.draw("float", [boxes, 4], low=-0.3, high=1.3),
          c.feed(index, "int32"), c.host(np.array([c.int(1, 6), c.int(1, 6)])),
          **c.attrs(method=[None, "bilinear", "nearest"], extrapolation_value=[None, 0.5, -1.0]))


@op("ScaleAndTranslate", tol="sum", count=1.5)
def scale_and_translate(c):
    shape = [c.int(1, 2), c.int(2, 8), c.int(2, 8), c.int(1, 3)]
    c.run(picture(c, c.dtype("T"), shape), c.host(np.array([c.int(1, 10), c.int(1, 10)])),
          c.draw("float", [2], low=0.4, high=2.5), c.draw("float", [2], low=-2, high=2),
          kernel_type=c.choice(["lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle",
                                "keyscubic", "mitchellcubic"]), antialias=c.chance(0.5))


@op("AdjustContrastv2 AdjustHue AdjustSaturation", tol="sum")
def adjust(c):
    shape = c.shape(low=2, high=3, empty=0, sizes=[1, 2, 4, 7]) + [3]
    if c.bad("channels") and c.name != "AdjustContrastv2":
        shape[-1] = 4
    low, high = {"AdjustHue": (-1, 1)}.get(c.name, (0, 3))
    c.run(c.draw(c.dtype("T"), shape, low=0, high=1), c.draw("float", [], low=low, high=high))


@op("AdjustContrast", tol="sum")
def adjust_contrast(c):
    dtype = c.dtype("T")
    shape = [c.int(1, 2), c.int(1, 5), c.int(1, 5), c.int(1, 3)]
    c.run(picture(c, dtype, shape), c.draw("float", [], low=0, high=3),
          c.feed(np.float32(-1), "float"), c.feed(np.float32(60), "float"))


@op("RGBToHSV HSVToRGB", tol="math")
def colour(c):
    shape = c.shape(low=0, high=3) + [3 if not c.bad("channels") else 2]
    x = c.values(c.dtype("T"), shape, low=0, high=1)
    if c.chance(0.4):
        x = np.round(x * 2) / 2
    c.run(c.feed(x, c.dtype("T")))


@op("ExtractImagePatches", tol="exact")
def image_patches(c):
    k, s, r = ([c.int(1, 3), c.int(1, 3)] for _ in range(3))
    shape = [c.int(1, 2), c.int(6, 10), c.int(6, 10), c.int(1, 3)]
    c.run(picture(c, c.dtype("T", skip=("bool",)), shape), ksizes=[1, *k, 1], strides=[1, *s, 1],
          rates=[1, *r, 1], padding=c.choice(["SAME", "VALID"]))


@op("ExtractVolumePatches", tol="exact")
def volume_patches(c):
    k, s = ([c.int(1, 3) for _ in range(3)] for _ in range(2))
    shape = [c.int(1, 2), c.int(3, 6), c.int(3, 6), c.int(3, 6), c.int(1, 3)]
    c.run(picture(c, c.dtype("T"), shape), ksizes=[1, *k, 1], strides=[1, *s, 1],
          padding=c.choice(["SAME", "VALID"]))


@op("ImageProjectiveTransformV2 ImageProjectiveTransformV3", tol="sum", count=1.5)
def projective(c):
    dtype = c.dtype("dtype")
    batch = c.int(1, 3)
    shape = [batch, c.int(2, 8), c.int(2, 8), c.int(1, 3)]
    rows = c.choice([1, batch])
    matrix = np.concatenate([np.tile([1.0, 0, 0, 0, 1, 0, 0, 0], (rows, 1))], 1)
    matrix += c.rng.normal(0, 0.2, matrix.shape) * [1, 1, 5, 1, 1, 5, 0.05, 0.05]
    if c.bad("matrix"):
        matrix = matrix[:, :7]
    args = [picture(c, dtype, shape), c.feed(matrix, "float"),
            c.host(np.array([c.int(1, 9), c.int(1, 9)]))]
    modes = ["CONSTANT", "REFLECT", "WRAP"] + (["NEAREST"] if c.name.endswith("3") else [])
    if c.name.endswith("3"):
        args.append(c.feed(np.float32(c.choice([0, 1])), "float"))
    kind = c.choice(["NEAREST", "BILINEAR"]) if dtype in ("float", "double", "half") else "NEAREST"
    c.run(*args, interpolation=kind, fill_mode=c.choice(modes))


@op("ExtractGlimpse ExtractGlimpseV2", tol="sum")
def glimpse(c):
    batch = c.int(1, 2)
    shape = [batch, c.int(4, 9), c.int(4, 9), c.int(1, 3)]
    c.run(c.draw("float", shape, **GENTLE), c.host(np.array([c.int(1, 4), c.int(1, 4)])),
          c.draw("float", [batch, 2], low=-0.4, high=0.4), centered=True,
          normalized=c.chance(0.7), uniform_noise=False, noise="zero")


@op("DrawBoundingBoxes DrawBoundingBoxesV2", tol="math")
def draw_boxes(c):
    batch, boxes = c.int(1, 2), c.int(0, 3)
    dtype = c.dtype("T")
    args = [c.draw(dtype, [batch, c.int(4, 9), c.int(4, 9), c.choice([1, 3, 4])], low=0, high=1)]
    corner = np.sort(c.rng.uniform(-0.1, 1.1, (batch, boxes, 2, 2)), 2).reshape(batch, boxes, 4)
    args.append(c.feed(corner, "float"))
    if c.name.endswith("V2"):
        args.append(c.draw("float", [c.int(1, 3), 4], low=0, high=1))
    c.run(*args)
