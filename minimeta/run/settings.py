"""What a comparison is asked to do, checked before anything is computed; read next: methods.py."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from numbers import Integral, Real

DATA = ("sinusoid", "glyphs", "omniglot")
METHODS = ("maml", "fomaml", "reptile", "prototypical", "matching", "joint")
SPLITS = ("background", "vinyals")
DEVICES = ("cpu", "gpu")
DEFAULTS = {                # data: shots, filters, test episodes
    "sinusoid": (10, None, 1000),
    "glyphs": (1, 16, 600),
    "omniglot": (1, 64, 600),
}


class SettingsError(ValueError):
    """Something that cannot be done was asked for; the message is one line with the cure."""


@dataclass(frozen=True)
class Settings:
    """One comparison on one data set.

    Parameters
    ----------
    data : str
        "sinusoid" (regression), "glyphs" or "omniglot" (images, N ways of K shots).
    methods : tuple of str
        Names out of METHODS, trained in this order; repeats are dropped.  By default all, but on
        images without "joint", the baseline of the sinusoids.
    ways, shots : int
        Classes a task and support examples a class; on sinusoids `shots` points and no ways.
    filters : int
        Of every convolution; on sinusoids there are none.
    iterations : int, optional
        Meta-steps of every method; by default those of the table in methods.py.
    minutes : float, optional
        Time for the whole comparison, shared over the methods; not together with iterations.
    test_episodes, seed : int
        Test tasks, and the one seed from which all randomness comes.
    split : str
        Of Omniglot: "background" (Lake's) or "vinyals".
    device : str
        "cpu" or "gpu", where everything is computed.

    shots, filters and test_episodes that are None take the data set's default.  Raises
    SettingsError.
    """

    data: str
    methods: tuple[str, ...] | None = None
    ways: int = 5
    shots: int | None = None
    filters: int | None = None
    iterations: int | None = None
    minutes: float | None = None
    test_episodes: int | None = None
    seed: int = 0
    split: str = "background"
    device: str = "cpu"

    def __post_init__(self):
        known("data set", self.data, DATA)
        known("split", self.split, SPLITS)
        known("device", self.device, DEVICES)
        if self.methods is None:
            images = tuple(method for method in METHODS if method != "joint")
            object.__setattr__(self, "methods", METHODS if self.data == "sinusoid" else images)
        for method in self.methods:
            known("method", method, METHODS)
        if not self.methods:
            raise SettingsError(f"no method is named: choose from {', '.join(METHODS)}")
        object.__setattr__(self, "methods", tuple(dict.fromkeys(self.methods)))
        names = "shots", "filters", "test_episodes"
        for name, default in zip(names, DEFAULTS[self.data]):
            if getattr(self, name) is None or self.data == "sinusoid" and name == "filters":
                object.__setattr__(self, name, default)
        for name in ("ways", "iterations", *names):
            whole(name, getattr(self, name), least=2 if name == "ways" else 1)
        whole("seed", self.seed, least=0)
        if self.minutes is not None:
            if not isinstance(self.minutes, Real) or not 0 < self.minutes < math.inf:
                raise SettingsError(f"minutes must be a positive number, not {self.minutes}")
            if self.iterations is not None:
                raise SettingsError("iterations and minutes both say how long to train: "
                                    "give one of them")


def known(kind: str, name: str, names: tuple[str, ...]) -> None:
    """Raise SettingsError, with the nearest of `names`, unless `name` is one of them."""
    if name not in names:
        near = difflib.get_close_matches(name.lower(), names, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise SettingsError(f"unknown {kind} {name!r}{hint} (known: {', '.join(names)})")


def whole(name: str, number: int | None, least: int) -> None:
    """Raise SettingsError unless `number` is None or an integer of at least `least`."""
    if number is not None and (not isinstance(number, Integral) or number < least):
        raise SettingsError(f"{name} must be an integer of at least {least}, not {number}")
