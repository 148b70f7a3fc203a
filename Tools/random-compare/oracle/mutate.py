"""Makes a valid case wrong, or at least strange, in one or two places."""
import numpy as np
import tensorflow as tf

ODD_INTS = [-1, 0, 1, 2, 3, 5, 99, -2, -99, 1 << 31, -(1 << 31), 1 << 32, 1 << 62, -(1 << 62),
            (1 << 63) - 1, -(1 << 63)]
ODD_TEXTS = [b"", b"GARBAGE", b"\xff", b"SAME", b"NHWC", b"NCHW", b"nearest", b"0"]
ODD_DTYPES = [0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 17, 19, 20, 21, 22]
KEEP = {"Placeholder", "Const", "Identity", "Cast", "Bitcast"}


def mutate(case):
    """Changes the case's graph or feeds in place."""
    kinds = [_feed_shape, _feed_shape, _feed_values, _attribute, _attribute, _attribute, _constant,
             _constant, _inputs, _feed_dtype]
    for _ in range(1 if case.chance(0.8) else 2):
        case.choice(kinds)(case)
    if case.chance(0.6):
        for node in case.graph.definition.node:
            if node.op == "Placeholder" and node.name + ":0" in case.feeds:
                node.attr.pop("shape", None)
    else:
        # Or shapes that are known ahead, so that the shape functions see them.
        for node in case.graph.definition.node:
            value = case.feeds.get(node.name + ":0")
            if node.op == "Placeholder" and value is not None and case.chance(0.7):
                node.attr["shape"].shape.CopyFrom(tf.TensorShape(value.shape).as_proto())
    case.expects_error = True


def _reshaped(case, value):
    """The same kind of values in another shape."""
    shape = list(value.shape)
    how = case.int(0, 7)
    if how == 0 and shape:
        shape.pop(case.int(0, len(shape) - 1))
    elif how == 1:
        shape.insert(case.int(0, len(shape)), case.choice([1, 1, 2]))
    elif how == 2 and shape:
        shape[case.int(0, len(shape) - 1)] += case.choice([1, -1])
    elif how == 3 and shape:
        shape[case.int(0, len(shape) - 1)] = case.choice([0, 1, 3])
    elif how == 4 and shape:
        shape = [int(np.prod(shape))]
    elif how == 5:
        shape = [1] * case.int(1, 9) + shape
    elif how == 6:
        shape = []
    else:
        shape = case.choice([[], [0], [1], [2, 2], [0, 2], [1, 1, 1, 1, 1]])
    shape = [max(0, d) for d in shape]
    source = value if value.size else np.zeros(1, value.dtype)
    if value.dtype.kind == "O" and not value.size:
        source = np.array([b"x"], object)
    return np.resize(source, shape)


def _feed_shape(case):
    if case.feeds:
        name = case.choice(sorted(case.feeds))
        case.feeds[name] = _reshaped(case, case.feeds[name])


def _feed_dtype(case):
    """A placeholder of another dtype than its reader takes."""
    nodes = [n for n in case.graph.definition.node
             if n.op == "Placeholder" and n.name + ":0" in case.feeds]
    if not nodes:
        return _attribute(case)
    node = case.choice(nodes)
    dtype = case.choice([np.float32, np.float64, np.int32, np.int64, np.bool_, np.uint8])
    value = case.feeds[node.name + ":0"]
    case.feeds[node.name + ":0"] = np.zeros(value.shape, dtype)
    node.attr["dtype"].type = tf.as_dtype(dtype).as_datatype_enum
    return None


def _odd_values(case, value):
    value = np.array(value)
    if not value.size:
        return value
    at = case.int(0, value.size - 1)
    if value.dtype.kind in "iu":
        info = np.iinfo(value.dtype)
        odd = min(max(case.choice(ODD_INTS), info.min), info.max)
        if case.chance(0.2):
            value[...] = odd
        else:
            value.flat[at] = odd
    elif value.dtype.kind == "f":
        value.flat[at] = case.choice([0.0, -1.0, 1e30, np.nan, np.inf, -np.inf])
    elif value.dtype.kind == "O":
        value.flat[at] = case.choice([b"", b"\xff\xfe", b"x" * 50, b"0", b"-", b"(", b"[0"])
    return value


def _feed_values(case):
    if case.feeds:
        name = case.choice(sorted(case.feeds))
        case.feeds[name] = _odd_values(case, case.feeds[name])


def _constant(case):
    nodes = [n for n in case.graph.definition.node if n.op == "Const"]
    if not nodes:
        return _feed_shape(case)
    node = case.choice(nodes)
    value = tf.make_ndarray(node.attr["value"].tensor)
    value = _reshaped(case, value) if case.chance(0.5) else _odd_values(case, value)
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(
        value, dtype=node.attr["dtype"].type, shape=np.shape(value)))
    return None


def _main(case, nodes):
    """Mostly the node that the case is about."""
    own = [n for n in nodes if n.op == case.name]
    return case.choice(own if own and case.chance(0.8) else nodes)


def _inputs(case):
    """Inputs that are missing, too many, or in another order."""
    nodes = [n for n in case.graph.definition.node if n.op not in KEEP and n.input]
    if not nodes:
        return _attribute(case)
    node = _main(case, nodes)
    count = len([i for i in node.input if not i.startswith("^")])
    if not count:
        return None
    how = case.int(0, 4)
    at = case.int(0, count - 1)
    if how == 0:
        del node.input[at]
    elif how == 1:
        node.input.insert(at, node.input[at])
    elif how == 2:
        node.input[at] = node.input[at].split(":")[0] + ":7"
    elif how == 3 and count > 1:
        other = case.int(0, count - 1)
        node.input[at], node.input[other] = node.input[other], node.input[at]
    else:
        node.input[at] = node.input[case.int(0, count - 1)]
    return None


def _attribute(case):
    nodes = [n for n in case.graph.definition.node if n.op not in KEEP and n.attr]
    if not nodes:
        return _feed_values(case)
    node = _main(case, nodes)
    key = case.choice(sorted(node.attr))
    if case.chance(0.08):
        del node.attr[key]
        return None
    value = node.attr[key]
    if case.chance(0.04):
        value.s = b"of another kind"
        return None
    kind = value.WhichOneof("value")
    if kind == "i":
        value.i = case.choice(ODD_INTS)
    elif kind == "f":
        value.f = case.choice([0.0, -1.0, 2.0, 1e30, float("nan"), float("inf"), -float("inf")])
    elif kind == "b":
        value.b = not value.b
    elif kind == "s":
        value.s = case.choice(ODD_TEXTS + [value.s.lower(), value.s.upper(), value.s + b"x"])
    elif kind == "type":
        value.type = case.choice(ODD_DTYPES)
    elif kind == "shape":
        value.shape.CopyFrom(tf.TensorShape(
            case.choice([None, [], [0], [3], [None, 2], [1] * 6])).as_proto())
    elif kind == "list":
        _list(case, value.list)
    return None


def _list(case, values):
    field = next((f for f in (values.i, values.f, values.s, values.type) if len(f)), None)
    if field is None:
        if len(values.shape):
            _shapes(case, values.shape)
        else:
            values.i.append(case.choice(ODD_INTS[:7]))
        return
    how = case.int(0, 4)
    at = case.int(0, len(field) - 1)
    if how == 0:
        field.pop()
    elif how == 1:
        field.append(field[0])
    elif field is values.i and how < 4:
        field[at] = case.choice(ODD_INTS if how == 2 else [0, -1, 2])
    elif field is values.f and how < 4:
        field[at] = case.choice([0.0, -1.0, 0.5, float("nan"), float("inf")])
    elif field is values.type and how < 4:
        field[at] = case.choice(ODD_DTYPES)
    else:
        del field[:]


def _shapes(case, shapes):
    how = case.int(0, 2)
    if how == 0:
        shapes.pop()
    elif how == 1:
        shapes.add().CopyFrom(shapes[0])
    else:
        shapes[case.int(0, len(shapes) - 1)].CopyFrom(tf.TensorShape(
            case.choice([None, [], [0], [7], [None, None]])).as_proto())
