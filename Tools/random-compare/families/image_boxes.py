"""Non-maximum suppression and random boxes."""
import numpy as np

from oracle.dtypes import numpy_of
from oracle.spec import op


def boxes(c, count, lead=()):
    corner = c.rng.uniform(0, 6, (*lead, count, 2))
    size = c.rng.uniform(0.5, 4, (*lead, count, 2))
    out = np.concatenate([corner, corner + size], -1)
    if c.chance(0.2) and count:
        out[..., 0, :] = out[..., 0, [2, 3, 0, 1]]
    if c.chance(0.3) and count > 1:
        out[..., -1, :] = out[..., 0, :]
    return out


def scores(c, count, lead=()):
    out = c.rng.uniform(0, 1, (*lead, count))
    return np.round(out, 1) if c.chance(0.3) else out


@op("NonMaxSuppression", tol="exact")
def nms(c):
    n = c.int(0, 15)
    c.run(c.feed(boxes(c, n), "float"), c.feed(scores(c, n if not c.bad("length") else n + 1),
                                              "float"),
          c.host(c.int(0, 9)), **c.attrs(iou_threshold=[None, 0.3, 0.7, 0.0, 1.0]))


@op("NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5", tol="exact",
    count=1.5)
def nms_later(c):
    n = c.int(0, 15)
    dtype = c.dtype("T")
    limits = numpy_of(dtype).type
    args = [c.feed(boxes(c, n), dtype), c.feed(scores(c, n), dtype), c.host(c.int(0, 9)),
            c.feed(limits(c.choice([0.3, 0.5, 0.7, 1.0]) if not c.bad("threshold") else 1.5), dtype,
                   const=0.8)]
    more = {}
    if c.name[-1] in "345":
        args.append(c.feed(limits(c.choice([0.0, 0.25, -1e9 if dtype == "float" else 0])), dtype,
                           const=0.8))
    if c.name[-1] in "45":
        more["pad_to_max_output_size"] = c.chance(0.5)
    if c.name[-1] == "5":
        args.append(c.feed(limits(c.choice([0.0, 0.5])), dtype, const=0.8))
    c.run(*args, **more)


@op("NonMaxSuppressionWithOverlaps", tol="exact")
def nms_overlaps(c):
    n = c.int(0, 9)
    overlap = c.rng.uniform(0, 1, (n, n))
    c.run(c.feed((overlap + overlap.T) / 2, "float"), c.feed(scores(c, n), "float"),
          c.host(c.int(1, 6)), c.feed(np.float32(0.5), "float"),
          c.feed(np.float32(c.choice([0.0, 0.2])), "float"))


@op("CombinedNonMaxSuppression", tol="exact")
def combined(c):
    batch, n, classes = c.int(1, 2), c.int(1, 9), c.int(1, 3)
    shared = c.choice([1, classes])
    b = np.stack([boxes(c, n, (batch,)) / 10 for _ in range(shared)], 2)
    s = np.moveaxis(scores(c, n, (batch, classes)), 1, 2)
    c.run(c.feed(b, "float"), c.feed(s, "float"), c.host(c.int(1, 5)), c.host(c.int(1, 8)),
          c.feed(np.float32(c.choice([0.3, 0.6])), "float"),
          c.feed(np.float32(c.choice([0.1, 0.4])), "float"),
          pad_per_class=c.chance(0.5), clip_boxes=c.chance(0.6))


@op("SampleDistortedBoundingBox SampleDistortedBoundingBoxV2 StatelessSampleDistortedBoundingBox",
    tol="math")
def distorted(c):
    dtype = c.dtype("T")
    size = c.feed(np.array([c.int(20, 90), c.int(20, 90), 3]), dtype)
    corner = np.sort(c.rng.uniform(0, 1, (1, c.int(1, 2), 2, 2)), 2).reshape(1, -1, 4)
    args = [size, c.feed(corner, "float")]
    more = {"aspect_ratio_range": [0.7, 1.4], "area_range": [0.1, 1.0], "max_attempts": 50,
            "use_image_if_no_bounding_boxes": True}
    covered = c.choice([0.1, 0.5])
    if c.name == "SampleDistortedBoundingBox":
        more["min_object_covered"] = covered
    else:
        args.append(c.feed(np.float32(covered), "float", const=0.7))
    if c.name.startswith("Stateless"):
        args.append(c.feed(c.rng.integers(0, 999, 2), "int64"))
    else:
        more.update(seed=c.int(1, 99), seed2=c.int(1, 99))
    c.run(*args, **more)
