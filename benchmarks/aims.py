"""What minimeta's times are to be, as ratios to other libraries, and what they are.

Times: an aim says that minimeta, eager or compiled, takes at most `limit` times as long as a peer:
the fastest variant measured of that peer, or of all peers.  Memory: a call of minimeta's holds no
more than a call of PyTorch's fastest variant.

Read next: tables.py.
"""
from typing import NamedTuple

VERDICTS = REACHED, NOT_REACHED, UNKNOWN = "reached", "not reached", "not measured"
BEST = "the best"               # of all peers
MEMORY = 1.0                    # MiB: less than this is the process, not the arrays


class Aim(NamedTuple):
    """minimeta's `variant` takes at most `limit` times as long as the peer."""
    workload: str
    variant: str
    limit: float
    peer: str
    peer_variant: str | None = None         # any, if None
    note: str = ""


def each(workloads, *aims):
    return [Aim(workload, *aim) for workload in workloads.split() for aim in aims]


AIMS = [
    *each("W1 W1_5 W2 W2_reptile", ("eager", 1.0, "PyTorch", "task axis"),
          ("eager", 0.1, "learn2learn"), ("compiled", 1.0, "JAX", "jit")),
    *each("W3", ("eager", 2.0, "PyTorch"), ("compiled", 0.8, "PyTorch"),
          ("compiled", 3.0, "JAX")),
    *each("W3_big", ("eager", 1.2, BEST), ("compiled", 1.0, BEST)),
    *each("W3_full", ("eager", 0.8, BEST)),
    *each("W4_1st W4 W4_5", ("eager", 1.5, "PyTorch", "loop"),
          ("compiled", 1.2, "PyTorch", "loop"),
          ("compiled", 1.0, "PyTorch", "loop", "in reach")),
    *each("W5a", ("compiled", 0.8, "PyTorch"), ("compiled", 1.0, "PyTorch, tuned allocator")),
    *each("W5b", ("compiled", 1.0, "PyTorch")),
    *each("W6", ("compiled", 0.55, "PyTorch"), ("compiled", 1.0, "PyTorch, tuned allocator")),
    *each("W7 W7_2", ("eager", 0.6, "PyTorch"), ("compiled", 0.25, "PyTorch")),
]


def is_peer(row):
    """Neither minimeta nor the floor that NumPy by hand is."""
    return not row["library"].startswith("minimeta") and row["library"] != "NumPy by hand"


def fastest(rows, peer, variant=None):
    """The fastest row of a peer, or of all; None if there is none."""
    found = [row for row in rows if is_peer(row) and peer in (BEST, row["library"])
             and variant in (None, row["variant"])]
    return min(found, key=lambda row: row["ms"], default=None)


def judge(aim, rows):
    """(the peer's row or None, the ratio or None, the verdict) of an aim, from the rows."""
    row = fastest([r for r in rows if r["workload"] == aim.workload], aim.peer, aim.peer_variant)
    ratio = row and row[f"{aim.variant}_over_it"]
    if ratio is None:
        return row, None, UNKNOWN
    return row, ratio, REACHED if ratio <= aim.limit else NOT_REACHED


def judge_memory(workload, rows):
    """{"eager", "compiled", "PyTorch": MiB or None} and the verdict of a workload."""
    rows = [row for row in rows if row["workload"] == workload]
    mib = {row["variant"]: row["mib"] for row in rows if row["library"] == "minimeta"}
    peer = fastest(rows, "PyTorch")
    found = {"eager": mib.get("eager"), "compiled": mib.get("compiled"),
             "PyTorch": peer and peer["mib"]}
    if any(value is None for value in found.values()):
        return found, UNKNOWN
    above = [name for name in ("eager", "compiled") if found[name] >= found["PyTorch"] + MEMORY]
    return found, "above: " + " and ".join(above) if above else "not above"
