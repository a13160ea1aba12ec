"""Where data lives, and how a file arrives there whole or not at all; read next: errors.py."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .errors import DataError

BLOCK = 1 << 16
CURE = "put the file there by hand, or set MINIMETA_DATA to the folder that holds omniglot"
TIMEOUT = 30                # seconds without an answer before a download is given up


def cache_folder() -> Path:
    """The user's cache: $MINIMETA_CACHE, else minimeta in $XDG_CACHE_HOME or ~/.cache."""
    own = os.environ.get("MINIMETA_CACHE")
    shared = os.environ.get("XDG_CACHE_HOME")
    return Path(own) if own else (Path(shared) if shared else Path.home() / ".cache") / "minimeta"


def data_folder(name: str) -> Path:
    """The folder of data set `name`: under $MINIMETA_DATA, else under the user's cache."""
    return Path(os.environ.get("MINIMETA_DATA") or cache_folder()) / name


@contextmanager
def atomic(path: Path) -> Iterator[BinaryIO]:
    """A file open for writing that becomes `path` only if the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb") as file:
            yield file
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A function that is told the bytes that arrived; a bar on a terminal, silent elsewhere."""
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task(title, total=total)
        yield lambda count: bars.advance(bar, count)


def download(url: str, path: Path, algorithm: str, digest: str) -> None:
    """Put the file at `url` at `path`, having checked its hash; nothing is left of a failure.

    `digest` is the hash in hex by `algorithm`, a name hashlib knows. Raises DataError.
    """
    # Slow to import, and most runs find their data in place.
    import http.client
    import urllib.request

    found = hashlib.new(algorithm, usedforsecurity=False)
    try:
        with atomic(path) as file, urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
            length = answer.headers.get("Content-Length")
            with progress(path.name, int(length) if length else None) as arrived:
                while block := answer.read(BLOCK):
                    file.write(block)
                    found.update(block)
                    arrived(len(block))
            if found.hexdigest() != digest:
                raise DataError(
                    f"{url} sent a file whose {algorithm.upper()} is {found.hexdigest()}, not "
                    f"{digest}: try again, or {CURE}")
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise DataError(
            f"{path} is missing and could not be downloaded from {url} ({reason}): {CURE}"
        ) from error


def content(path: Path, url: str, algorithm: str, digest: str) -> bytes:
    """The bytes of the file at `path`, downloaded first if it is absent. Raises DataError.

    The hash is asked of a download only: a file that someone put there is theirs.
    """
    try:
        if not path.exists():
            download(url, path, algorithm, digest)
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): {CURE}") from error
