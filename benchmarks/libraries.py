"""The libraries that take part: what each is called, its module, and its environment.

Read next: worker.py.
"""
import importlib.metadata
import sys
from typing import NamedTuple

from minimeta.nn import kernels

from . import limits


class Library(NamedTuple):
    """Its name in the tables; its module here; what its process alone finds in the environment;
    the workloads it is asked for, all if None; the package whose version is told."""
    name: str
    module: str
    settings: dict = {}
    only: tuple | None = None
    package: str | None = None


# glibc's malloc then takes no large block from the system by itself and gives none back
KEPT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
# OpenBLAS takes some processors with AVX-512 for older ones
AVX512 = {"OPENBLAS_CORETYPE": "SkylakeX"}
IMAGES = "W4_1st", "W4", "W4_5", "W5a", "W5b", "W6"

LIBRARIES = {
    "ours": Library("minimeta", "ours"),
    "ours_numpy": Library("minimeta without Numba", "ours", {"MINIMETA_NUMBA": "0"}, IMAGES),
    "ours_avx512": Library("minimeta, AVX-512", "ours", AVX512),
    "peer_torch": Library("PyTorch", "peer_torch", package="torch"),
    "peer_torch_tuned": Library("PyTorch, tuned allocator", "peer_torch", KEPT, ("W5a", "W6")),
    "peer_learn2learn": Library("learn2learn", "peer_learn2learn",
                                only=("W1", "W1_5", "W2", "W2_reptile"), package="learn2learn"),
    "peer_jax": Library("JAX", "peer_jax", package="jax"),
    "peer_hips": Library("HIPS autograd", "peer_hips", package="autograd"),
    "peer_hand": Library("NumPy by hand", "peer_hand")}


def asked(names, workload):
    """Those of the names that a workload is asked of."""
    return [name for name in names
            if LIBRARIES[name].only is None or workload in LIBRARIES[name].only]


def useful():
    """The names that make a difference on this machine."""
    left_out = set() if limits.held_back() else {"ours_avx512"}
    if kernels.loops() is None:
        left_out.add("ours_numpy")
    return [name for name in LIBRARIES if name not in left_out]


def versions():
    """{name: version} of Python, NumPy and the libraries that are installed."""
    found = {"Python": sys.version.split()[0]}
    packages = {"NumPy": "numpy", "Numba": "numba"} | {library.name: library.package
                                     for library in LIBRARIES.values() if library.package}
    for name, package in packages.items():
        try:
            found[name] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found
