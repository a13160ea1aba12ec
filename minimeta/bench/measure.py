"""Timing: warm, waited for, and by the median.

Read next: peers.py.
"""
from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..device import CPU, Device, to_host
from .peers import PEERS, Missing
from .problems import PROBLEMS, ours

WARM_UPS = 2            # the first compiles, the second finds memory
LEAST, MOST = 3, 200    # times that a step is taken
AGREE = 0.02            # gradients of float32 may differ by so much of their length


class Cell(NamedTuple):
    """One library on one device: median seconds of a step, how many were taken; or why none."""
    who: str
    seconds: float | None
    steps: int = 0
    note: str = ""


class Row(NamedTuple):
    """A problem, and a cell for each library; the first is minimeta on the CPU."""
    name: str
    about: str
    cells: list[Cell]

    def ratio(self, cell: Cell) -> float | None:
        """How many times faster than the first cell."""
        first = self.cells[0].seconds
        return first / cell.seconds if first and cell.seconds else None


def median_seconds(step: Callable[[], object], wait: Callable[[object], object], seconds: float,
                   clock: Callable[[], float] = time.perf_counter) -> tuple[float, int]:
    """(median time of a step, number of steps) in about `seconds`, after a warm-up.

    wait(result) returns when the device is done; no clock is read before.
    """
    for _ in range(WARM_UPS):
        wait(step())
    taken, begin = [], clock()
    while len(taken) < LEAST or (clock() - begin < seconds and len(taken) < MOST):
        start = clock()
        wait(step())
        taken.append(clock() - start)
    return statistics.median(taken), len(taken)


def run(device: Device = CPU, names=tuple(PROBLEMS), seed: int = 0, quick: bool = False,
        on_cell: Callable[[str, Cell], None] = lambda name, cell: None) -> list[Row]:
    """A Row for each named problem: minimeta on the CPU, and with a GPU there, and the peers there.

    A peer whose gradient is not ours is not timed; its note says so.
    """
    seconds, rows = (0.2 if quick else 3.0), []
    for name in names:
        problem = PROBLEMS[name](np.random.default_rng(seed), quick)
        row = Row(name, problem.about, [])
        judge = None
        for who, make in _contestants(device):
            try:
                step, wait, get = make(problem)
                found = get(step())
                judge = found if judge is None else judge
                off = np.linalg.norm(found - judge) / np.linalg.norm(judge)
                cell = Cell(who, *median_seconds(step, wait, seconds)) if off < AGREE else \
                    Cell(who, None, note=f"its gradient is off by {100 * off:.3g} %")
            except Missing as error:
                cell = Cell(who, None, note=str(error))
            row.cells.append(cell)
            on_cell(name, cell)
        rows.append(row)
    return rows


def _contestants(device):
    """(name, make(problem) -> (step, wait, get)), the CPU first."""
    def on(where):
        return lambda problem: (ours(problem, where), lambda _: where.synchronize(), to_host)
    yield "minimeta, CPU", on(CPU)
    if device.name != "cpu":
        yield "minimeta, GPU", on(device)
        for name, peer in PEERS.items():
            yield f"{name}, GPU", lambda problem, peer=peer: peer("gpu").contest(problem)
