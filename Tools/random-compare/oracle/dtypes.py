"""Dtypes by TensorFlow name, and which of them TensorFlow's CPU kernels take."""
import collections
import functools

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import op_def_pb2, types_pb2
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.framework import kernels

FLOATS = ["float", "double", "half", "bfloat16"]
COMPLEX = ["complex64", "complex128"]
SIGNED = ["int32", "int64", "int8", "int16"]
UNSIGNED = ["uint8", "uint16", "uint32", "uint64"]
INTS = SIGNED + UNSIGNED
QUANTIZED = ["qint8", "quint8", "qint32", "qint16", "quint16"]
# What a case can feed and fetch.
PLAIN = FLOATS + INTS + COMPLEX + ["bool", "string"]

# How a dtype that .npy cannot hold travels, and by which op it is converted.
CARRIER = {
    "bfloat16": ("float", "Cast"), "qint8": ("int8", "Bitcast"), "quint8": ("uint8", "Bitcast"),
    "qint32": ("int32", "Bitcast"), "qint16": ("int16", "Bitcast"),
    "quint16": ("uint16", "Bitcast"),
}


def name_of(number):
    return types_pb2.DataType.Name(number)[3:].lower()


def number_of(name):
    return types_pb2.DataType.Value("DT_" + name.upper())


def numpy_of(name):
    """The numpy dtype that carries values of `name`."""
    name = CARRIER.get(name, (name,))[0]
    if name == "string":
        return np.dtype(object)
    return np.dtype(tf.dtypes.as_dtype(number_of(name)).as_numpy_dtype)


@functools.cache
def op_defs():
    ops = op_def_pb2.OpList()
    ops.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    return {op.name: op for op in ops.op}


@functools.cache
def _cpu_kernels():
    found = collections.defaultdict(list)
    for kernel in kernels.get_all_registered_kernels().kernel:
        if kernel.device_type in ("CPU", "DEFAULT") and not kernel.label:
            found[kernel.op].append(kernel)
    return found


@functools.cache
def cpu_dtypes(op, attr):
    """The dtypes that attribute `attr` of `op` may have on the CPU, float first."""
    definition = next(a for a in op_defs()[op].attr if a.name == attr)
    allowed = {name_of(t) for t in definition.allowed_values.list.type} or set(PLAIN + QUANTIZED)
    union = set()
    for kernel in _cpu_kernels()[op]:
        found = [c for c in kernel.constraint if c.name == attr]
        if not found:
            union = allowed
            break
        union.update(name_of(t) for t in found[0].allowed_values.list.type)
    both = allowed & union if union else allowed
    return [name for name in PLAIN + QUANTIZED if name in both]
