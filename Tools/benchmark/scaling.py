"""What a node costs, and whether ten times the work costs ten times the time."""
import json
import pathlib
import subprocess
import sys

import environment
from case import Case
from race import Peers, race
from synthetic import CHAINS
from table import milliseconds, ratio, table

HERE = pathlib.Path(__file__).parent


def folder():
    path = environment.cache() / "synthetic"
    if not (path / "made").exists():
        path.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, HERE / "synthetic.py", path], check=True,
                       stdout=subprocess.DEVNULL)
    return path


def bench(options, name):
    """One process of `bnorm-run bench`, one thread; the best of three for each figure."""
    case = Case(folder() / name)
    feeds = [part for feed, file in case.feed_files().items()
             for part in ("--feed", f"{feed}={file}")]
    command = [options.binary, "bench", case.file("pb"), *feeds, "--threads", "1", "--json",
               "--seconds", str(min(options.seconds, 1))]
    runs = [json.loads(subprocess.run([str(part) for part in command], check=True,
                                      capture_output=True, text=True).stdout) for _ in range(3)]
    return {key: min(run[key] for run in runs)
            for key in ("load_ms", "first_run_ms", "median_ms", "min_ms")}


def measure(options):
    results = {"chains": [], "single": {}}
    peers = [peer for peer in options.peers if peer == "tensorflow"]
    with Peers(peers, 1) as lanes:
        for kind in ("elementwise", "mixed"):
            case = Case(folder() / f"{kind}_1000")
            results["chains"].append(race(
                case, 1, binary=options.binary, peers=lanes.lanes, machine=lanes.machine,
                seconds=options.seconds))
    names = [f"{kind}_{length}" for kind in ("elementwise", "mixed") for length in CHAINS]
    for name in [*names, "network_base", "network_batch", "network_area"]:
        results["single"][name] = bench(options, name)
    return results


def text(results, options):
    rows = []
    for r in results["chains"]:
        own, peer = (r["engines"].get(name, {}).get("median_ms") for name in
                     ("bnorm", "tensorflow"))
        rows.append([r["case"], f"{own * 1e3:.0f}", f"{peer * 1e3:.0f}" if peer else "-",
                     ratio(r.get("ratio"))])
    parts = ["Nanoseconds a node in a chain of 1,000 tiny ops, one thread",
             table(["chain", "bnorm", "TensorFlow", "ratio"], rows)]
    single, rows = results["single"], []
    for kind in ("elementwise", "mixed"):
        for key in ("load_ms", "first_run_ms", "median_ms"):
            rows.append(growth(f"nodes of the {kind} chain: {key[:-3].replace('_', ' ')}",
                               single[f"{kind}_1000"][key], single[f"{kind}_10000"][key]))
    for what in ("batch", "area"):
        rows.append(growth(f"{what} of a small network", single["network_base"]["median_ms"],
                           single[f"network_{what}"]["median_ms"]))
    parts += ["\nTen times as much, milliseconds; linear if the ratio is at most 11",
              table(["of what", "one", "ten", "ratio"], rows)]
    rows = [[f"{kind}_50000", milliseconds(s["load_ms"]), milliseconds(s["first_run_ms"])]
            for kind in ("elementwise", "mixed") for s in [single[f"{kind}_50000"]]]
    parts += ["\nA graph of 50,000 nodes, milliseconds; wanted: 2000 to load, 1000 to plan and run",
              table(["graph", "load", "plan and first run"], rows)]
    return "\n".join(parts)


def growth(what, one, ten):
    return [what, milliseconds(one), milliseconds(ten), f"{ten / one:.1f}"]
