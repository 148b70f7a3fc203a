"""Makes a valid case wrong, or at least strange, in one or two places."""
import numpy as np
import tensorflow as tf

ODD_INTS = [-1, 0, 1, 2, 5, 99, -99, 1 << 31, -(1 << 31), (1 << 63) - 1, -(1 << 63)]
KEEP = {"Placeholder", "Const", "Identity", "Cast", "Bitcast"}


def mutate(case):
    """Changes the case's graph or feeds in place."""
    for _ in range(case.int(1, 2)):
        case.choice([_feed_shape, _feed_values, _attribute, _attribute, _constant])(case)
    if case.chance(0.6):
        for node in case.graph.definition.node:
            if node.op == "Placeholder" and node.name + ":0" in case.feeds:
                node.attr.pop("shape", None)
    case.expects_error = True


def _reshaped(case, value):
    """The same kind of values in another shape."""
    shape = list(value.shape)
    how = case.int(0, 4)
    if how == 0 and shape:
        shape.pop(case.int(0, len(shape) - 1))
    elif how == 1:
        shape.insert(case.int(0, len(shape)), case.choice([1, 1, 2]))
    elif how == 2 and shape:
        shape[case.int(0, len(shape) - 1)] += case.choice([1, -1])
    elif how == 3 and shape:
        shape[case.int(0, len(shape) - 1)] = case.choice([0, 1, 3])
    else:
        shape = case.choice([[], [0], [1], [2, 2]])
    shape = [max(0, d) for d in shape]
    source = value if value.size else np.zeros(1, value.dtype)
    if value.dtype.kind == "O" and not value.size:
        source = np.array([b"x"], object)
    return np.resize(source, shape)


def _feed_shape(case):
    if case.feeds:
        name = case.choice(sorted(case.feeds))
        case.feeds[name] = _reshaped(case, case.feeds[name])


def _odd_values(case, value):
    value = np.array(value)
    if not value.size:
        return value
    at = case.int(0, value.size - 1)
    if value.dtype.kind in "iu":
        info = np.iinfo(value.dtype)
        value.flat[at] = min(max(case.choice(ODD_INTS), info.min), info.max)
    elif value.dtype.kind == "f":
        value.flat[at] = case.choice([0.0, -1.0, np.nan, np.inf, -np.inf])
    elif value.dtype.kind == "O":
        value.flat[at] = case.choice([b"", b"\xff\xfe", b"x" * 50, b"0"])
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
    value = _reshaped(case, value) if case.chance(0.4) else _odd_values(case, value)
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(
        value, dtype=node.attr["dtype"].type, shape=np.shape(value)))
    return None


def _attribute(case):
    nodes = [n for n in case.graph.definition.node if n.op not in KEEP and n.attr]
    if not nodes:
        return _feed_values(case)
    node = case.choice(nodes)
    value = node.attr[case.choice(sorted(node.attr))]
    kind = value.WhichOneof("value")
    if kind == "i":
        value.i = case.choice(ODD_INTS)
    elif kind == "f":
        value.f = case.choice([0.0, -1.0, 1e30, float("nan"), float("inf")])
    elif kind == "b":
        value.b = not value.b
    elif kind == "s":
        value.s = case.choice([b"", b"GARBAGE", b"\xff", value.s.lower()])
    elif kind == "type":
        value.type = case.choice([1, 2, 3, 7, 10, 19, 20, 21, 0])
    elif kind == "shape":
        value.shape.CopyFrom(tf.TensorShape(case.choice([None, [], [3], [None, 2]])).as_proto())
    elif kind == "list":
        _list(case, value.list)
    return None


def _list(case, values):
    field = next((f for f in (values.i, values.f, values.s, values.type) if len(f)), None)
    if field is None:
        values.i.append(case.choice(ODD_INTS[:7]))
        return
    how = case.int(0, 3)
    if how == 0:
        field.pop()
    elif how == 1:
        field.append(field[0])
    elif how == 2 and field is values.i:
        field[case.int(0, len(field) - 1)] = case.choice(ODD_INTS)
    elif how == 3 and field is values.i:
        field[case.int(0, len(field) - 1)] = case.choice([0, -1, 2])
    else:
        del field[:]
