"""The networks' section: every engine on every network, thread count and batch."""
import pathlib
import subprocess
import sys

import environment
from case import Case
from networks import ARCHITECTURES
from race import Peers, race
from table import milliseconds, percent, ratio, table

HERE = pathlib.Path(__file__).parent


def prefix(name):
    """Where a network lies; made when it is first asked for."""
    folder = environment.cache() / "networks"
    if not (folder / f"{name}.made").exists():
        folder.mkdir(parents=True, exist_ok=True)
        print(f"making {name}", file=sys.stderr)
        subprocess.run([sys.executable, HERE / "networks.py", folder, name], check=True,
                       stdout=subprocess.DEVNULL)
    return folder / name


def measure(options):
    cases = [prefix(name) for name in options.models or ARCHITECTURES]
    results = []
    for threads in options.threads:
        for path in cases:
            for batch in options.batch:
                # New processes for each network: peak memory is per process.
                with Peers(options.peers, threads) as peers:
                    result = race(Case(path, batch), threads, binary=options.binary,
                                  peers=peers.lanes, machine=peers.machine,
                                  seconds=options.seconds)
                print(f"{path.name} batch {batch} threads {threads}: "
                      f"{ratio(result.get('ratio'))} of {result.get('best_peer')}",
                      file=sys.stderr, flush=True)
                results.append(result)
    return results


def text(results, options):
    """One table for each number of threads and batch."""
    parts = []
    names = ["bnorm", *options.peers]
    for key in sorted({(r["threads"], r["batch"]) for r in results}):
        rows = []
        for r in results:
            if (r["threads"], r["batch"]) != key:
                continue
            own = r["engines"].get("bnorm", {})
            rows.append([r["case"], *(cell(r, name) for name in names),
                         ratio(r.get("ratio")), r.get("best_peer", ""),
                         percent(own.get("of_peak")), f"{own.get('peak_rss_mib', 0):.0f}",
                         agreement(r)])
        parts.append(f"\nNetworks, {key[0]} thread(s), batch {key[1]}: median (minimum) milliseconds")
        parts.append(table(["network", *names, "ratio", "best peer", "of peak", "MiB", "differs"],
                           rows))
        parts.append(memory(results, key, names))
    skipped = {(name, reason, r["case"]) for r in results for name, reason in r["skipped"].items()}
    parts += [f"skipped: {name} on {case}: {reason}" for name, reason, case in sorted(skipped)]
    return "\n".join(parts).lstrip()


def cell(result, name):
    figures = result["engines"].get(name)
    if not figures:
        return "-"
    return f"{milliseconds(figures['median_ms'])} ({milliseconds(figures['min_ms'])})"


def agreement(result):
    """bnorm's difference from the reference, as a share of the largest output."""
    value = result["engines"].get("bnorm", {}).get("difference")
    return "shape" if value is None else f"{value:.0e}"


def memory(results, key, names):
    rows = [[r["case"], *(f"{r['engines'][n]['peak_rss_mib']:.0f}" if n in r["engines"] else "-"
                          for n in names)]
            for r in results if (r["threads"], r["batch"]) == key]
    return "\nPeak resident memory, MiB\n" + table(["network", *names], rows)
