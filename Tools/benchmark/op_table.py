"""Single ops against TensorFlow at the same number of threads."""
import json
import math
import pathlib
import re
import subprocess
import sys

import environment
from case import Case
from race import Peers, race
from table import milliseconds, percent, ratio, table

HERE = pathlib.Path(__file__).parent


def cases():
    """Name: prefix of its files; made anew when the list has changed."""
    folder, source = environment.cache() / "ops", HERE / "op_cases.py"
    index = folder / "index.json"
    if not index.exists() or index.stat().st_mtime < source.stat().st_mtime:
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, source, folder], check=True, stdout=subprocess.DEVNULL)
    return {name: folder / file for name, file in json.loads(index.read_text()).items()}


def measure(options):
    chosen = {name: prefix for name, prefix in cases().items()
              if re.search(options.only or "", name)}
    results = []
    for threads in options.threads:
        with Peers(["tensorflow"], threads) as peers:
            for name, prefix in chosen.items():
                case = Case(prefix)
                # A copy of as many bytes: small tensors stay in caches.
                with Peers([], threads, max(case.bytes // 2, 4096)) as near:
                    result = race(case, threads, binary=options.binary, peers=peers.lanes,
                                  machine=near.machine, seconds=options.seconds / 3)
                result["op"] = name
                results.append(result)
                print(f"{name}, {threads} thread(s): {ratio(result.get('ratio'))}",
                      file=sys.stderr, flush=True)
    return results


def text(results, options):
    parts = []
    for threads in sorted({r["threads"] for r in results}):
        of_threads = [r for r in results if r["threads"] == threads]
        rows = [row(r) for r in of_threads]
        parts.append(f"Single ops, {threads} thread(s), milliseconds")
        parts.append(table(["op", "bnorm", "minimum", "TensorFlow", "minimum", "ratio", "of peak",
                            "of copy", "differs"], rows))
        ratios = [r["ratio"] for r in of_threads if "ratio" in r]
        if ratios:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            parts.append(f"{len(ratios)} ops, geometric mean of ratios {mean:.2f}, "
                         f"{sum(r > 1 for r in ratios)} above 1")
    for r in results:
        parts += [f"skipped: {name} on {r['op']}: {why}" for name, why in r["skipped"].items()]
    return "\n".join(parts)


def row(result):
    own, peer = (result["engines"].get(name) for name in ("bnorm", "tensorflow"))
    times = [milliseconds(figures[key]) if figures else "-" for figures in (own, peer)
             for key in ("median_ms", "min_ms")]
    own = own or {}
    difference = own.get("difference")
    return [result["op"], *times, ratio(result.get("ratio")), percent(own.get("of_peak")),
            percent(own.get("of_bandwidth")),
            "shape" if difference is None else f"{difference:.0e}"]
