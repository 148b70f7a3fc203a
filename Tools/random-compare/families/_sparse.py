"""Sparse and ragged inputs."""
import numpy as np


def indices(c, shape, count=None, ordered=True):
    """Distinct cells of `shape`."""
    total = int(np.prod(shape))
    count = c.int(0, min(total, 8)) if count is None else min(count, total)
    flat = c.rng.permutation(total)[:count]
    flat = np.sort(flat) if ordered else flat
    return np.stack(np.unravel_index(flat, shape), -1).reshape(count, len(shape)).astype(np.int64)


def sparse(c, dtype, shape, count=None, ordered=True, **how):
    """(indices, values, shape) as fed tensors, and the indices."""
    cells = indices(c, shape, count, ordered)
    how = how or {"special": False}
    parts = [c.feed(cells, "int64"), c.draw(dtype, [len(cells)], **how),
             c.feed(np.array(shape, np.int64), "int64", const=0.6)]
    return parts, cells


def splits(c, rows, most=4):
    """Row splits of a ragged tensor."""
    return np.concatenate([[0], np.cumsum(c.rng.integers(0, most, rows))]).astype(np.int64)
