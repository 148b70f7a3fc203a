"""Start-up: a whole process for one inference, against its parts and a TensorFlow script."""
import os
import statistics
import subprocess
import sys
import time

import lanes
from case import Case
from network_table import prefix
from table import milliseconds, table

SCRIPT = """
import sys, numpy as np, tensorflow as tf
graph = tf.Graph()
definition = tf.compat.v1.GraphDef.FromString(open(sys.argv[1], "rb").read())
with graph.as_default():
    tf.import_graph_def(definition, name="")
with tf.compat.v1.Session(graph=graph) as session:
    session.run("Identity:0", {"x:0": np.load(sys.argv[2])})
"""


def process_times(command, times):
    """Milliseconds of whole processes."""
    result = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL,
                       env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""})
        result.append((time.perf_counter() - start) * 1e3)
    return result


def read_times(path, times):
    """Milliseconds of reading a file that lies in the page cache."""
    result = []
    for _ in range(times):
        start = time.perf_counter()
        path.read_bytes()
        result.append((time.perf_counter() - start) * 1e3)
    return result


def measure(options):
    results = []
    for name in options.models or ["resnet50"]:
        case = Case(prefix(name))
        graph, (feed, file) = case.file("pb"), next(iter(case.feed_files().items()))
        lane = lanes.BNormLane(options.binary, case, os.cpu_count())
        whole, read, inference = [], [], []
        for _ in range(7):
            whole += process_times([options.binary, graph, "--feed", f"{feed}={file}"], 1)
            read += read_times(graph, 1)
            inference.append(lane.slice(0.2)["median_ms"])
        lane.close()
        result = {"case": name, "process_ms": whole, "read_ms": read, "inference_ms": inference}
        if "tensorflow" in options.peers:
            result["tensorflow_ms"] = process_times([sys.executable, "-c", SCRIPT, graph, file], 3)
        results.append(result)
    return results


def text(results, options):
    rows = []
    for r in results:
        median = {key: statistics.median(value) for key, value in r.items() if key != "case"}
        parts = median["read_ms"] + median["inference_ms"]
        rows.append([r["case"], milliseconds(median["process_ms"]),
                     milliseconds(median["read_ms"]), milliseconds(median["inference_ms"]),
                     f"{median['process_ms'] / parts:.2f}",
                     milliseconds(median.get("tensorflow_ms", float("nan")))])
    return "Start-up: milliseconds from command to exit, file cached\n" + table(
        ["network", "bnorm-run", "read file", "one inference", "whole / (read + inference)",
         "TensorFlow script"], rows)
