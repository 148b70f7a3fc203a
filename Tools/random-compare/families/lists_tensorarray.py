"""TensorArray in its three versions, and stacks."""
import numpy as np

from oracle.spec import op


def version(c):
    return c.name[-2:] if c.name.endswith(("V2", "V3")) else ""


def array(c, v, dtype, size, shape=None, dynamic=False, once=True):
    """(handle, flow)"""
    more = {"element_shape": shape} if v and shape is not None and c.chance(0.6) else {}
    out = c.op("TensorArray" + v, c.host(size), dtype=dtype, dynamic_size=dynamic,
               clear_after_read=once, **more)
    if v == "V3":
        return out
    flow = c.graph.const(np.float32(0), "float")
    return out, flow


def write(c, v, handle, flow, dtype, shape, order):
    for i in order:
        flow = c.op("TensorArrayWrite" + v, handle, c.host(int(i)), c.draw(dtype, shape), flow)
    return flow


NAMES = " ".join(f"TensorArray{f}{v}" for v in ("", "V2", "V3")
                 for f in ("", "Write", "Read", "Gather", "Scatter", "Concat", "Split", "Size",
                           "Close"))


@op(NAMES, tol="exact", count=0.75)
def tensor_array(c):
    v = version(c)
    what = c.name.removesuffix(v).removeprefix("TensorArray")
    dtype = c.choice(["float", "int32", "double", "string", "bool"])
    count, shape = c.int(1, 5), c.shape(high=2, empty=0, limit=30)
    handle, flow = array(c, v, dtype, count, shape, c.chance(0.3), once=False)
    if what == "Split":
        lengths = c.rng.integers(0, 3, count)
        handle, flow = array(c, v, dtype, count, None, c.chance(0.3), once=False)
        flow = c.op("TensorArraySplit" + v, handle, c.draw(dtype, [int(lengths.sum()), 2]),
                    c.feed(lengths, "int64"), flow)
        c.fetch(c.op("TensorArrayRead" + v, handle, c.host(c.int(0, count - 1)), flow, dtype=dtype))
        return
    if what == "Scatter":
        flow = c.op("TensorArrayScatter" + v, handle, c.feed(c.rng.permutation(count), "int32"),
                    c.draw(dtype, [count, *shape]), flow)
    elif what == "Concat":
        handle, flow = array(c, v, dtype, count, None, c.chance(0.3), once=False)
        for i in range(count):
            flow = c.op("TensorArrayWrite" + v, handle, c.host(i), c.draw(dtype, [c.int(0, 3), 2]),
                        flow)
        c.fetch(*c.op("TensorArrayConcat" + v, handle, flow, dtype=dtype))
        return
    else:
        flow = write(c, v, handle, flow, dtype, shape, c.rng.permutation(count))
    if what == "Read" or c.bad("range"):
        at = count + 1 if c.expects_error else c.int(0, count - 1)
        c.fetch(c.op("TensorArrayRead" + v, handle, c.host(at), flow, dtype=dtype))
        return
    out = c.op("TensorArrayGather" + v, handle, c.feed(c.rng.permutation(count), "int32"), flow,
               dtype=dtype)
    size = c.op("TensorArraySize" + v, handle, flow)
    c.fetch(out, size)
    if what == "Close":
        c.targets.append(c.op("TensorArrayClose" + v, handle, deps=[out, size]))


@op("TensorArrayGrad TensorArrayGradV2 TensorArrayGradV3 TensorArrayGradWithShape", tol="exact")
def array_grad(c):
    v = "V3" if c.name.endswith("Shape") else version(c)
    count, shape = c.int(1, 4), c.shape(high=2, empty=0, limit=30)
    handle, flow = array(c, v, "float", count, shape, once=False)
    flow = write(c, v, handle, flow, "float", shape, range(count))
    if c.name.endswith("Shape"):
        grad, gflow = c.op(c.name, handle, flow, c.host(np.zeros(0, np.int32), const=1), source="g")
    else:
        out = c.op(c.name, handle, flow, source="gradients")
        grad, gflow = out if v == "V3" else (out, flow)
    at = c.int(0, count - 1)
    for _ in range(c.int(1, 2)):
        value = c.draw("float", shape, special=False)
        gflow = c.op("TensorArrayWrite" + v, grad, c.host(at), value, gflow)
    c.fetch(c.op("TensorArrayRead" + v, grad, c.host(at), gflow, dtype="float"))


@op("TensorArrayPack TensorArrayUnpack", tol="exact")
def pack(c):
    count, shape = c.int(1, 4), c.shape(high=2, empty=0, limit=30)
    handle, flow = array(c, "", "float", count, once=False)
    if c.name == "TensorArrayUnpack":
        flow = c.op("TensorArrayUnpack", handle, c.draw("float", [count, *shape]), flow)
    else:
        flow = write(c, "", handle, flow, "float", shape, range(count))
    c.fetch(c.op("TensorArrayPack", handle, flow, dtype="float"))


@op("Stack StackPush StackPop StackClose StackV2 StackPushV2 StackPopV2 StackCloseV2", tol="exact",
    count=0.75)
def stack(c):
    v = version(c)
    dtype = c.choice(["float", "int32", "string"])
    more = {"stack_name": "s"}
    handle = c.op("StackV2", c.host(c.choice([-1, 9])), elem_type=dtype, **more) if v else \
        c.op("Stack", elem_type=dtype, **more)
    last = []
    for _ in range(c.int(1, 4)):
        last = [c.op("StackPush" + v, handle, c.draw(dtype, c.shape()), deps=last,
                     **c.attrs(swap_memory=[None, True]))]
    out = c.op("StackPop" + v, handle, elem_type=dtype, deps=last)
    c.fetch(out)
    if c.bad("empty"):
        handle = c.op("StackV2", c.host(-1), elem_type=dtype, stack_name="t")
        c.fetch(c.op("StackPopV2", handle, elem_type=dtype))
    elif "Close" in c.name:
        c.targets.append(c.op("StackClose" + v, handle, deps=[out]))
