"""A set of image classes with names and a hash; read next: omniglot.py."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple


class ImageSet(NamedTuple):
    """Images (C, E, H, W) uint8, ink 0..255: C classes of E examples, their C names, a sentence."""

    images: Any
    names: list[str]
    about: str

    @property
    def hash(self) -> str:
        """Ten hex digits of the names in their order: two runs with one hash had one split."""
        return hashlib.sha256("\n".join(self.names).encode()).hexdigest()[:10]
