"""What a run does with graphs, feeds, fetches and targets, and which graphs are refused."""
import numpy as np

from oracle.dtypes import op_defs
from oracle.graph import attr_value
from oracle.spec import op

GENTLE = {"special": False, "scale": 1}


def chain(c, count=3):
    """x -> Neg -> Abs -> …; the nodes' outputs."""
    shape = c.shape(empty=0)
    x = c.feed(c.values("float", shape, **GENTLE), "float", const=0, shape=shape)
    out = [x]
    for _ in range(count):
        out.append(c.op(c.choice(["Neg", "Abs", "Square", "Tanh"]), out[-1]))
    return out


@op("FeedIntermediate", tol="math")
def feed_intermediate(c):
    """Any tensor can be fed; what only leads to it needs no feed."""
    nodes = chain(c)
    middle = nodes[c.int(1, 2)]
    shape = c.feeds[nodes[0].name].shape
    if c.chance(0.5):
        c.feeds.clear()
    c.feeds[middle.name] = c.values("float", shape, **GENTLE)
    c.fetch(nodes[-1])
    if c.chance(0.3):
        c.fetches.append(middle)
        c.precise.append("float")


@op("FeedPort", tol="exact")
def feed_port(c):
    """Feed one output of a node that has several."""
    x = c.draw("float", [4, 3], const=0)
    first, second = c.op("Unpack", c.op("Reshape", x, c.host(np.array([2, 6]), const=1)), num=2)
    c.feeds[second.name] = c.values("float", [6])
    c.fetch(c.op("AddV2", first, second), second)


@op("FeedDropsControl", tol="exact")
def feed_drops_control(c):
    """A fed node does not wait for its control inputs."""
    fails = c.op("Assert", c.feed(np.bool_(False), "bool", const=1), [c.feed(b"no", "string")])
    x = c.draw("float", [3], const=0)
    y = c.op("Identity", x, deps=[fails])
    if c.chance(0.6):
        c.feeds[y.name] = c.values("float", [3])
    else:
        c.expects_error = True
    c.fetch(c.op("Neg", y))


@op("FeedCast", tol="exact", count=2)
def feed_cast(c):
    """The feed is cast to the placeholder's dtype if no value changes."""
    dtype, given = c.choice([
        ("float", np.arange(4.0)), ("float", np.arange(4)), ("int32", np.arange(4)),
        ("int64", np.arange(4, dtype=np.int32)), ("double", np.arange(4, dtype=np.float32)),
        ("int32", np.array([0.5, 1.0])), ("bool", np.array([True, False])), ("uint8", np.arange(4)),
        ("float", np.array([b"a"])), ("complex64", np.arange(3)), ("half", np.arange(3.0)),
        ("int8", np.arange(4)), ("float", np.array([True, False]))])
    c.expects_error = True
    x = c.op("Placeholder", dtype=dtype)
    c.feeds[x.name] = given
    c.fetch(c.op("Identity", x))


@op("FeedShape", tol="exact")
def feed_shape(c):
    shape = c.shape(low=1, empty=0)
    known = [None if c.chance(0.4) else d for d in shape]
    if c.chance(0.5):
        known[c.int(0, len(known) - 1)] = 99
        c.expects_error = True
    x = c.op("Placeholder", dtype="float", shape=known)
    c.feeds[x.name] = c.values("float", shape)
    c.fetch(c.op("Identity", x))


@op("MissingFeed", tol="exact")
def missing_feed(c):
    x, y = c.op("Placeholder", dtype="float", shape=[2]), c.draw("float", [2], const=0)
    z = c.op("AddV2", x, y)
    # A part that is not asked for needs no feed.
    if c.chance(0.5):
        c.fetch(c.op("Neg", y))
    else:
        c.expects_error = True
        c.fetch(z)


@op("Targets", tol="math")
def targets(c):
    """A target runs for its effect, once, before or after what it is ordered with."""
    value = c.values("float", [3], **GENTLE)
    handle = c.op("VarHandleOp", dtype="float", shape=[3])
    init = c.op("AssignVariableOp", handle, c.feed(value, "float"), dtype="float")
    add = c.op("AssignAddVariableOp", handle, c.draw("float", [3], **GENTLE), dtype="float",
               deps=[init])
    group = c.op("NoOp", deps=[add])
    c.targets += [c.choice([add, group])] + ([init] if c.chance(0.5) else [])
    c.fetch(c.op("ReadVariableOp", handle, dtype="float", deps=[group]))


@op("FetchTwice", tol="math")
def fetch_twice(c):
    nodes = chain(c)
    c.fetch(nodes[-1])
    for tensor in nodes[1:3]:
        c.fetches.append(tensor)
        c.precise.append("float")


@op("StrippedDefaults", tol="sum")
def stripped(c):
    """Attributes with their default value may be left out; unknown ones are let pass."""
    x = c.draw("float", [1, 5, 5, 2], **GENTLE)
    y = c.op("Conv2D", x, c.draw("float", [2, 2, 2, 3], **GENTLE), strides=[1, 1, 1, 1],
             padding="SAME")
    z = c.op("FusedBatchNormV3", y, *[c.draw("float", [3], low=0.5, high=2) for _ in range(4)],
             U="float", is_training=False)
    z = c.op("MatMul", c.op("Reshape", z[0], c.host(np.array([-1, 3]), const=1)),
             c.draw("float", [3, 2], **GENTLE))
    for node in c.graph.definition.node:
        if c.chance(0.5):
            count = len(op_defs()[node.op].output_arg)
            node.attr["_output_shapes"].CopyFrom(attr_value("list(shape)", [None] * count))
        if c.chance(0.3):
            node.attr["_class"].CopyFrom(attr_value("list(string)", ["loc:@x"]))
        if c.chance(0.2):
            node.device = "/job:localhost/replica:0/task:0/device:CPU:0"
    c.fetch(z)


BROKEN = ["unknown input", "cycle", "twice", "missing attribute", "wrong attribute", "bad dtype",
          "few inputs", "many inputs", "port", "name", "control", "mismatch"]


@op("BrokenGraph", tol="exact", count=3)
def broken(c):
    """A broken node is refused although it is not fetched."""
    c.expects_error = True
    nodes = chain(c)
    c.fetch(nodes[-1])
    graph = c.graph
    kind = BROKEN[c.index % len(BROKEN)]
    floats = {"T": attr_value("type", "float")}
    x = nodes[0].node
    if kind == "unknown input":
        graph.raw("Neg", ["nowhere"], floats, "broken")
    elif kind == "cycle":
        graph.raw("Neg", ["b"], floats, "a")
        graph.raw("Neg", ["a"], floats, "b")
    elif kind == "twice":
        graph.raw("Neg", [x], floats, nodes[1].node)
    elif kind == "missing attribute":
        graph.raw("Cast", [x], {"SrcT": attr_value("type", "float")}, "broken")
    elif kind == "wrong attribute":
        graph.raw("Softmax", [x], {"T": attr_value("int", 3)}, "broken")
    elif kind == "bad dtype":
        graph.raw("Tanh", [x], {"T": attr_value("type", "string")}, "broken")
    elif kind == "few inputs":
        graph.raw("AddV2", [x], floats, "broken")
    elif kind == "many inputs":
        graph.raw("Neg", [x, x], floats, "broken")
    elif kind == "port":
        graph.raw("Neg", [nodes[1].node + ":3"], floats, "broken")
    elif kind == "name":
        graph.raw("Neg", [x], floats, "bad name!")
    elif kind == "control":
        graph.raw("Neg", ["^" + x, x], floats, "broken")
    else:
        graph.raw("Neg", [x], {"T": attr_value("type", "int32")}, "broken")


@op("BadFetch", tol="exact")
def bad_fetch(c):
    from oracle.graph import Tensor
    c.expects_error = True
    nodes = chain(c)
    c.fetch(nodes[-1])
    c.fetches.append(Tensor(*c.choice([("nowhere", 0), (nodes[1].node, 1)]), "float"))
    c.precise.append("float")


@op("OldProducer", tol="math")
def old_producer(c):
    """Graphs of old programs: producer versions, ops since removed, reference variables."""
    c.graph.definition.versions.producer = c.choice([0, 1, 8, 9, 21, 24, 27])
    x = c.draw("float", [2, 3, 3, 4], **GENTLE)
    v = [c.draw("float", [4], low=0.5, high=2) for _ in range(4)]
    y = c.op("BatchNormWithGlobalNormalization", x, *v, variance_epsilon=1e-3,
             scale_after_normalization=True) if c.graph.definition.versions.producer < 9 else x
    z = c.op("Concat", c.host(np.int32(3), const=1), [y, x])
    c.fetch(c.op("Add", z, c.op("Mul", z, z)))
