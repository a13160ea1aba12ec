"""Omniglot, 1,623 handwritten characters, and its two usual splits; read next: omniglot_archive.py.

Source: Lake, Salakhutdinov, Tenenbaum 2015, "Human-level concept learning through probabilistic
program induction"; 50 alphabets, each character drawn once by each of 20 people.
"""

from __future__ import annotations

import numpy as np

from .errors import DataError
from .files import content, data_folder
from .imageset import ImageSet
from .omniglot_archive import read_archive

LISTS_SOURCE = ("https://raw.githubusercontent.com/jakesnell/prototypical-networks/master/"
                "data/omniglot/splits/vinyals/")
LISTS = {                   # SHA-256 of each list
    "train": "984522c194c30fb678ce53304a160a42faf5403ad4f9a67010f32dd3a35738e0",
    "val": "11f99e54faee3e26f53d3231c1cceac5bf7b8730e9be31cb6dab256551dc0c1a",
    "trainval": "5276ae50c755596d0bff7f2284e85625695549a85ee6e36b6491ad1e5d1cc26a",
    "test": "845264cc5c156180828ccf17915668b17ee21424d0170df6e7d81676aa5d1204",
}
TURNS = {"rot000": 0, "rot090": 1, "rot180": 2, "rot270": 3}
SPLITS = ("background", "evaluation", *(f"vinyals/{part}" for part in LISTS))


def rotations(images: np.ndarray, names: list[str]) -> tuple[np.ndarray, list[str]]:
    """Images (4C, E, H, H) and names Alphabet/character/rotDDD of images (C, E, H, H), C names.

    Each turned by 0, 90, 180 and 270 degrees counter-clockwise, the four turns of a character
    side by side. Counter-clockwise is how Snell et al. 2017 read rot090 in Vinyals' lists; as
    every list holds all four turns of its characters, the set of classes does not depend on it.
    """
    turned = np.stack([np.rot90(images, k, axes=(2, 3)) for k in TURNS.values()], axis=1)
    return (turned.reshape(-1, *images.shape[1:]),
            [f"{name}/{turn}" for name in names for turn in TURNS])


def vinyals_list(part: str) -> list[str]:
    """Class names Alphabet/character/rotDDD of `part`: train, val, trainval or test.

    Read from omniglot/splits/vinyals in the data folder, downloaded there if absent. A list of
    one's own may stand there: the split's hash tells. Raises DataError.
    """
    path = data_folder("omniglot") / "splits" / "vinyals" / f"{part}.txt"
    text = content(path, LISTS_SOURCE + path.name, "sha256", LISTS[part])
    cure = "delete it and run again to download it, or put a good copy there"
    try:
        names = text.decode().split()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not text: {cure}") from error
    if not names:
        raise DataError(f"{path} is empty: {cure}")
    for name in names:
        if name.count("/") != 2 or name.rpartition("/")[2] not in TURNS:
            raise DataError(f"{path} holds {name[:60]!r}, not Alphabet/character/rotDDD: {cure}")
    if len(set(names)) < len(names):
        raise DataError(f"{path} names a class twice: {cure}")
    return names


def vinyals(part: str) -> ImageSet:
    """Images (C, 20, 28, 28) of the classes that Vinyals' list names, in the list's order."""
    wanted = vinyals_list(part)
    both = [read_archive(f"images_{half}.zip") for half in ("background", "evaluation")]
    images = np.concatenate([images for images, _ in both])
    row = {name: i for i, name in enumerate(name for _, names in both for name in names)}
    split = [name.rpartition("/") for name in wanted]
    missing = next((name for name, _, _ in split if name not in row), None)
    if missing:
        raise DataError(f"Vinyals' {part}.txt names {missing}, which is in neither archive: "
                        f"delete omniglot/splits/vinyals/{part}.txt to download it again")
    rows = np.array([row[name] for name, _, _ in split])
    turns = np.array([TURNS[turn] for _, _, turn in split])
    chosen = images[rows]
    for k in range(1, 4):
        chosen[turns == k] = np.rot90(chosen[turns == k], k, axes=(2, 3))
    return ImageSet(chosen, wanted,
                    f"Omniglot, Vinyals' {part}: {len(set(rows.tolist()))} characters, with their "
                    f"rotations {len(wanted)} classes of {images.shape[1]}")


def load(split: str = "background", rotated: bool | None = None) -> ImageSet:
    """ImageSet (C, 20, 28, 28) uint8 of one split, ink high; names Alphabet/character/rotDDD.

    Parameters
    ----------
    split : str
        "background" (964 characters), "evaluation" (659), or "vinyals/train", "vinyals/val",
        "vinyals/trainval", "vinyals/test" (1028, 172, 1200, 423 characters, 4 rotations each).
    rotated : bool, optional
        Add the quarter turns as classes of their own, 4C in all; False if not given. Vinyals'
        lists name their rotations, so there it must be left out.

    Raises DataError when data is missing or damaged, ValueError for an unknown split.
    """
    if split not in SPLITS:
        raise ValueError(f"unknown Omniglot split {split!r}: use one of {', '.join(SPLITS)}")
    if split.startswith("vinyals/"):
        if rotated is not None:
            raise ValueError(f"{split} names its own rotations: leave `rotated` out")
        return vinyals(split.partition("/")[2])
    images, names = read_archive(f"images_{split}.zip")
    about = f"Omniglot {split}: {len(names)} characters"
    if rotated:
        images, names = rotations(images, names)
        about += f", with their rotations {len(names)} classes"
    else:
        names = [f"{name}/rot000" for name in names]
        about += ", not rotated,"
    return ImageSet(images, names, f"{about} of {images.shape[1]}")


def omniglot_splits(kind: str = "background",
                    rotated: tuple[str, ...] | None = None) -> dict[str, ImageSet]:
    """ImageSets by part, each (C, 20, 28, 28) uint8: what to train on and what to test on.

    kind "background": `train` is Lake's background set, `test` his evaluation set, which shares
    no alphabet with it. `rotated` names the parts that get rotations as new classes: by default
    ("train",), so that training has 3,856 classes and the test is on characters as people drew
    them, 659 classes. kind "vinyals": `train` (4,112 classes), `val` (688), `test` (1,692), from
    the lists of Vinyals et al. 2016 as published by Snell et al. 2017; they mix alphabets, and
    name their rotations.

    Raises DataError when data is missing or damaged, ValueError for an unknown kind or part.
    """
    if kind == "vinyals":
        if rotated is not None:
            raise ValueError("Vinyals' lists name their own rotations: leave `rotated` out")
        return {part: vinyals(part) for part in ("train", "val", "test")}
    if kind != "background":
        raise ValueError(f"unknown kind of split {kind!r}: use 'background' or 'vinyals'")
    rotated = ("train",) if rotated is None else rotated
    if isinstance(rotated, str) or not set(rotated) <= {"train", "test"}:
        raise ValueError(f"rotated={rotated!r} must be a tuple of 'train' and 'test', or empty")
    halves = {"train": "background", "test": "evaluation"}
    return {part: load(half, part in rotated) for part, half in halves.items()}
