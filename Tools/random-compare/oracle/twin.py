"""Graphs that TensorFlow's CPU kernels cannot run, rewritten into equal ones that they can.

NCHW nodes become NHWC nodes between transposes; `_Fused…` nodes, which TensorFlow makes itself
and refuses in files, become the ops that they stand for. Node names stay, so fetches stay valid.
"""
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import graph_pb2, node_def_pb2

from . import fused
from .dtypes import name_of, op_defs
from .graph import attr_value

# Which inputs and outputs of an NCHW node are images.
IMAGES = {
    "Conv2D": ([0], [0]), "DepthwiseConv2dNative": ([0], [0]), "Conv3D": ([0], [0]),
    "MaxPool": ([0], [0]), "AvgPool": ([0], [0]), "MaxPoolV2": ([0], [0]),
    "MaxPool3D": ([0], [0]), "AvgPool3D": ([0], [0]),
    "FusedBatchNorm": ([0], [0]), "FusedBatchNormV2": ([0], [0]), "FusedBatchNormV3": ([0], [0]),
    "FusedBatchNormGrad": ([0, 1], [0]), "FusedBatchNormGradV2": ([0, 1], [0]),
    "FusedBatchNormGradV3": ([0, 1], [0]),
    "MaxPoolGrad": ([0, 1, 2], [0]), "MaxPoolGradV2": ([0, 1, 2], [0]),
    "MaxPoolGradGrad": ([0, 1, 2], [0]), "MaxPool3DGrad": ([0, 1, 2], [0]),
    "Conv2DBackpropFilter": ([0, 2], []), "DepthwiseConv2dNativeBackpropFilter": ([0, 2], []),
    "Conv3DBackpropFilterV2": ([0, 2], []),
    "Conv2DBackpropInput": ([2], [0]), "DepthwiseConv2dNativeBackpropInput": ([2], [0]),
    "Conv3DBackpropInputV2": ([2], [0]), "AvgPoolGrad": ([1], [0]), "AvgPool3DGrad": ([1], [0]),
    "DepthToSpace": ([0], [0]), "SpaceToDepth": ([0], [0]),
}
# Inputs that are image shapes or window vectors: permuted, not transposed.
VECTORS = {
    "Conv2DBackpropInput": [0], "DepthwiseConv2dNativeBackpropInput": [0],
    "Conv3DBackpropInputV2": [0], "AvgPoolGrad": [0], "AvgPool3DGrad": [0],
    "MaxPoolV2": [1, 2], "MaxPoolGradV2": [3, 4],
}
PER_DIMENSION = ("strides", "ksize", "dilations")


def _first(node):
    return node.op in IMAGES and node.attr["data_format"].s in (b"NCHW", b"NCDHW")


def needed(definition):
    return any(_first(n) or n.op in fused.OPS for n in definition.node)


class _Writer:
    def __init__(self):
        self.out = graph_pb2.GraphDef()

    def add(self, op, name, inputs, **attrs):
        node = self.out.node.add(op=op, name=name)
        node.input.extend(inputs)
        for key, (kind, value) in attrs.items():
            node.attr[key].CopyFrom(attr_value(kind, value))
        return name

    def const(self, name, values):
        proto = tf.make_tensor_proto(np.array(values, np.int32))
        return self.add("Const", name, [], dtype=("type", "int32"), value=("tensor", proto))

    def transpose(self, name, source, order, dtype):
        perm = self.const(name + "/order", order)
        return self.add("Transpose", name, [source, perm], T=("type", dtype),
                        Tperm=("type", "int32"))


def make(definition):
    writer = _Writer()
    writer.out.versions.CopyFrom(definition.versions)
    writer.out.library.CopyFrom(definition.library)
    moved = {}
    for node in definition.node:
        if node.op in fused.OPS:
            if node.attr["data_format"].s in (b"NCHW", b"NCDHW"):
                raise ValueError("fused NCHW nodes are not rewritten")
            fused.expand(writer, node)
        elif _first(node):
            _rewrite(writer, node, moved)
        else:
            writer.out.node.add().CopyFrom(node)
    for node in writer.out.node:
        for i, source in enumerate(node.input):
            node.input[i] = moved.get(source, source)
    return writer.out, moved


def _rewrite(writer, node, moved):
    rank = 5 if node.attr["data_format"].s == b"NCDHW" else 4
    to_last = [0, *range(2, rank), 1]
    to_first = [0, rank - 1, *range(1, rank - 1)]
    images, results = IMAGES[node.op]
    copy = node_def_pb2.NodeDef()
    copy.CopyFrom(node)
    copy.attr["data_format"].s = b"NDHWC" if rank == 5 else b"NHWC"
    for key in PER_DIMENSION:
        if key in copy.attr and len(copy.attr[key].list.i) == rank:
            values = [node.attr[key].list.i[i] for i in to_last]
            copy.attr[key].list.i[:] = values
    if len(node.attr["explicit_paddings"].list.i) == 2 * rank:
        pads = node.attr["explicit_paddings"].list.i
        copy.attr["explicit_paddings"].list.i[:] = [
            pads[2 * i + j] for i in to_last for j in (0, 1)]
    dtype = name_of(node.attr["T"].type) if "T" in node.attr else "float"
    for i in images:
        copy.input[i] = writer.transpose(f"{node.name}/in{i}", node.input[i], to_last, dtype)
    for i in VECTORS.get(node.op, []):
        order = writer.const(f"{node.name}/order{i}", to_last)
        copy.input[i] = writer.add("GatherV2", f"{node.name}/in{i}", [
            node.input[i], order, writer.const(f"{node.name}/axis{i}", 0)],
            Tparams=("type", "int32"), Tindices=("type", "int32"), Taxis=("type", "int32"))
    if not results:
        writer.out.node.add().CopyFrom(copy)
        return
    # Output 0 takes the node's name, so that fetches find it; the others are redirected.
    copy.name = node.name + "/last"
    writer.out.node.add().CopyFrom(copy)
    writer.transpose(node.name, copy.name, to_first, dtype)
    count = len(op_defs()[node.op].output_arg)
    for port in range(1, count):
        moved[f"{node.name}:{port}"] = f"{copy.name}:{port}"
