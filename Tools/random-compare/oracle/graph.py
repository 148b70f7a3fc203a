"""A GraphDef written node by node, so that graphs that TensorFlow refuses can be written too."""
import dataclasses

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import attr_value_pb2, graph_pb2

from .dtypes import name_of, number_of, op_defs


@dataclasses.dataclass(frozen=True)
class Tensor:
    node: str
    port: int
    dtype: str

    @property
    def name(self):
        return f"{self.node}:{self.port}"

    @property
    def edge(self):
        return self.node if self.port == 0 else self.name


def shape_proto(shape):
    return tf.TensorShape(shape).as_proto()


def _dtype_number(value):
    return number_of(value) if isinstance(value, str) else tf.as_dtype(value).as_datatype_enum


def attr_value(kind, value):
    out = attr_value_pb2.AttrValue()
    if kind.startswith("list("):
        inner = kind[5:-1]
        out.list.SetInParent()
        for item in value:
            _append(out.list, inner, item)
        return out
    if kind == "int":
        out.i = int(value)
    elif kind == "float":
        out.f = float(value)
    elif kind == "bool":
        out.b = bool(value)
    elif kind == "string":
        out.s = value if isinstance(value, bytes) else value.encode()
    elif kind == "type":
        out.type = _dtype_number(value)
    elif kind == "shape":
        out.shape.CopyFrom(shape_proto(value))
    elif kind == "tensor":
        out.tensor.CopyFrom(value)
    elif kind == "func":
        out.func.name = value
    return out


def _append(target, kind, item):
    if kind == "int":
        target.i.append(int(item))
    elif kind == "float":
        target.f.append(float(item))
    elif kind == "bool":
        target.b.append(bool(item))
    elif kind == "string":
        target.s.append(item if isinstance(item, bytes) else item.encode())
    elif kind == "type":
        target.type.append(_dtype_number(item))
    elif kind == "shape":
        target.shape.append(shape_proto(item))
    elif kind == "func":
        target.func.add().name = item


class Graph:
    def __init__(self, producer=None):
        self.definition = graph_pb2.GraphDef()
        self.definition.versions.producer = producer or tf.version.GRAPH_DEF_VERSION
        self._names = {}
        self.write_defaults = False

    def unique(self, base):
        base = base.lstrip("_")
        count = self._names.get(base, 0)
        self._names[base] = count + 1
        return base if count == 0 else f"{base}_{count}"

    def raw(self, op, inputs, attrs, name=None, deps=()):
        """Add a node; attrs are AttrValues."""
        node = self.definition.node.add(op=op, name=name or self.unique(op))
        node.input.extend(inputs)
        node.input.extend("^" + d for d in deps)
        for key, value in attrs.items():
            node.attr[key].CopyFrom(value)
        return node

    def const(self, value, dtype, name=None):
        proto = tf.make_tensor_proto(value, dtype=tf.as_dtype(number_of(dtype)),
                                     shape=np.shape(value))
        node = self.raw("Const", [], {
            "dtype": attr_value("type", dtype), "value": attr_value("tensor", proto)},
            name or self.unique("const"))
        return Tensor(node.name, 0, dtype)

    def op(self, op, /, *inputs, name=None, deps=(), **attrs):
        """Add `op`; type and length attributes follow from the inputs (a list is one argument).

        Returns the outputs: one Tensor, a list of them, or the node's name if it has none.
        """
        definition = op_defs()[op]
        if definition.HasField("deprecation"):
            # Such an op may only stand in a graph from before its removal.
            versions = self.definition.versions
            versions.producer = min(versions.producer, definition.deprecation.version - 1)
        known = dict(attrs)
        edges = []
        for arg, value in zip(definition.input_arg, inputs, strict=True):
            items = list(value) if isinstance(value, (list, tuple)) else [value]
            edges += [t.edge for t in items]
            if arg.type_list_attr:
                known.setdefault(arg.type_list_attr, [t.dtype for t in items])
                continue
            if arg.number_attr:
                known.setdefault(arg.number_attr, len(items))
            if arg.type_attr and items:
                known.setdefault(arg.type_attr, items[0].dtype)
        values = {}
        extra = dict(known)
        for attr in definition.attr:
            if attr.name in known:
                values[attr.name] = attr_value(attr.type, extra.pop(attr.name))
            elif self.write_defaults and attr.HasField("default_value"):
                values[attr.name] = attr.default_value
        assert not extra, f"{op} has no attribute {sorted(extra)}"
        after = [d if isinstance(d, str) else d.node for d in deps]
        node = self.raw(op, edges, values, name, after)
        outputs = [Tensor(node.name, i, d) for i, d in enumerate(output_dtypes(definition, node))]
        if not outputs:
            return node.name
        return outputs[0] if len(definition.output_arg) == 1 and len(outputs) == 1 else outputs


def output_dtypes(definition, node):
    defaults = {a.name: a.default_value for a in definition.attr}

    def attr(name):
        return node.attr[name] if name in node.attr else defaults[name]

    out = []
    for arg in definition.output_arg:
        if arg.type_list_attr:
            out += [name_of(t) for t in attr(arg.type_list_attr).list.type]
            continue
        dtype = name_of(attr(arg.type_attr).type if arg.type_attr else arg.type)
        out += [dtype] * (attr(arg.number_attr).i if arg.number_attr else 1)
    return out
