"""Set operations over the last dimension."""
import numpy as np

from oracle.spec import op

from ._sparse import indices

OPERATIONS = ["a-b", "b-a", "intersection", "union"]


def values(c, dtype, shape):
    return c.values(dtype, shape, **({} if dtype == "string" else {"low": 0, "high": 4}))


def sparse_set(c, dtype, lead):
    cells = indices(c, [*lead, 4])
    return [c.feed(cells, "int64"), c.feed(values(c, dtype, [len(cells)]), dtype),
            c.feed(np.array([*lead, 4]), "int64")]


@op("DenseToDenseSetOperation DenseToSparseSetOperation SparseToSparseSetOperation", tol="exact",
    count=1.5)
def operation(c):
    dtype = c.dtype("T")
    lead = c.shape(low=1, high=2, empty=0, sizes=[1, 2, 3])
    second = lead if not c.bad("shape") else [lead[0] + 1, *lead[1:]]
    args = []
    kinds = {"Den": "DD", "Spa": "SS"}[c.name[:3]]
    if c.name == "DenseToSparseSetOperation":
        kinds = "DS"
    for kind, dims in zip(kinds, (lead, second)):
        args += [c.feed(values(c, dtype, [*dims, c.int(1, 4)]), dtype)] if kind == "D" else \
            sparse_set(c, dtype, dims)
    c.run(*args, set_operation=c.choice(OPERATIONS))


@op("SetSize", tol="exact")
def set_size(c):
    dtype = c.dtype("T")
    c.run(*sparse_set(c, dtype, c.shape(low=1, high=2, empty=0, sizes=[1, 2, 3])))
