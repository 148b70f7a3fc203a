"""One case on all engines in turns: the measurement that every table is made of."""
from lanes import BNormLane, LaneError, MachineLane, PeerLane, difference, take_turns


def race(case, threads, *, binary, peers, machine, seconds):
    """Times `case` on bnorm and the peers.

    `peers` are PeerLanes that stay for the next case; one that fails is only left out of this one.
    Returns a dictionary: `engines` name: figures with `difference` from the first peer's outputs,
    `skipped` name: reason, `ratio` of bnorm's median to the best peer's, and the roofline.
    """
    skipped, lanes = {}, []
    try:
        lanes.append(BNormLane(binary, case, threads))
    except LaneError as error:
        skipped["bnorm"] = str(error)
    for peer in peers:
        try:
            peer.load(case)
            lanes.append(peer)
        except LaneError as error:
            skipped[peer.name] = str(error)
    machine.slices = []
    alive, failed = take_turns([*lanes, machine], seconds)
    skipped.update(failed)
    for lane in lanes:
        if isinstance(lane, BNormLane):
            lane.close()
    engines = {}
    reference = next((lane.outputs for lane in lanes if lane.name != "bnorm"), None)
    for lane in lanes:
        if lane not in alive:
            continue
        figures = engines[lane.name] = lane.summary()
        figures["load_ms"] = lane.loaded["load_ms"] + lane.loaded.get("first_run_ms", 0)
        if reference is not None:
            figures["difference"] = difference(
                reference[:case.compared], lane.outputs[:case.compared])
    result = {"case": case.prefix.name, "batch": case.batch, "threads": threads,
              "engines": engines, "skipped": skipped}
    if machine in alive:
        result["machine"] = machine.summary()
        add_roofline(result, case)
    add_ratio(result)
    return result


def add_ratio(result):
    engines = dict(result["engines"])
    own = engines.pop("bnorm", None)
    if own and engines:
        best = min(engines, key=lambda name: engines[name]["median_ms"])
        result["best_peer"] = best
        result["ratio"] = own["median_ms"] / engines[best]["median_ms"]
        result["min_ratio"] = own["min_ms"] / min(e["min_ms"] for e in engines.values())


def add_roofline(result, case):
    """Which share of the machine's peak arithmetic, or of its copy bandwidth, each engine reaches."""
    machine = result["machine"]
    for figures in result["engines"].values():
        figures["of_peak"] = case.flops / figures["median_ms"] * 1e-6 / machine["gflops"]
        figures["of_bandwidth"] = case.bytes / figures["median_ms"] * 1e-6 / machine["copy_gb_s"]


class Peers:
    """The peers' processes for one number of threads, and the machine's."""

    def __init__(self, engines, threads, copy_bytes=64 << 20):
        self.lanes = [PeerLane(engine, threads) for engine in engines]
        self.machine = MachineLane(threads, copy_bytes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for lane in [*self.lanes, self.machine]:
            lane.close()
