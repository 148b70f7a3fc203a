"""Batch normalization itself: `tf.nn.moments` and `tf.nn.batch_normalization` of a large tensor.

Compared with TensorFlow's own run of the same graph, its fused kernel, and a copy of the tensor.
"""
import os
import pathlib
import subprocess
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

import environment  # noqa: E402
from case import Case, save  # noqa: E402

SHAPE = (32, 56, 56, 64)
# Name: layout or fused, axes, dtype.
VARIANTS = {
    "float32 [0,1,2]": ("NHWC", [0, 1, 2], "float32"),
    "float32 [0]": ("NHWC", [0], "float32"),
    "float32 NCHW": ("NCHW", [0, 2, 3], "float32"),
    "float16 [0,1,2]": ("NHWC", [0, 1, 2], "float16"),
    "bfloat16 [0,1,2]": ("NHWC", [0, 1, 2], "bfloat16"),
    "fused kernel": ("fused", None, "float32"),
}


def build(tf, rng, layout, axes, dtype, x):
    def parameter(low, high, shape):
        return tf.cast(rng.uniform(low, high, shape).astype("f4"), dtype)
    if layout == "fused":
        return tf.compat.v1.nn.fused_batch_norm(
            x, parameter(.8, 1.2, (64,)), parameter(-1, 1, (64,)), epsilon=1e-3)[0]
    per_channel = (1, 64, 1, 1) if layout == "NCHW" else (64,)
    mean, variance = tf.nn.moments(x, axes, keepdims=layout == "NCHW")
    return tf.nn.batch_normalization(x, mean, variance, parameter(-1, 1, per_channel),
                                     parameter(.8, 1.2, per_channel), 1e-3)


def main(folder):
    """Writes the cases; 16-bit floats are fed as uint16, which .npy files can hold."""
    import numpy as np
    import tensorflow as tf
    for name, (layout, axes, dtype) in VARIANTS.items():
        rng = np.random.default_rng(2)
        shape = (SHAPE[0], SHAPE[3], *SHAPE[1:3]) if layout == "NCHW" else SHAPE
        values = rng.normal(0.5, 2, shape).astype("f4")
        wide = dtype == "float32"
        graph = tf.Graph()
        with graph.as_default():
            fed = tf.compat.v1.placeholder(tf.float32 if wide else tf.uint16, shape, name="x")
            y = build(tf, rng, layout, axes, dtype, fed if wide else tf.bitcast(fed, dtype))
            tf.identity(y if wide else tf.cast(y[:1], tf.float32), name="y")
            tf.identity(y if wide else tf.bitcast(y, tf.uint16), name="all")
        if not wide:
            values = tf.bitcast(tf.cast(values, dtype), tf.uint16).numpy()
        save(pathlib.Path(folder, file_name(name)), graph.as_graph_def(), {"x": values},
             ["y:0"] if wide else ["y:0", "all:0"], bytes=3 * values.nbytes, compared=1)
    pathlib.Path(folder, "made").touch()


def file_name(name):
    return "".join(c if c.isalnum() else "_" for c in name)


def cases():
    folder, source = environment.cache() / "batch_norm", pathlib.Path(__file__)
    made = folder / "made"
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, source, folder], check=True, stdout=subprocess.DEVNULL)
    return {name: folder / file_name(name) for name in VARIANTS}


def measure(options):
    from race import Peers, race
    results = []
    for threads in options.threads:
        for name, prefix in cases().items():
            case = Case(prefix)
            # The copy is of this very tensor; three of its sizes are read and written at least.
            with Peers(["tensorflow"], threads, case.bytes // 3) as peers:
                result = race(case, threads, binary=options.binary, peers=peers.lanes,
                              machine=peers.machine, seconds=options.seconds)
            results.append({**result, "variant": name})
    return results


def text(results, options):
    from table import milliseconds, percent, table
    rows = []
    for r in results:
        own, peer = (r["engines"].get(name) for name in ("bnorm", "tensorflow"))
        if not own:
            rows.append([r["variant"], r["threads"], r["skipped"].get("bnorm"), *["-"] * 6])
            continue
        fused = next((o["engines"]["tensorflow"]["median_ms"] for o in results
                      if o["variant"] == "fused kernel" and o["threads"] == r["threads"]
                      and "tensorflow" in o["engines"]), None)
        times = own["median_ms"]
        difference = own.get("difference")
        rows.append([
            r["variant"], r["threads"], milliseconds(times), milliseconds(own["min_ms"]),
            milliseconds(peer["median_ms"]) if peer else "-",
            f"{peer['median_ms'] / times:.1f} ({peer['min_ms'] / own['min_ms']:.1f})"
            if peer else "-",
            f"{fused / times:.1f}" if fused else "-",
            f"{milliseconds(r['machine']['median_ms'])} "
            f"({milliseconds(r['machine']['min_ms'])})", percent(own["of_bandwidth"]),
            "shape" if difference is None else f"{difference:.0e}"])
    return "Batch normalization of " + str(list(SHAPE)) + ", milliseconds\n" + table(
        ["variant", "threads", "bnorm", "minimum", "TensorFlow", "times faster",
         "than its fused", "copy", "of copy bandwidth", "differs"], rows)


if __name__ == "__main__":
    main(sys.argv[1])
