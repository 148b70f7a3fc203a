"""Gradient accumulators and queues."""
import numpy as np

from oracle.spec import op

FLOATS = ["float", "double", "half"]


def accumulate(c, prefix, handle_op):
    dtype = c.choice(FLOATS)
    shape = c.shape(empty=0)
    acc = c.op(handle_op, dtype=dtype, shape=shape,
               **c.attrs(reduction_type=[None, "MEAN", "SUM"]))
    last = []
    count = c.int(1, 4)
    for i in range(count):
        # A gradient of an earlier step is dropped.
        step = c.feed(np.int64(-1 if i and c.chance(0.2) else 0), "int64", const=1)
        last = [c.op(prefix + "ApplyGradient", acc, step, c.draw(dtype, shape, special=False,
                                                                scale=1), deps=last)]
    number = c.op(prefix + "NumAccumulated", acc, deps=last)
    taken = c.op(prefix + "TakeGradient", acc, c.feed(np.int32(1), "int32", const=1), dtype=dtype,
                 deps=[*last, number])
    c.fetch(number, taken)
    if c.chance(0.5):
        c.targets.append(c.op(prefix + "SetGlobalStep", acc, c.feed(np.int64(5), "int64"),
                              deps=[taken]))


@op("ConditionalAccumulator AccumulatorApplyGradient AccumulatorTakeGradient "
    "AccumulatorNumAccumulated AccumulatorSetGlobalStep", tol="math", count=0.5)
def conditional(c):
    accumulate(c, "Accumulator", "ConditionalAccumulator")


@op("ResourceConditionalAccumulator ResourceAccumulatorApplyGradient "
    "ResourceAccumulatorTakeGradient ResourceAccumulatorNumAccumulated "
    "ResourceAccumulatorSetGlobalStep", tol="math", count=0.5)
def resource_conditional(c):
    accumulate(c, "ResourceAccumulator", "ResourceConditionalAccumulator")


@op("SparseConditionalAccumulator SparseAccumulatorApplyGradient SparseAccumulatorTakeGradient",
    tol="math", count=0.7)
def sparse_conditional(c):
    dtype = c.choice(FLOATS)
    shape = c.shape(low=1, high=3, empty=0)
    acc = c.op("SparseConditionalAccumulator", dtype=dtype, shape=shape,
               **c.attrs(reduction_type=[None, "MEAN", "SUM"]))
    last = []
    for _ in range(c.int(1, 3)):
        ids = np.sort(c.rng.permutation(shape[0])[:c.int(1, shape[0])])
        last = [c.op("SparseAccumulatorApplyGradient", acc, c.feed(np.int64(0), "int64", const=1),
                     c.feed(ids, "int64"), c.draw(dtype, [len(ids), *shape[1:]], special=False),
                     c.feed(np.array(shape), "int64", const=1), has_known_shape=True, deps=last)]
    c.fetch(c.op("SparseAccumulatorTakeGradient", acc, c.feed(np.int32(1), "int32", const=1),
                 dtype=dtype, deps=last))


def queue(c, kind, v2):
    """(the handle, dtypes, shapes)"""
    types = [c.choice(["float", "int32", "string", "int64"]) for _ in range(c.int(1, 2))]
    shapes = [c.shape(high=2, empty=0) for _ in types]
    more = {}
    if kind.startswith("Priority"):
        more["shapes"] = shapes
        handle = c.op(kind, component_types=types, **more)
        return handle, ["int64", *types], [[], *shapes]
    if kind.startswith("Random"):
        more = {"seed": 3, "seed2": 4, "min_after_dequeue": 0}
    handle = c.op(kind, component_types=types, capacity=10, shapes=shapes, **more)
    return handle, types, shapes


@op("FIFOQueue FIFOQueueV2 PaddingFIFOQueue PaddingFIFOQueueV2 PriorityQueue PriorityQueueV2",
    tol="exact")
def queues(c):
    suffix = "V2" if c.name.endswith("V2") else ""
    handle, types, shapes = queue(c, c.name, bool(suffix))
    last = []
    for i in range(c.int(1, 3)):
        items = [c.feed(np.int64(3 - i), "int64") if c.name.startswith("Prio") and j == 0 else
                 c.draw(t, s) for j, (t, s) in enumerate(zip(types, shapes))]
        last = [c.op("QueueEnqueue" + suffix, handle, items, deps=last)]
    size = c.op("QueueSize" + suffix, handle, deps=last)
    out = c.op("QueueDequeue" + suffix, handle, component_types=types, deps=[size])
    out = out if isinstance(out, list) else [out]
    c.fetch(size, *out)
    closed = c.op("QueueClose" + suffix, handle, deps=[out[0]])
    if suffix:
        c.fetch(c.op("QueueIsClosedV2", handle, deps=[closed]))


@op("QueueEnqueueMany QueueEnqueueManyV2 QueueDequeueMany QueueDequeueManyV2 QueueDequeueUpTo "
    "QueueDequeueUpToV2 QueueEnqueue QueueEnqueueV2 QueueDequeue QueueDequeueV2 QueueSize "
    "QueueSizeV2 QueueClose QueueCloseV2 QueueIsClosed QueueIsClosedV2", tol="exact", count=0.4)
def queue_many(c):
    suffix = "V2" if c.name.endswith("V2") else ""
    handle, types, shapes = queue(c, "FIFOQueue" + suffix, bool(suffix))
    count = c.int(2, 5)
    items = [c.draw(t, [count, *s]) for t, s in zip(types, shapes)]
    fill = c.op("QueueEnqueueMany" + suffix, handle, items)
    one = c.op("QueueDequeue" + suffix, handle, component_types=types, deps=[fill])
    one = one if isinstance(one, list) else [one]
    closed = c.op("QueueClose" + suffix, handle, deps=[one[0]],
                  **c.attrs(cancel_pending_enqueues=[None, False]))
    up_to = "UpTo" in c.name
    rest = c.op(("QueueDequeueUpTo" if up_to else "QueueDequeueMany") + suffix, handle,
                c.feed(np.int32(count - 1 + (2 if up_to else 0)), "int32", const=1),
                component_types=types, deps=[closed])
    rest = rest if isinstance(rest, list) else [rest]
    size = c.op("QueueSize" + suffix, handle, deps=[rest[0]])
    c.fetch(*one, *rest, size)
    c.fetch(c.op("QueueIsClosed" + suffix, handle, deps=[size]))
