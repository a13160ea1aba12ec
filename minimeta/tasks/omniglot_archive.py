"""From an Omniglot archive to one array, cached; read next: files.py."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
import zipfile
import zlib
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .errors import DataError
from .files import atomic, cache_folder, content, data_folder

SIZE = 28                   # pixels a side, as in Vinyals et al. 2016 and since
RAW = 105
EXAMPLES = 20
RECIPE = "box28-1"          # change it when the pixels made from an archive change
SOURCE = "https://github.com/brendenlake/omniglot/raw/master/python/"
MEMBER = re.compile(r"(?:^|/)(?P<name>[^/]+/character\d+)/[^/.][^/]*\.png$")
UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, SyntaxError, ValueError,
              NotImplementedError, RuntimeError)


class Archive(NamedTuple):
    """A published archive: its MD5 and how many characters it holds."""

    md5: str
    characters: int


ARCHIVES = {
    "images_background.zip": Archive("68d2efa1b9178cc56df9314c21c6e718", 964),
    "images_evaluation.zip": Archive("6b91aef0f799c5bb55b94e3f2daec811", 659),
}


def shrink(png: bytes) -> np.ndarray:
    """Image (28, 28) uint8 with ink 255 on 0, of a PNG of 105 x 105 dark ink on white paper."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        if image.size != (RAW, RAW):
            raise ValueError(f"an image of {image.size}, not {(RAW, RAW)}")
        # A mean over each cell: taking one pixel of 3.75 would tear the thin strokes.
        return 255 - np.asarray(image.convert("L").resize((SIZE, SIZE), Image.Resampling.BOX))


def decode(path: Path, packed: bytes) -> tuple[np.ndarray, list[str]]:
    """Images (C, 20, 28, 28) uint8 and the C names Alphabet/character, in order of name.

    Raises DataError unless every file reads and the characters are as many as were published.
    """
    cure = "delete it and run again to download it, or put a good copy there"
    if not packed:
        raise DataError(f"{path} is empty: {cure}")
    characters = defaultdict(list)
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            for member in sorted(archive.namelist()):
                match = MEMBER.search(member)
                if match:
                    characters[match["name"]].append(shrink(archive.read(member)))
    except UNREADABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path} is damaged ({reason}): {cure}") from error

    expected = ARCHIVES[path.name].characters
    if len(characters) != expected:
        raise DataError(f"{path} holds {len(characters)} characters, not {expected}: {cure}")
    for name, images in characters.items():
        if len(images) != EXAMPLES:
            raise DataError(
                f"{path} holds {len(images)} images of {name}, not {EXAMPLES}: {cure}")
    names = sorted(characters)
    return np.stack([np.stack(characters[name]) for name in names]), names


def load_cache(path: Path, characters: int) -> tuple[np.ndarray, list[str]] | None:
    """What decode gave, read from the cache; None if the file is absent or damaged in any way."""
    try:
        with np.load(path, allow_pickle=False) as file:     # npz: its CRC shows flipped bits
            images, names = file["images"], file["names"].tolist()
    except Exception:       # whatever is wrong with it, the archive has it all
        return None
    right = images.shape == (characters, EXAMPLES, SIZE, SIZE) and images.dtype == np.uint8
    return (images, names) if right and len(names) == characters else None


def read_archive(name: str) -> tuple[np.ndarray, list[str]]:
    """Images (C, 20, 28, 28) uint8 and C names of the archive, downloaded if it is absent.

    The MD5 is asked of a download only: a copy packed anew is judged by what it holds. The cache
    is named by the archive's content, so a changed archive is read anew. Raises DataError.
    """
    path = data_folder("omniglot") / name
    packed = content(path, SOURCE + name, "md5", ARCHIVES[name].md5)
    key = hashlib.sha256(RECIPE.encode() + packed).hexdigest()[:12]
    cache = cache_folder() / f"{path.stem}-{key}.npz"
    found = load_cache(cache, ARCHIVES[name].characters)
    if found is None:
        found = images, names = decode(path, packed)
        try:
            with atomic(cache) as file:
                np.savez(file, images=images, names=np.array(names))
        except OSError as error:
            warnings.warn(f"{cache} cannot be written ({error.strerror}), so the images are read "
                          "anew every time: set MINIMETA_CACHE to a folder that can")
    return found
