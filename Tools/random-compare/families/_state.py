"""Variables that are made, initialised, updated and read in one step."""
from oracle.dtypes import numpy_of


def ref_variable(c, value, dtype, version2=None):
    """(the reference, the initialising node)"""
    name = "VariableV2" if (c.chance(0.7) if version2 is None else version2) else "Variable"
    ref = c.op(name, shape=list(value.shape), dtype=dtype)
    start = c.feed(value, dtype, const=0.3)
    init = c.op("Assign", ref, start, **c.attrs(use_locking=[None, True, False]))
    return ref, init


def read_ref(c, ref, after):
    return c.op("Identity", ref, deps=[after])


def resource_variable(c, value, dtype):
    """(the handle, the initialising node)"""
    shape = list(value.shape) if c.chance(0.7) else None
    # Handles without a shared name mean one variable, which initialisers would race for.
    first = not any(node.op == "VarHandleOp" for node in c.graph.definition.node)
    named = c.chance(0.5) or not first
    more = {"shared_name": c.graph.unique("shared")} if named else {}
    handle = c.op("VarHandleOp", dtype=dtype, shape=shape, **more)
    init = c.op("AssignVariableOp", handle, c.feed(value, dtype, const=0.3), dtype=dtype)
    return handle, init


def read(c, handle, dtype, after):
    return c.op("ReadVariableOp", handle, dtype=dtype, deps=[after])


def number(c, dtype, value):
    """A scalar constant of a float dtype."""
    return c.feed(numpy_of(dtype).type(value), dtype, const=0.7)
