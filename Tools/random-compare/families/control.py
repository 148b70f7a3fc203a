"""Control flow in both forms, functions, assertions."""
import numpy as np
import tensorflow as tf
from tensorflow.python.ops import control_flow_util, gen_functional_ops

from oracle.spec import op

GENTLE = {"special": False, "scale": 1}


def flow(c, version2):
    if version2:
        tf.compat.v1.enable_control_flow_v2()
    else:
        tf.compat.v1.disable_control_flow_v2()
    assert control_flow_util.ENABLE_CONTROL_FLOW_V2 == version2


@op("Switch Merge", tol="exact")
def switch(c):
    dtype = c.dtype("T", op="Switch")
    flag = bool(c.int(0, 1))
    no, yes = c.op("Switch", c.draw(dtype, c.any_shape()), c.feed(flag, "bool"))
    if c.name == "Merge":
        out, index = c.op("Merge", [c.op("Identity", no), c.op("Identity", yes)])
        c.fetch(out, index)
    elif c.bad("dead"):
        c.fetches.append(no if flag else yes)
        c.precise.append(dtype)
    else:
        c.fetch(yes if flag else no)


@op("Enter Exit NextIteration LoopCond", tol="sum")
def frame(c):
    """A loop written by hand: x is changed `count` times, y is constant in the loop."""
    dtype = c.choice(["float", "double", "int32"])
    shape = c.shape(empty=0)
    name = {"frame_name": "loop", **c.attrs(parallel_iterations=[None, 1, 10])}
    how = {"low": 0, "high": 1}
    i = c.op("Enter", c.feed(np.int32(0), "int32"), **name)
    x = c.op("Enter", c.draw(dtype, shape, **how), **name)
    y = c.op("Enter", c.draw(dtype, shape, **how), is_constant=True, **name)
    limit = c.op("Enter", c.feed(np.int32(c.int(0, 7)), "int32"), is_constant=True, **name)
    # The merges refer to nodes that come later.
    mi = c.op("Merge", [i, i])[0]
    mx = c.op("Merge", [x, x])[0]
    cond = c.op("LoopCond", c.op("Less", mi, limit))
    si, sx = c.op("Switch", mi, cond), c.op("Switch", mx, cond)
    body = c.op("Identity", si[1])
    one = c.graph.op("Const", dtype="int32", value=tf.make_tensor_proto(np.int32(1)), deps=[body])
    ni = c.op("NextIteration", c.op("AddV2", body, one))
    nx = c.op("NextIteration", c.op("AddV2", c.op("Mul", sx[1], y), y))
    for node in c.graph.definition.node:
        if node.name == mi.node:
            node.input[1] = ni.edge
        if node.name == mx.node:
            node.input[1] = nx.edge
    c.fetch(c.op("Exit", sx[0]), c.op("Exit", si[0]))


@op("RefEnter RefExit RefNextIteration", tol="exact")
def ref_frame(c):
    ref = c.op("VariableV2", shape=[2], dtype="float")
    init = c.op("Assign", ref, c.draw("float", [2]))
    inside = c.op("RefEnter", init, frame_name="f")
    if c.name == "RefNextIteration":
        inside = c.op("RefEnter", init, frame_name="f")
    c.fetch(c.op("Exit", c.op("Identity", inside)) if c.chance(0.5) else
            c.op("Identity", c.op("RefExit", inside)))


@op("ControlTrigger", tol="exact")
def control_trigger(c):
    x = c.draw("float", c.shape())
    trigger = c.op("ControlTrigger", deps=[c.op("Neg", x)])
    c.fetch(c.op("Identity", x, deps=[trigger]))


def cond_case(c, version2):
    flow(c, version2)
    flag, x = np.bool_(c.int(0, 1)), c.values("float", c.shape(low=1, empty=0), **GENTLE)
    deep = c.chance(0.4)

    def build(p, a):
        def inner(b):
            return tf.cond(tf.reduce_sum(b) > 0, lambda: b * 2, lambda: b - 1) if deep else b * 2
        first, second = tf.cond(p, lambda: (inner(a), tf.constant(1)),
                                lambda: (tf.sin(a), tf.constant(2)))
        out = [first, second]
        if c.chance(0.4):
            out.append(tf.gradients(first, a)[0])
        return out
    c.trace(build, flag, x)


@op("Switch", tol="math")
def cond_v1(c):
    cond_case(c, False)


@op("If StatelessIf", tol="math")
def cond_v2(c):
    cond_case(c, True)


@op("Case StatelessCase", tol="math")
def case(c):
    flow(c, True)
    x = c.values("float", c.shape(low=1, empty=0), **GENTLE)
    index = np.int32(c.int(-1, 4))

    def build(i, a):
        branches = [lambda: a + 1, lambda: tf.reduce_sum(a) * a, lambda: tf.cond(
            i > 1, lambda: -a, lambda: a)]
        if c.name == "Case":
            return raw_case(branches, i, a)
        return tf.switch_case(i, branches)
    c.trace(build, index, x)


def raw_case(branches, i, a):
    functions = []
    for scale in (1.0, 2.0, -3.0):
        functions.append(tf.function(lambda v, s=scale: v * s).get_concrete_function(
            tf.TensorSpec(None, tf.float32)))
    for f in functions:
        f.add_to_graph(tf.compat.v1.get_default_graph())
    return gen_functional_ops.case(i, [a], Tout=[tf.float32], branches=functions)


def while_case(c, version2):
    flow(c, version2)
    x = c.values("float", c.shape(low=1, high=3, empty=0), low=-1, high=1)
    count = np.int32(c.int(0, 6))
    kind = c.choice(["plain", "nested", "array", "cond", "gradient", "shape"])

    def build(n, a):
        if kind == "shape":
            start = (tf.constant(0), a[:1])
            return tf.while_loop(lambda i, b: i < n, lambda i, b: (i + 1, tf.concat([b, b[:1]], 0)),
                                 start, shape_invariants=(tf.TensorShape([]), tf.TensorShape(
                                     [None, *a.shape[1:]])))
        if kind == "array":
            array = tf.TensorArray(tf.float32, size=n, element_shape=a.shape)
            _, array, last = tf.while_loop(
                lambda i, t, b: i < n,
                lambda i, t, b: (i + 1, t.write(i, b * 0.5), b + 1), (0, array, a))
            return array.stack(), last

        def body(i, b):
            if kind == "nested":
                _, b = tf.while_loop(lambda j, d: j < i, lambda j, d: (j + 1, d * 0.9 + a), (0, b))
            if kind == "cond":
                b = tf.cond(tf.equal(i % 2, 0), lambda: b + 1, lambda: b * 0.5)
            return i + 1, tf.sin(b) * a + b
        i, out = tf.while_loop(lambda i, b: i < n, body, (tf.constant(0), a),
                               maximum_iterations=c.choice([None, 4]))
        if kind == "gradient":
            return out, tf.gradients(out, a)[0]
        return i, out
    c.trace(build, count, x)


@op("Enter", tol="sum", count=2)
def while_v1(c):
    while_case(c, False)


@op("While StatelessWhile", tol="sum", count=2)
def while_v2(c):
    while_case(c, True)


@op("For", tol="math")
def for_loop(c):
    x = c.values("float", c.shape(low=1, empty=0), **GENTLE)

    def build(a):
        body = tf.function(lambda i, v: v + tf.cast(i, tf.float32)).get_concrete_function(
            tf.TensorSpec([], tf.int32), tf.TensorSpec(x.shape, tf.float32))
        body.add_to_graph(tf.compat.v1.get_default_graph())
        return gen_functional_ops._for(tf.constant(0), tf.constant(7), tf.constant(2), [a],
                                       body=body)
    c.trace(build, x)


@op("PartitionedCall StatefulPartitionedCall", tol="math")
def call(c):
    """Nested functions, several results, captured constants."""
    flow(c, True)
    x = c.values("float", c.shape(low=1, empty=0), **GENTLE)
    stateful = c.name.startswith("Stateful")

    def build(a):
        @tf.function
        def inner(v, scale):
            return v * scale, tf.shape(v)

        @tf.function
        def outer(v):
            y, s = inner(v, tf.constant(3.0))
            z, _ = inner(y, tf.reduce_sum(v))
            if stateful:
                tf.debugging.assert_greater(tf.size(v), -1)
            return y, tf.nn.relu(z), s
        return outer(a)
    c.trace(build, x)


@op("SymbolicGradient", tol="math")
def symbolic_gradient(c):
    from tensorflow.python.framework import function
    x = c.values("float", c.shape(low=1, empty=0), **GENTLE)

    def build(a):
        kind = c.int(0, 2)

        @function.Defun(tf.float32)
        def f(v):
            return [lambda: tf.square(v) + v, lambda: tf.tanh(v) * v, lambda: tf.exp(-v)][kind]()
        y = f(a)
        return y, tf.gradients(y, a)[0]
    c.trace(build, x)


@op("MapDefun", tol="math")
def map_defun(c):
    x = c.values("float", [c.int(1, 5), 3], **GENTLE)

    def build(a):
        f = tf.function(lambda v: tf.reduce_sum(v) * v).get_concrete_function(
            tf.TensorSpec([3], tf.float32))
        from tensorflow.python.ops import gen_dataset_ops
        f.add_to_graph(tf.compat.v1.get_default_graph())
        return gen_dataset_ops.map_defun([a], [], [tf.float32], [[3]], f=f)
    c.trace(build, x)


@op("RemoteCall", tol="math")
def remote_call(c):
    x = c.values("float", [3], **GENTLE)

    def build(a):
        f = tf.function(lambda v: v * 2).get_concrete_function(tf.TensorSpec([3], tf.float32))
        f.add_to_graph(tf.compat.v1.get_default_graph())
        return gen_functional_ops.remote_call("/job:localhost/replica:0/task:0/device:CPU:0", [a],
                                              [tf.float32], f=f)
    c.trace(build, x)


@op("DeviceIndex", tol="exact")
def device_index(c):
    c.fetch(c.op("DeviceIndex", device_names=c.choice([["CPU", "GPU"], ["GPU", "CPU"], ["TPU"]])))


@op("FakeParam", tol="math")
def fake_param(c):
    flow(c, True)
    x, flag = c.values("float", [3], **GENTLE), np.bool_(c.int(0, 1))
    c.trace(lambda p, a: tf.gradients(tf.cond(p, lambda: tf.exp(a) * 2, lambda: tf.sin(a)), a),
            flag, x)


@op("Assert", tol="exact")
def assertion(c):
    holds = c.chance(0.7)
    if not holds:
        c.expects_error = True
    x = c.draw("float", c.shape())
    check = c.op("Assert", c.feed(np.bool_(holds), "bool"), [c.feed(b"wrong:", "string"), x],
                 **c.attrs(summarize=[None, 1, 5]))
    if c.chance(0.5):
        c.targets.append(check)
        c.fetch(c.op("Neg", x))
    else:
        c.fetch(c.op("Identity", x, deps=[check]))


@op("Print", tol="exact")
def print_op(c):
    x = c.draw(c.dtype("T"), c.shape(high=2))
    c.run(x, [c.draw("float", [3])], message="here",
          **c.attrs(first_n=[None, 1], summarize=[None, 2]))


@op("PrintV2", tol="exact")
def print_v2(c):
    x = c.draw("float", c.shape())
    shown = c.op("PrintV2", c.feed(b"text to show", "string"),
                 **c.attrs(output_stream=[None, "stderr", "log(info)"], end=[None, "\n", ""]))
    c.fetch(c.op("Neg", x, deps=[shown]))


@op("_If _While", tol="math")
def internal_functional(c):
    """The forms that TensorFlow gives If and While while it lowers functions."""
    (cond_case if c.name == "_If" else while_case)(c, True)
    for node in c.graph.definition.node:
        if node.op in ("If", "StatelessIf") and c.name == "_If":
            node.op = "_If"
        if node.op in ("While", "StatelessWhile") and c.name == "_While":
            node.op = "_While"
        for key in [k for k in node.attr if k in ("output_shapes", "parallel_iterations")
                    or k.startswith("_")]:
            if node.op in ("_If", "_While"):
                del node.attr[key]


@op("_ListToArray _ArrayToList", tol="exact")
def list_to_array(c):
    dtype, count = c.choice(["float", "int32"]), c.int(1, 3)
    parts = [c.draw(dtype, c.shape()) for _ in range(count)]
    more = {"T": dtype, "N": count} if c.name == "_ListToArray" else {"out_types": [dtype] * count}
    c.run(parts, **more)
