"""Gather, scatter, partition and stitch."""
import numpy as np

from oracle.spec import op

I = ["int32", "int64"]


@op("Gather", tol="exact")
def gather(c):
    shape = c.any_shape(low=1)
    ids = c.ids(c.shape(high=3), shape[0])
    if shape[0] == 0:
        ids = ids.reshape(-1)[:0]
    if c.bad("range"):
        ids = np.array([shape[0] + 1])
    c.run(c.draw(c.dtype("Tparams"), shape), c.feed(ids, c.choice(I)))


@op("GatherV2", tol="exact", count=3)
def gather_v2(c):
    shape = c.any_shape(low=1, empty=0.03)
    axis = c.int(0, len(shape) - 1)
    batch = c.int(0, axis) if c.chance(0.4) else 0
    ids = c.ids(shape[:batch] + c.shape(high=2, sizes=[1, 2, 3, 5]), shape[axis])
    if shape[axis] == 0:
        shape[axis] = 3
    if c.bad("range", "axis"):
        ids, batch, axis = np.array([-1, shape[axis]]), 0, axis
    more = {"batch_dims": batch} if batch else {}
    shown = axis - len(shape) if c.chance(0.3) else axis
    c.run(c.draw(c.dtype("Tparams"), shape), c.feed(ids, c.dtype("Tindices", only=I)),
          c.host(shown, c.choice(I)), **more)


@op("GatherNd", tol="exact", count=2)
def gather_nd(c):
    shape = c.any_shape(low=1, empty=0)
    depth = c.int(0, len(shape))
    lead = c.shape(high=2, sizes=[1, 2, 3, 7])
    ids = np.stack([c.rng.integers(0, d, lead) for d in shape[:depth]], -1) if depth else \
        np.zeros([*lead, 0], np.int64)
    if c.bad("range", "depth") and ids.size:
        ids.flat[0] = 99
    c.run(c.draw(c.dtype("Tparams"), shape), c.feed(ids, c.dtype("Tindices", only=I)))


def nd_update(c, unique):
    """shape, indices and the shape of the updates."""
    shape = c.shape(low=1, high=4, empty=0)
    depth = c.int(1, len(shape))
    cells = int(np.prod(shape[:depth]))
    count = c.int(0, min(cells, 7))
    flat = c.rng.permutation(cells)[:count] if unique else c.rng.integers(0, cells, count)
    ids = np.stack(np.unravel_index(flat, shape[:depth]), -1).reshape(count, depth)
    lead = [count]
    if count % 2 == 0 and c.chance(0.3):
        lead = [2, count // 2]
    if c.bad("range", "shape"):
        if c.chance(0.5) and ids.size:
            ids.flat[0] = shape[0] + 4
        else:
            return shape, ids, lead + shape[depth:] + [2]
    return shape, ids.reshape(*lead, depth), lead + shape[depth:]


@op("ScatterNd", tol="sum", count=1.5)
def scatter_nd(c):
    dtype = c.dtype("T")
    shape, ids, updates = nd_update(c, dtype in ("string", "bool"))
    index = c.choice(I)
    c.run(c.feed(ids, index), c.draw(dtype, updates, special=False),
          c.host(np.array(shape), index), **c.attrs(bad_indices_policy=[None, None, "IGNORE"]))


@op("TensorScatterAdd TensorScatterSub TensorScatterMax TensorScatterMin ScatterNdNonAliasingAdd",
    tol="sum")
def tensor_scatter(c):
    dtype = c.dtype("T")
    shape, ids, updates = nd_update(c, dtype in ("string", "bool"))
    c.run(c.draw(dtype, shape, special=False), c.feed(ids, c.choice(I)),
          c.draw(dtype, updates, special=False))


@op("TensorScatterUpdate", tol="exact", count=1.5)
def tensor_scatter_update(c):
    dtype = c.dtype("T")
    shape, ids, updates = nd_update(c, True)
    c.run(c.draw(dtype, shape), c.feed(ids, c.choice(I)), c.draw(dtype, updates),
          **c.attrs(bad_indices_policy=[None, None, "ERROR"]))


@op("DynamicPartition", tol="exact")
def dynamic_partition(c):
    shape = c.any_shape(low=1)
    rank = c.int(0, len(shape))
    count = c.int(1, 4)
    parts = c.rng.integers(0, count, shape[:rank])
    if c.bad("range") and parts.size:
        parts = np.array(parts)
        parts.flat[0] = count
    c.run(c.draw(c.dtype("T"), shape), c.feed(parts, "int32"), num_partitions=count)


@op("DynamicStitch ParallelDynamicStitch", tol="exact")
def dynamic_stitch(c):
    dtype = c.dtype("T")
    rest = c.shape(high=2, sizes=[1, 2, 3])
    total = c.int(1, 12)
    order = c.rng.permutation(total)
    if c.name == "DynamicStitch" and c.chance(0.4):
        order = c.rng.integers(0, total, total)
    cuts = np.sort(c.rng.integers(0, total + 1, c.int(0, 3)))
    ids = np.split(order, cuts)
    if c.chance(0.2):
        ids.append(np.array(c.int(0, total - 1)))
    if c.bad("negative", "shape"):
        ids[0] = np.array([-1])
    c.run([c.feed(i, "int32") for i in ids], [c.draw(dtype, [*i.shape, *rest]) for i in ids])
