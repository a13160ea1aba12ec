"""Training, testing and comparing the methods: results are computed here, and shown elsewhere.

Read next: settings.py.
"""
from .checkpoint import Checkpoint, CheckpointError
from .compare import Comparison, Event, Result, compare
from .evaluate import Score, evaluate, score
from .methods import build
from .settings import DATA, METHODS, SPLITS, Settings, SettingsError
from .train import Training, fit

__all__ = ["Checkpoint", "CheckpointError", "Comparison", "DATA", "Event", "METHODS", "Result",
           "SPLITS", "Score", "Settings", "SettingsError", "Training", "build", "compare",
           "evaluate", "fit", "score"]
