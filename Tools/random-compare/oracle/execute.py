"""Runs a case in TensorFlow and writes its folder."""
import json
import os
import shutil

import numpy as np
import tensorflow as tf

from . import twin

REFUSALS = (ValueError, TypeError, tf.errors.InvalidArgumentError, tf.errors.OutOfRangeError,
            tf.errors.FailedPreconditionError, tf.errors.AlreadyExistsError,
            tf.errors.NotFoundError, tf.errors.AbortedError)
# What the CPU build of TensorFlow merely lacks says nothing about other programs.
LACKS = ("has constraint on attr", "is not available in GraphDef", "No OpKernel was registered",
         "No registered", "only supports NHWC", "not yet support", "only support", "oneDNN",
         "not implemented", "is unsupported on", "not supported on CPU", "No unary variant",
         "not supported for", "No gradient")


class Dropped(Exception):
    """The case says nothing about TensorFlow's semantics."""


def _config():
    config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=1,
                                      inter_op_parallelism_threads=2)
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.optimizer_options.opt_level = -1
    return config


CONFIG = _config()


def run(definition, feeds, fetches, targets=()):
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
    with tf.compat.v1.Session(graph=graph, config=CONFIG) as session:
        return session.run(list(fetches) + list(targets), feeds)[:len(fetches)]


def brief(text):
    """The line of TensorFlow's message that says what is wrong."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    marked = [i for i, line in enumerate(lines) if line.startswith("[[{{node")]
    index = marked[0] - 1 if marked else 0
    return lines[max(index, 0)][:300] if lines else ""


def evaluate(case):
    """(outputs, None), or (None, message) if TensorFlow refuses the case."""
    definition = case.graph.definition
    names = [t.name for t in case.fetches]
    try:
        if case.reference is None and not twin.needed(definition):
            return run(definition, case.feeds, names, case.targets), None
        reference, moved = (case.reference, {}) if case.reference else twin.make(definition)
        names = [moved.get(n, n) for n in names]
        return run(reference, case.feeds, names, case.targets), None
    except REFUSALS as error:
        text = str(error)
        if any(word in text for word in LACKS):
            raise Dropped(text) from None
        return None, brief(text)
    except tf.errors.OpError as error:
        raise Dropped(str(error)) from None


def storable(array):
    """The array as .npy holds it: strings as S."""
    array = np.asarray(array)
    if array.dtype.kind in "OSU":
        if not array.size:
            return np.zeros(array.shape, "S1")
        flat = [x if isinstance(x, bytes) else str(x).encode() for x in array.ravel().tolist()]
        return np.array(flat, "S").reshape(array.shape)
    return array


def write(case, folder, outputs, message):
    if os.path.exists(folder):
        shutil.rmtree(folder)
    os.makedirs(folder)
    with open(os.path.join(folder, "graph.pb"), "wb") as file:
        file.write(case.graph.definition.SerializeToString(deterministic=True))
    feeds, fetches = {}, {}
    for i, (name, value) in enumerate(case.feeds.items()):
        feeds[name] = f"in{i}.npy"
        np.save(os.path.join(folder, feeds[name]), storable(value))
    for i, tensor in enumerate(case.fetches):
        fetches[tensor.name] = f"out{i}.npy"
        if outputs is not None:
            np.save(os.path.join(folder, fetches[tensor.name]), storable(outputs[i]))
    rtol, atol = case.tolerance(outputs) if outputs is not None else (0.0, 0.0)
    functions = case.graph.definition.library.function
    nodes = list(case.graph.definition.node) + [n for f in functions for n in f.node_def]
    meta = {"feeds": feeds, "fetches": fetches, "rtol": rtol, "atol": atol,
            "check_value": case.check, "op": case.name, "ops": sorted({n.op for n in nodes})}
    if case.targets:
        meta["targets"] = case.targets
    if message is not None:
        meta["error"] = True
        meta["message"] = message
    with open(os.path.join(folder, "meta.json"), "w") as file:
        json.dump(meta, file, indent=1)
