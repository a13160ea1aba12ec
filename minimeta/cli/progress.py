"""Progress: a bar for each method on a terminal, a line for each elsewhere; read next: main.py."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

import click

from ..run.results import NAMES, Event

STAGES = {"time": "timing", "train": "training", "test": "testing", "done": "done"}
INTERVAL = 0.1              # seconds between two updates: a step may take a millisecond


class Progress:
    """Called with Events inside a `with` block; writes to stderr only."""

    def __init__(self, data: str):
        self.data, self.bars, self.tasks = data, None, {}
        self.started: dict[str, float] = {}
        self.shown = 0.0

    def __enter__(self) -> Progress:
        if sys.stderr.isatty():
            from rich import progress
            from rich.console import Console

            self.bars = progress.Progress(
                progress.TextColumn("{task.description:<34}"), progress.BarColumn(),
                progress.MofNCompleteColumn(), progress.TimeElapsedColumn(),
                progress.TimeRemainingColumn(), console=Console(stderr=True))
            self.bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self.bars is not None:
            self.bars.stop()

    def __call__(self, event: Event) -> None:
        """Show one Event."""
        now = time.perf_counter()
        begun = self.started.setdefault(event.method, now)
        if self.bars is not None:
            self.draw(event, now)
        elif event.stage == "done":
            click.echo(f"{self.data}: {NAMES[event.method]} finished in {now - begun:.1f} s",
                       err=True)

    def draw(self, event: Event, now: float) -> None:
        """Move the method's bar."""
        if event.stage == "train" and now - self.shown < INTERVAL and event.step < event.total:
            return
        self.shown = now
        if event.method not in self.tasks:
            self.tasks[event.method] = self.bars.add_task("", total=None)
        changes: dict[str, Any] = {
            "description": f"{NAMES[event.method]}: {STAGES[event.stage]}"}
        if event.stage == "train":
            changes |= {"completed": event.step, "total": event.total}
        self.bars.update(self.tasks[event.method], **changes)
