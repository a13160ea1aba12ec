"""What a comparison found: plain data for tables and figures; read next: ../report/table.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..tasks import Episode
from .checkpoint import Checkpoint
from .evaluate import Score
from .methods import Preset
from .settings import Settings
from .train import Training

NAMES = {"maml": "MAML", "fomaml": "FOMAML", "reptile": "Reptile", "prototypical": "Prototypical",
         "matching": "Matching", "joint": "Joint"}


class Event(NamedTuple):
    """Progress of a method: `stage` is "time", "train", "test" or "done"; step of total."""

    method: str
    stage: str
    step: int = 0
    total: int = 0


@dataclass
class Result:
    """One method's row.  `note` says why it is empty or incomplete; the rest may then be None.

    scores: for each number of adaptation steps (None: a method without steps) a Score.
    shown: for the same keys the outputs on Comparison.shown: (T, N, 1), or labels (T, N).
    """

    method: str
    note: str | None = None
    preset: Preset | None = None
    second_order: bool | None = None
    network: str | None = None
    batch_norm: str | None = None
    parameters: int | None = None
    training: Training | None = None
    peak_megabytes: float | None = None
    checkpoint: Checkpoint | None = None
    scores: dict[int | None, Score] = field(default_factory=dict)
    shown: dict[int | None, np.ndarray] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The method's name as it is printed."""
        return NAMES[self.method]

    @property
    def before(self) -> Score | None:
        """Before adaptation; None for a method without steps."""
        return self.scores.get(0)

    @property
    def after(self) -> Score | None:
        """After adaptation; None for a method that does not adapt."""
        last = list(self.scores)[-1:]
        return self.scores[last[0]] if last and last[0] != 0 else None


@dataclass
class Comparison:
    """All rows of one data set.

    about, hashes: the data in words, and each split's hash.  shown: a few test tasks, which every
    method was asked for its outputs on; on sinusoids the queries are a fine grid.
    """

    settings: Settings
    about: list[str]
    hashes: dict[str, str]
    shown: Episode
    results: list[Result] = field(default_factory=list)
    interrupted: bool = False

    @property
    def is_regression(self) -> bool:
        """Whether scores are errors (small is good) or accuracies (large is good)."""
        return self.settings.data == "sinusoid"

    def finished(self) -> list[Result]:
        """The results that have scores."""
        return [result for result in self.results if result.scores]


def plain(value: Any) -> Any:
    """`value` as JSON has it: lists for tuples and arrays, None for numbers that are not finite."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
