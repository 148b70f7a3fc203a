"""Every Apply… kernel: reference, resource, sparse and both."""
import numpy as np

from oracle.dtypes import op_defs
from oracle.spec import op

from ._state import number, read, read_ref, ref_variable, resource_variable

NAMES = sorted(n for n in op_defs() if "Apply" in n and not n.startswith(("Xla", "Sparse_")) and
               n.removeprefix("Resource").removeprefix("Sparse").startswith("Apply"))

# What the scalar arguments look like in use.
SCALARS = {
    "lr": (0.01, 0.6), "alpha": (0.01, 0.6), "learning_rate": (0.01, 0.6), "rho": (0.5, 0.95),
    "momentum": (0.0, 0.95), "epsilon": (1e-3, 1e-2), "beta1": (0.5, 0.95), "beta2": (0.8, 0.999),
    "beta1_power": (0.2, 0.9), "beta2_power": (0.5, 0.99), "l1": (0.0, 0.2), "l2": (0.0, 0.2),
    "l2_shrinkage": (0.0, 0.2), "lr_power": (-0.7, -0.3), "logbase": (0.5, 2.7),
    "sign_decay": (0.0, 1.0), "beta": (0.5, 0.95),
}
POSITIVE = {"accum", "ms", "rms", "v", "vhat", "gradient_squared_accumulator", "accum_update"}


def scalar(c, dtype, name):
    low, high = SCALARS[name]
    value = c.rng.uniform(low, high)
    if name in ("l1", "l2", "l2_shrinkage") and c.chance(0.3):
        value = 0.0
    if name == "lr_power" and c.chance(0.6):
        value = -0.5
    return number(c, dtype, value)


@op(*NAMES, tol="loose")
def apply(c):
    definition = op_defs()[c.name]
    dtype = c.dtype("T", only=["float", "double", "half", "bfloat16"])
    sparse = "Sparse" in c.name
    shape = [c.int(60, 99), 3] if c.chance(0.2) else \
        c.shape(low=1 if sparse else 0, high=3, empty=0)
    rows = c.rng.permutation(shape[0])[:c.int(1, shape[0])] if sparse else None
    grad = [len(rows), *shape[1:]] if sparse else shape
    if c.bad("shape"):
        grad = [*grad, 2]
    resource = c.name.startswith("Resource")
    variables, pending, args = [], [], []
    centered = "Centered" in c.name
    for arg in definition.input_arg:
        name = arg.name
        if arg.is_ref or name in ("var", "accum", "m", "v", "mg", "ms", "mom", "linear", "vhat",
                                  "accum_update", "gradient_accumulator",
                                  "gradient_squared_accumulator"):
            value = c.values(dtype, shape, low=0.5, high=2) if name in POSITIVE else \
                c.values(dtype, shape, special=False, scale=1)
            if centered and name == "mg":
                value = c.values(dtype, shape, low=-0.3, high=0.3)
            maker = resource_variable if resource else ref_variable
            handle, init = maker(c, value, dtype)
            variables.append(handle)
            pending.append(init)
            args.append(handle)
        elif name in ("grad", "delta"):
            args.append(c.draw(dtype, grad, special=False, scale=1))
        elif name == "indices":
            args.append(c.feed(rows, c.choice(["int32", "int64"])))
        elif name == "global_step":
            args.append(c.feed(np.int64(c.int(1, 9)), "int64"))
        else:
            args.append(scalar(c, dtype, name))
    attrs = {}
    known = {a.name for a in definition.attr}
    for key in ("use_locking", "use_nesterov", "update_slots", "multiply_linear_by_lr"):
        if key in known:
            attrs.update(c.attrs(**{key: [None, True, False]}))
    done = c.op(c.name, *args, deps=pending, **({"T": dtype} if resource else {}), **attrs)
    for handle in variables:
        c.fetch(read(c, handle, dtype, done) if resource else read_ref(c, handle, done))


@op("TrainingStep", tol="loose", count=4)
def training(c):
    """A whole step: variables, forward, gradients, an optimizer, the variables afterwards."""
    import tensorflow as tf
    v1 = tf.compat.v1
    resource = c.chance(0.5)
    makers = [lambda: v1.train.GradientDescentOptimizer(0.1), lambda: v1.train.AdamOptimizer(0.01),
              lambda: v1.train.MomentumOptimizer(0.1, 0.9, use_nesterov=c.chance(0.5)),
              lambda: v1.train.RMSPropOptimizer(0.01, centered=c.chance(0.5)),
              lambda: v1.train.AdagradOptimizer(0.1), lambda: v1.train.AdadeltaOptimizer(0.1),
              lambda: v1.train.FtrlOptimizer(0.1, l1_regularization_strength=0.01),
              lambda: v1.train.ProximalAdagradOptimizer(0.1)]
    x = c.values("float", [4, 3], special=False, scale=1)
    w = c.values("float", [3, 2], special=False, scale=1)
    embedding = c.chance(0.3)

    def build(a):
        kernel = v1.Variable(w, use_resource=resource, name="kernel")
        if embedding:
            a = tf.nn.embedding_lookup(kernel, [0, 2, 2, 1])
            loss = tf.reduce_sum(tf.square(a - 1))
        else:
            loss = tf.reduce_mean(tf.square(tf.matmul(a, kernel) - 1))
        pairs = c.choice(makers)()
        step = pairs.minimize(loss, var_list=[kernel])
        init = v1.global_variables_initializer()
        graph = tf.compat.v1.get_default_graph()
        # One run does it all: everything that reads a variable waits for its initialiser.
        starts = set(init.control_inputs)
        for node in graph.get_operations():
            uses = [i for i in node.inputs if i.dtype._is_ref_dtype or i.dtype == tf.resource]
            if uses and node not in starts and not feeds_init(node, starts):
                node._add_control_inputs(list(starts))
        with tf.control_dependencies([step]):
            return loss, kernel.read_value() if not resource else tf.raw_ops.ReadVariableOp(
                resource=kernel.handle, dtype=tf.float32)
    c.trace(build, x)


def feeds_init(node, starts):
    """Whether an initialiser depends on the node."""
    seen, todo = set(), list(starts)
    while todo:
        for source in [i.op for i in todo.pop().inputs]:
            if source not in seen:
                seen.add(source)
                todo.append(source)
    return node in seen
