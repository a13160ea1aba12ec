"""Trained weights in a file, with all that is needed to use them again; read next: compare.py."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..device import to_host
from ..meta.learner import Learner
from ..tasks.files import atomic
from .methods import TABLE, build

FORMAT = "minimeta-weights-1"


class CheckpointError(ValueError):
    """A file that holds no usable weights; the message is one line: the file and why."""


class Checkpoint(NamedTuple):
    """Weights theta (P,), and the arguments of `build` that made their learner."""

    theta: np.ndarray
    method: str
    data: str
    seed: int
    ways: int
    filters: int | None
    iterations: int

    def learner(self) -> Learner:
        """The trained learner, ready to adapt and predict; its optimiser starts anew."""
        made = build(self.method, self.data, self.seed, self.ways, self.filters, self.iterations)
        if made.theta.shape != self.theta.shape:
            raise CheckpointError(
                f"{self.theta.size} weights do not fit the {made.theta.size} of {self.method} on "
                f"{self.data}: they come from another version or are not minimeta's")
        made.theta = self.theta
        return made


def save(path: Path | str, checkpoint: Checkpoint) -> None:
    """Write the weights to `path`, an .npz file, whole or not at all.  Raises OSError."""
    about = checkpoint._asdict() | {"format": FORMAT}
    theta = to_host(about.pop("theta"))
    with atomic(Path(path)) as file:
        np.savez(file, theta=theta, about=np.array(json.dumps(about)))


def load(path: Path | str) -> Checkpoint:
    """The checkpoint in the file at `path`.

    Raises CheckpointError if it is damaged or something else, OSError if it cannot be opened.
    """
    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as arrays:
                theta, about = arrays["theta"], json.loads(arrays["about"].item())
        except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, OSError,
                AttributeError) as error:
            raise CheckpointError(f"{path} holds no minimeta weights, or is damaged "
                                  f"({' '.join(str(error).split()) or 'empty'})") from error
    if not isinstance(about, dict) or about.pop("format", None) != FORMAT:
        raise CheckpointError(f"{path} is not of the format {FORMAT}")
    try:
        checkpoint = Checkpoint(theta=theta, **about)
    except TypeError as error:
        raise CheckpointError(f"{path} lacks settings, or has foreign ones ({error})") from error
    if checkpoint.method not in TABLE.get(checkpoint.data, {}) or theta.ndim != 1:
        raise CheckpointError(f"{path} holds weights of {checkpoint.method!r} on "
                              f"{checkpoint.data!r}, which this version does not know")
    return checkpoint
