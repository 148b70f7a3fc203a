"""Processes that take turns on the same cores: one lane an engine, and one for the machine."""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np

import environment

HERE = pathlib.Path(__file__).parent


class LaneError(Exception):
    """Why an engine cannot run a case."""


class Lane:
    """A process that answers lines with JSON."""

    def __init__(self, name, command, **options):
        self.name = name
        self.slices = []
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True,
                                        bufsize=1, **options)

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            said = self.errors.read().strip().splitlines()
            raise LaneError((said or [f"ended with code {self.process.wait()}"])[-1][:200])
        answer = json.loads(line)
        if "error" in answer:
            raise LaneError(answer["error"])
        return answer

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
        except BrokenPipeError:
            pass
        return self.answer()

    def slice(self, seconds):
        return self.ask(str(seconds))

    def summary(self):
        """Median over slices of each slice's median, and the least of all runs."""
        return {
            "median_ms": statistics.median(s["median_ms"] for s in self.slices),
            "min_ms": min(s["min_ms"] for s in self.slices),
            "runs": sum(s["runs"] for s in self.slices),
            "peak_rss_mib": max(s.get("peak_rss_mib", 0) for s in self.slices),
        }

    def close(self):
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait()


class BNormLane(Lane):
    def __init__(self, binary, case, threads):
        feeds = [part for name, path in case.feed_files().items()
                 for part in ("--feed", f"{name}={path}")]
        fetches = [part for name in case.fetches for part in ("--fetch", name)]
        graph = [case.file("pb"), *feeds, *fetches, "--threads", threads]
        self.outputs = run_once([binary, "run", *graph], case.fetches)
        super().__init__("bnorm", [binary, "bench", *graph, "--slices"])
        self.loaded = self.answer()


class PeerLane(Lane):
    """A peer's worker; takes one case after the other, since importing TensorFlow is slow."""

    def __init__(self, engine, threads):
        super().__init__(engine, [sys.executable, HERE / "worker.py", engine, threads])

    def load(self, case):
        self.slices = []
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder, "out.npz")
            self.loaded = self.ask(f"load {case.prefix} {case.batch} {out}")
            with np.load(out) as arrays:
                self.outputs = [arrays[name] for name in arrays.files]

    def slice(self, seconds):
        return self.ask(f"run {seconds}")


class MachineLane(Lane):
    """Peak arithmetic and copy bandwidth, measured between the engines' turns."""

    def __init__(self, threads, size=64 << 20):
        self.size = size
        super().__init__("machine", [machine_binary(), threads, size])
        self.answer()

    def summary(self):
        result = super().summary()
        # A peak: a slice that another process disturbed says nothing.
        result["gflops"] = max(s["gflops"] for s in self.slices)
        result["copy_gb_s"] = 2 * self.size / result["median_ms"] * 1e-6
        return result


def machine_binary():
    """Compiles machine.c once for each state of its source."""
    sources = [HERE / "machine.c", HERE.parent / "kernel-bench" / "peak.c"]
    binary = environment.cache() / "machine"
    binary.parent.mkdir(parents=True, exist_ok=True)
    if not binary.exists() or binary.stat().st_mtime < max(s.stat().st_mtime for s in sources):
        subprocess.run(["clang", "-std=gnu17", "-O2", *sources, "-o", binary, "-lpthread"],
                       check=True)
    return binary


def run_once(command, fetches):
    """The outputs of one run of bnorm-run, in the order of the fetches."""
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder, f"{i}.npy") for i in range(len(fetches))]
        for name, file in zip(fetches, files):
            command = [*command, "--output", f"{name}={file}"]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode:
            raise LaneError((done.stderr.strip().splitlines() or ["?"])[-1][:200])
        return [np.load(file) for file in files]


def take_turns(lanes, seconds, slice_seconds=0.2):
    """Rounds of one slice a lane until each had `seconds`; the order turns at each round.

    Returns the lanes that did not fail, and name: reason for those that did.
    """
    failed = {}
    lanes = list(lanes)
    for _ in range(max(3, round(seconds / slice_seconds))):
        for lane in list(lanes):
            try:
                lane.slices.append(lane.slice(slice_seconds))
            except LaneError as error:
                failed[lane.name] = str(error)
                lanes.remove(lane)
        lanes.append(lanes.pop(0))
    return lanes, failed


def difference(wanted, got):
    """The largest absolute difference over the largest magnitude wanted; None: other shapes."""
    worst = 0.0
    for a, b in zip(wanted, got):
        if a.size != b.size:
            return None
        a, b = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
        finite = np.isfinite(a) & np.isfinite(b)
        if a.size and finite.any():
            scale = np.abs(a[finite]).max() or 1.0
            worst = max(worst, float(np.abs(a - b)[finite].max() / scale))
        if not np.array_equal(np.isfinite(a), np.isfinite(b)):
            return float("inf")
    return worst
