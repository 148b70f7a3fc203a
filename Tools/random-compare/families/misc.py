"""Ops of no other family."""
import numpy as np

from oracle.spec import op

GENTLE = {"special": False, "scale": 1}


@op("DataFormatDimMap", tol="exact")
def dim_map(c):
    pair = c.choice([("NHWC", "NCHW"), ("NCHW", "NHWC"), ("NHWC", "HWNC"), ("NDHWC", "NCDHW")])
    rank = len(pair[0])
    x = c.rng.integers(-rank, rank, c.shape(high=2))
    if c.bad("range"):
        x = np.array([rank + 1])
    c.run(c.feed(x, c.dtype("T")), src_format=pair[0], dst_format=pair[1])


@op("DataFormatVecPermute", tol="exact")
def vec_permute(c):
    src, dst = c.choice([("NHWC", "NCHW"), ("NCHW", "NHWC"), ("NHWC", "HWNC"), ("NDHWC", "NCDHW")])
    shape = c.choice([[len(src)], [len(src), 2]]) if not c.bad("length") else [7]
    if len(src) == 4 and c.chance(0.3) and not c.expects_error and src[0] == dst[0]:
        shape = [2]
    c.run(c.draw(c.dtype("T"), shape), src_format=src, dst_format=dst)


@op("ToBool", tol="exact")
def to_bool(c):
    dtype = c.choice(["float", "int32", "bool", "string", "double", "int64"])
    x = c.values(dtype, c.choice([[], [], c.shape()]))
    if dtype not in ("bool", "string") and c.chance(0.4):
        x = x * 0
    c.run(c.feed(x, dtype))


@op("SobolSample", tol="math")
def sobol(c):
    c.run(c.host(c.int(1, 6)), c.host(c.int(1, 20)), c.host(c.int(0, 9)), dtype=c.dtype("dtype"))


@op("IsotonicRegression", tol="math")
def isotonic(c):
    dtype = c.dtype("T")
    out = dtype if dtype in ("float", "double", "half", "bfloat16") else "float"
    c.run(c.draw(dtype, c.shape(low=1, high=2, empty=0), special=False), output_dtype=out)


@op("ApproxTopK", tol="exact")
def approx_top_k(c):
    dtype, shape = c.dtype("T", only=["float", "half", "bfloat16"]), c.shape(low=1, high=3, empty=0)
    axis = c.int(-len(shape), -1)
    x = c.feed(c.values(dtype, shape, special=False), dtype, shape=shape)
    c.run(x, k=c.int(1, shape[axis]), reduction_dimension=axis,
          is_max_k=c.chance(0.6), recall_target=1.0, aggregate_to_topk=True)


@op("Barrier BarrierInsertMany BarrierTakeMany BarrierReadySize BarrierIncompleteSize BarrierClose",
    tol="exact", count=0.6)
def barrier(c):
    types = ["float", "int32"]
    handle = c.op("Barrier", component_types=types, shapes=[[2], []])
    n = c.int(1, 3)
    keys = c.feed(np.array([b"k%d" % i for i in range(n)], object), "string")
    first = c.op("BarrierInsertMany", handle, keys, c.draw("float", [n, 2]), component_index=0)
    half = c.op("BarrierIncompleteSize", handle, deps=[first])
    second = c.op("BarrierInsertMany", handle, keys, c.draw("int32", [n]), component_index=1,
                  deps=[half])
    ready = c.op("BarrierReadySize", handle, deps=[second])
    taken = c.op("BarrierTakeMany", handle, c.host(n, const=1), component_types=types, deps=[ready])
    c.fetch(half, ready, taken)
    c.targets.append(c.op("BarrierClose", handle, deps=[taken[0]]))


@op("RandomShuffleQueue RandomShuffleQueueV2", tol="exact")
def shuffle_queue(c):
    suffix = "V2" if c.name.endswith("V2") else ""
    handle = c.op(c.name, component_types=["float"], shapes=[[]], capacity=20, seed=3, seed2=5,
                  min_after_dequeue=0)
    fill = c.op("QueueEnqueueMany" + suffix, handle, [c.draw("float", [9], special=False)])
    out = c.op("QueueDequeueMany" + suffix, handle, c.host(9, const=1), component_types=["float"],
               deps=[fill])
    # All of them in some order.
    c.fetch(c.op("TopKV2", out, c.host(9, const=1))[0])


@op("DebugNanCount DebugIdentity", tol="exact")
def debug(c):
    dtype = "float"
    if c.name == "DebugNanCount":
        dtype = c.dtype("T", only=["float", "double", "int32"])
    c.run(c.draw(dtype, c.shape()), tensor_name="x:0")


@op("DebugNumericSummaryV2", tol="math")
def numeric_summary(c):
    c.run(c.draw(c.dtype("T", only=["float", "double", "half"]), c.shape(low=1, empty=0)),
          tensor_debug_mode=c.choice([2, 3, 4, 5, 8]), tensor_id=7, output_dtype="double")


@op("StochasticCastToInt", tol="exact")
def stochastic_cast(c):
    dtype = c.dtype("Tin")
    c.run(c.draw(dtype, c.shape(low=1), low=-50, high=50), c.feed(np.array([5]), "uint64"),
          c.feed(np.array([1, 2]), "uint64"), c.host(1), Tout=c.dtype("Tout"))


@op("KmeansPlusPlusInitialization KMC2ChainInitialization", tol="math")
def kmeans(c):
    if c.name.startswith("KMC2"):
        c.run(c.draw("float", [c.int(2, 9)], low=0.1, high=3), c.host(3, "int64"))
    else:
        c.run(c.draw("float", [c.int(4, 9), 2], **GENTLE), c.host(c.int(1, 3), "int64"),
              c.host(7, "int64"), c.host(c.int(0, 3), "int64"))


@op("RequantizationRangePerChannel RequantizePerChannel", tol="math")
def per_channel(c):
    n = c.int(1, 4)
    x = c.feed(c.rng.integers(-99999, 99999, [2, 3, 2, n]), "qint32")
    low, high = c.draw("float", [n], low=-9, high=-1), c.draw("float", [n], low=1, high=9)
    if c.name.startswith("RequantizationRange"):
        c.run(x, low, high, clip_value_max=6.0)
    else:
        c.run(x, low, high, c.feed(np.float32(-1), "float"), c.feed(np.float32(1), "float"),
              out_type="qint8")


@op("_ParallelConcatUpdate", tol="exact")
def parallel_update(c):
    dtype, shape = c.choice(["float", "int32"]), c.shape(low=1, high=3, empty=0)
    x = c.op("DeepCopy", c.draw(dtype, shape))
    c.run(x, c.draw(dtype, [1, *shape[1:]]), loc=c.int(0, shape[0] - 1))


@op("CompressElement UncompressElement", tol="exact")
def compress(c):
    parts = [c.draw("float", c.shape()), c.draw("int32", c.shape()), c.draw("string", [2])]
    packed = c.op("CompressElement", parts)
    c.fetch(c.op("UncompressElement", packed, output_types=[p.dtype for p in parts],
                 output_shapes=[None] * 3))
