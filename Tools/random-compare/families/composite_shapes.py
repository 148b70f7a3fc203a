"""Shape arithmetic, look-ups, sequences and attention in small graphs, with unknown sizes."""
import numpy as np
import tensorflow as tf

from oracle.spec import op

GENTLE = {"special": False, "scale": 1}


@op("ShapeArithmetic", tol="sum", count=4)
def shapes(c):
    """Shape, StridedSlice, Pack, Reshape and friends; sizes that the graph may not know."""
    shape = c.shape(rank=c.int(2, 4), empty=0.08, limit=200)
    x = c.values("float", shape, **GENTLE)
    count = np.int32(c.int(1, 4))

    def build(a, n):
        out = []
        v = a
        for _ in range(c.int(1, 4)):
            dims = tf.shape(v, out_type=c.choice([tf.int32, tf.int32, tf.int64]))
            one = tf.ones([], dims.dtype)
            how = c.int(0, 11)
            if how == 0:
                v = tf.reshape(v, tf.stack([dims[0], -one]) if 0 not in shape else [-1])
            elif how == 1:
                v = tf.reshape(v, tf.concat([dims[:1], [tf.reduce_prod(dims[1:])]], 0))
            elif how == 2:
                v = tf.broadcast_to(tf.expand_dims(v, 0), tf.concat([[2 * one], dims], 0))
            elif how == 3:
                v = tf.tile(v, tf.concat([[tf.cast(n, dims.dtype)], tf.ones_like(dims[1:])], 0))
            elif how == 4:
                v = v + tf.fill(dims, tf.cast(tf.size(v), tf.float32) / 7)
            elif how == 5:
                v = v[: tf.maximum(dims[0] // 2, one)]
            elif how == 6:
                r = tf.cast(tf.range(dims[0]), tf.float32)
                v = v * tf.reshape(r, tf.concat([dims[:1], tf.ones_like(dims[1:])], 0))
            elif how == 7:
                v = tf.concat([v, tf.zeros(dims)], c.int(0, 1)) if len(v.shape) > 1 else v
            elif how == 8:
                v = tf.reshape(tf.transpose(v), tf.reverse(dims, [0]))
            elif how == 9:
                v = tf.slice(v, tf.zeros_like(dims), tf.concat([dims[:-1], [one]], 0))
            elif how == 10:
                v = tf.pad(v, tf.stack([tf.zeros_like(dims), tf.minimum(dims, 2)], 1))
            else:
                v = tf.one_hot(tf.cast(dims, tf.int32), 4) + tf.reduce_mean(tf.abs(v))
            if c.chance(0.3):
                out.append(dims)
            if v.shape.rank is not None and v.shape.rank > 4:
                v = tf.reduce_sum(v, [0, 1])
        return [v, *out]
    c.trace(build, x, count, static=True)


@op("DecomposedSoftmax", tol="sum", count=2)
def softmax(c):
    shape = c.shape(low=1, high=4, empty=0.05, limit=2000)
    x = c.values(c.choice(["float", "float", "double", "half"]), shape, special=False, scale=3)
    axis = c.axis(len(shape))
    mask = c.rng.random(shape) < 0.7

    def build(a):
        v = a
        if c.chance(0.3):
            v = tf.where(mask, v, c.choice([-1e4, -np.inf]))
        top = tf.reduce_max(v, axis, keepdims=True)
        if c.chance(0.3):
            top = tf.stop_gradient(top)
        e = tf.exp(v - top)
        total = tf.reduce_sum(e, axis, keepdims=True)
        out = [c.choice([lambda: e / total, lambda: e * (1 / total)])()]
        if c.chance(0.3):
            out += [tf.squeeze(tf.math.log(total) + top, axis), tf.reduce_logsumexp(v, axis)]
        if c.chance(0.4):
            out.append(tf.math.l2_normalize(v, axis))
        if c.chance(0.3):
            safe = tf.where(tf.math.is_nan(v / (v - v)), tf.ones_like(v), v)
            out.append(safe)
        return out
    c.trace(build, x, static=True)


@op("Attention", tol="sum", count=4)
def attention(c):
    dtype = c.choice(["float", "float", "float", "half", "double"])
    kind = {"float": np.float32, "half": np.float16, "double": np.float64}[dtype]
    n, t, s, h, d = c.int(1, 3), c.int(1, 6), c.int(1, 6), c.int(1, 3), c.choice([2, 3, 4, 8])
    q = c.values(dtype, [n, t, h * d], **GENTLE)
    k = c.values(dtype, [n, s, h * d], **GENTLE)
    length = c.rng.integers(1, s + 1, n).astype(np.int32)
    form = c.choice(["matmul", "einsum", "transposed"])

    def build(a, b, m):
        def dense(v):
            w = tf.constant(c.rng.normal(0, 0.4, [h * d, h * d]).astype(kind))
            bias = tf.constant(c.rng.normal(0, 0.4, [h * d]).astype(kind))
            return tf.tensordot(v, w, 1) + bias if c.chance(0.7) else tf.einsum("btd,de->bte", v, w)

        def heads(v, size):
            rows = tf.shape(v)[1] if c.chance(0.4) else size
            return tf.reshape(v, [-1, rows, h, d])
        query, key, value = heads(dense(a), t), heads(dense(b), s), heads(dense(b), s)
        scale = kind(1 / np.sqrt(d))
        if c.chance(0.5):
            query = query * scale
        if form == "einsum":
            scores = tf.einsum("bthd,bshd->bhts", query, key)
        else:
            query, key, value = (tf.transpose(v, [0, 2, 1, 3]) for v in (query, key, value))
            scores = tf.matmul(query, key, transpose_b=True) if form == "matmul" else \
                tf.matmul(query, tf.transpose(key, [0, 1, 3, 2]))
        if c.chance(0.4):
            scores = scores / kind(np.sqrt(d))
        mask = tf.sequence_mask(m, s)[:, None, None, :]
        how = c.int(0, 3)
        if how == 0:
            scores += (1 - tf.cast(mask, dtype)) * kind(-1e4)
        elif how == 1:
            scores = tf.where(mask, scores, kind(-1e4))
        elif how == 2:
            causal = tf.linalg.band_part(tf.ones([t, s], dtype), -1, 0)
            scores = scores * causal - kind(1e4) * (1 - causal)
        weights = tf.nn.softmax(scores)
        if form == "einsum":
            out = tf.einsum("bhts,bshd->bthd", weights, value)
        else:
            out = tf.transpose(tf.matmul(weights, value), [0, 2, 1, 3])
        out = tf.reshape(out, [-1, t, h * d]) + a
        mean, variance = tf.nn.moments(out, [-1], keepdims=True)
        out = (out - mean) * tf.math.rsqrt(variance + kind(1e-3))
        return [tf.nn.gelu(dense(out)) + out, weights] if c.chance(0.5) else out
    c.trace(build, q, k, length, static=True)
    if dtype == "half":
        c.tol = (2e-2, 2e-2)


@op("TextClassifier", tol="sum", count=2)
def text(c):
    """string -> table -> embedding -> mean, with masks and missing words."""
    words = c.words([c.int(1, 4), c.int(1, 6)], [b"a", b"b", b"c", b"d", b"", b"zz", b"e e"])
    vocabulary = ["", "a", "b", "c", "d"]
    size = c.int(1, 6)

    def build(t):
        table = tf.lookup.StaticVocabularyTable(tf.lookup.KeyValueTensorInitializer(
            vocabulary, tf.range(5, dtype=tf.int64)), 2) if c.chance(0.5) else \
            tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(
                vocabulary, tf.range(5, dtype=tf.int64)), 5)
        tokens = tf.strings.lower(t)
        if c.chance(0.4):
            tokens = tf.strings.split(tf.strings.reduce_join(t, 1, separator=" ")).to_tensor("")
        init = tf.compat.v1.tables_initializer()
        with tf.control_dependencies([init]):
            ids = table.lookup(tokens)
        weights = tf.constant(c.rng.normal(0, 1, [7, size]).astype(np.float32))
        e = tf.nn.embedding_lookup(weights, ids)
        mask = tf.cast(tf.not_equal(ids, 0), tf.float32)[..., None]
        total = tf.reduce_sum(e * mask, 1)
        mean = tf.math.divide_no_nan(total, tf.reduce_sum(mask, 1))
        logits = tf.nn.relu(tf.matmul(mean, tf.ones([size, 3])) + [0.1, -0.2, 0.0])
        top = tf.math.top_k(logits, 2)
        return [ids, logits, top.indices, tf.gather(vocabulary, tf.minimum(ids, 4))]
    c.trace(build, words, static=True)


@op("GuardedGather", tol="sum", count=2)
def guarded(c):
    """Where, gather, boolean_mask, unique, segments: shapes that depend on values."""
    n = c.int(0, 12) if c.chance(0.1) else c.int(2, 12)
    x = c.values("float", [n, c.int(1, 4)], **GENTLE)
    ids = c.rng.integers(0, 4, n).astype(np.int32)

    def build(a, i):
        keep = tf.reduce_sum(a, 1) > c.choice([-100, 0, 0, 100])
        part = tf.boolean_mask(a, keep)
        index = tf.boolean_mask(i, keep)
        out = [part * 2 - tf.reduce_mean(a, 0), tf.shape(part)]
        for _ in range(c.int(1, 3)):
            out.append(c.choice([
                lambda: tf.math.unsorted_segment_sum(part, index, 4),
                lambda: tf.nn.softmax(tf.matmul(part, part, transpose_b=True)),
                lambda: tf.tanh(tf.concat([part, tf.zeros_like(part)], 1)) + 1,
                lambda: tf.gather(a, tf.where(keep)[:, 0]) - part,
                lambda: tf.unique(index)[0],
                lambda: tf.scatter_nd(index[:, None], part, [4, a.shape[1]]),
                lambda: tf.reduce_mean(tf.reshape(part, [-1])),
                lambda: tf.sort(tf.reduce_sum(part, 1), direction="DESCENDING"),
                lambda: tf.cond(tf.shape(part)[0] > 1, lambda: part * 3, lambda: a - 1),
                lambda: tf.map_fn(lambda r: tf.reduce_sum(tf.square(r)), part),
                lambda: tf.scan(lambda p, r: p * 0.5 + r, a),
                lambda: tf.where(tf.math.is_finite(tf.math.log(a)), tf.math.log(a), 0.0)])())
        return out
    c.trace(build, x, ids, static=True)


@op("OldControlFlow", tol="sum", count=3)
def old(c):
    """Switch, Merge and frames of TensorFlow 1 around fused chains; defaults; TensorArrays."""
    x = c.values("float", [c.int(1, 3), 5, 5, 2], **GENTLE)
    w = c.values("float", [3, 3, 2, 2], special=False, scale=0.4)
    b = c.values("float", [2], **GENTLE)
    flag = np.bool_(c.chance(0.5))
    kind = c.choice(["cond", "loop", "both", "array", "nested"])

    def layer(v):
        y = tf.nn.bias_add(tf.nn.conv2d(v, w, 1, "SAME"), b)
        return c.choice([tf.nn.relu, tf.tanh, tf.nn.silu, tf.nn.relu6])(y)

    def build(a, f):
        if c.chance(0.4):
            f = tf.compat.v1.placeholder_with_default(f, [])
        def branch(v):
            return tf.compat.v1.cond(f, lambda: layer(v), lambda: v * b)
        def loop(v, body, steps=3):
            return tf.compat.v1.while_loop(lambda i, u: i < steps, lambda i, u: (i + 1, body(u)),
                                           [0, v], parallel_iterations=c.choice([1, 10]))[1]
        if kind == "cond":
            return [branch(a), branch(a) + a] if c.chance(0.5) else branch(a)
        if kind == "loop":
            return loop(a, lambda v: tf.tanh(layer(v)) + a)
        if kind == "both":
            return loop(a, lambda v: tf.tanh(branch(v)))
        if kind == "nested":
            return loop(a, lambda v: loop(tf.tanh(v), layer, 2), 2)
        rows = tf.TensorArray(tf.float32, 3, element_shape=a.shape if c.chance(0.5) else None)
        out = tf.compat.v1.while_loop(
            lambda i, u, r: i < 3,
            lambda i, u, r: (i + 1, tf.tanh(layer(u)), r.write(i, u)), [0, a, rows])
        return [out[2].stack(), out[1]]
    version2 = c.chance(0.3)
    (tf.compat.v1.enable_control_flow_v2 if version2 else tf.compat.v1.disable_control_flow_v2)()
    try:
        c.trace(build, x, flag, static=True)
    finally:
        tf.compat.v1.enable_control_flow_v2()
