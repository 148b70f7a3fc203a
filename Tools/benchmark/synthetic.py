"""Graphs made for one question: chains of tiny ops, and a small network of any size.

usage: synthetic.py FOLDER     (needs TensorFlow; `bench` calls it)
"""
import os
import pathlib
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

CHAINS = [1_000, 10_000, 50_000]


def elementwise_chain(tf, x, length):
    """Adds and multiplications, which an engine may fuse."""
    value = x
    for i in range(length):
        value = tf.add(value, x) if i % 2 else tf.multiply(value, 0.5)
    return value


def mixed_chain(tf, x, length):
    """Ops that do not fuse: each is a step of its own."""
    kinds = [lambda v: tf.matmul(v, x), lambda v: tf.reverse(v, [1]), tf.nn.softmax,
             lambda v: tf.cumsum(v, axis=1), lambda v: tf.concat([v[:, :2], x[:, 2:]], 1)]
    value, count = x, 0
    while count < length:
        kind = count % 7
        value = kinds[min(kind, 4)](value)
        count += 1 if kind < 4 else 3
    return value


def network(tf, x):
    """Two convolutions, a depthwise one, pooling, for images of any size."""
    import numpy as np
    rng = np.random.default_rng(1)

    def weights(*shape):
        return rng.normal(0, 0.1, shape).astype("f4")
    x = tf.nn.relu(tf.nn.conv2d(x, weights(3, 3, 3, 32), 1, "SAME") + weights(32))
    x = tf.nn.relu(tf.nn.depthwise_conv2d(x, weights(3, 3, 32, 1), [1] * 4, "SAME") + weights(32))
    x = tf.nn.relu(tf.nn.conv2d(x, weights(1, 1, 32, 64), 1, "SAME") + weights(64))
    x = tf.nn.max_pool2d(x, 2, 2, "VALID")
    return tf.nn.softmax(tf.matmul(tf.reduce_mean(x, [1, 2]), weights(64, 10)))


def save(tf, folder, name, shape, build, values):
    import case
    graph = tf.Graph()
    with graph.as_default():
        x = tf.compat.v1.placeholder(tf.float32, shape, name="x")
        tf.identity(build(x), name="y")
    case.save(pathlib.Path(folder, name), graph.as_graph_def(), {"x": values}, ["y:0"])


def main(folder):
    import numpy as np
    import tensorflow as tf
    rng = np.random.default_rng(5)
    for length in CHAINS:
        square = rng.uniform(0.1, 0.4, (4, 4)).astype("f4")
        save(tf, folder, f"elementwise_{length}", (4, 4),
             lambda x: elementwise_chain(tf, x, length), square)
        save(tf, folder, f"mixed_{length}", (4, 4), lambda x: mixed_chain(tf, x, length), square)
    for name, shape in [("base", (4, 64, 64, 3)), ("batch", (40, 64, 64, 3)),
                        ("area", (4, 202, 203, 3))]:
        save(tf, folder, f"network_{name}", (None, None, None, 3), lambda x: network(tf, x),
             rng.uniform(-1, 1, shape).astype("f4"))
    pathlib.Path(folder, "made").touch()


if __name__ == "__main__":
    main(sys.argv[1])
