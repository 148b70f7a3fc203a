"""A peer in a process of its own: worker.py ENGINE THREADS

Reads a command a line and answers each with a line of JSON:
  load PREFIX BATCH OUT.npz    loads the case, runs it once, writes what it gives
  run SECONDS                  runs it again and again for that long
"""
import json
import os
import resource
import sys
import time

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", OMP_NUM_THREADS=sys.argv[2])

import numpy as np  # noqa: E402

from case import Case  # noqa: E402
from engines import ENGINES  # noqa: E402


def load(prefix, batch, out):
    start = time.perf_counter()
    run = ENGINES[sys.argv[1]](Case(prefix, int(batch)), int(sys.argv[2]))
    outputs = run()
    took = time.perf_counter() - start
    np.savez(out, *[np.asarray(output) for output in outputs])
    return run, {"load_ms": took * 1e3}


def measure(run, seconds):
    run()
    times, clock = [], time.perf_counter
    end = clock() + seconds
    while not times or clock() < end:
        start = clock()
        run()
        times.append(clock() - start)
    times.sort()
    return {"median_ms": times[len(times) // 2] * 1e3, "min_ms": times[0] * 1e3,
            "runs": len(times),
            "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def main():
    # Engines print to standard output; answers go to the pipe that was standard output.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    run = None
    for line in sys.stdin:
        command, *arguments = line.split()
        try:
            if command == "load":
                run = None
                run, answer = load(*arguments)
            else:
                answer = measure(run, float(arguments[0]))
        except Exception as error:  # The parent reports it and goes on without this peer.
            text = str(error).strip() or type(error).__name__
            answer = {"error": text.splitlines()[-1][:200]}
        print(json.dumps(answer), file=answers, flush=True)


main()
