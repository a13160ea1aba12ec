"""The folder that a comparison leaves behind; read next: ../cli/main.py."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from ..run import checkpoint
from ..run.results import Comparison, plain
from ..tasks.files import atomic
from .figures import figures
from .table import as_json, as_markdown


def write_folder(comparison: Comparison, out: Path) -> list[Path]:
    """Write `out`/<data>/: table.json, table.md, settings.json, figures/*.png, weights/*.npz.

    The paths that were written; each file is replaced whole.  Raises OSError.
    """
    home = Path(out) / comparison.settings.data
    settings = plain(dataclasses.asdict(comparison.settings))
    texts = {"table.json": dumps(as_json(comparison)), "table.md": as_markdown(comparison),
             "settings.json": dumps(settings)}
    written = []
    for name, text in texts.items():
        with atomic(home / name) as file:
            file.write(text.encode())
        written.append(home / name)
    for result in comparison.finished():
        path = home / "weights" / f"{result.method}.npz"
        checkpoint.save(path, result.checkpoint)
        written.append(path)
    for name, figure in figures(comparison).items():
        path = home / "figures" / f"{name}.png"
        with atomic(path) as file:
            figure.savefig(file, format="png")
        written.append(path)
    return written


def dumps(value: object) -> str:
    """Strict, readable JSON."""
    return json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
