"""What the machine can do at most, and how long a workload takes at least.

The bound of a workload is the time of its products of matrices alone, at the rate of the shape
that most of them have, or of its calls of NumPy where the arrays are too small to matter.

Read next: tables.py.
"""
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from .problems import BIG, EPISODES, FEW, FILTERS, HIDDEN, MANY, POINTS, SMALL, TASKS


class Machine(NamedTuple):
    """GFLOP/s of float32 products, square and of patches (n, 576) (576, 64); GB/s of copying and
    adding; microseconds of a call of NumPy on ten numbers, and of a small product."""
    square: float
    patches: float
    bandwidth: float
    call: float
    product: float


def seconds(f, least=0.03):
    """The median time of a call of f."""
    f()
    start = time.perf_counter()
    f()
    calls = max(1, int(least / 7 / max(time.perf_counter() - start, 1e-7)))
    times = []
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(calls):
            f()
        times.append((time.perf_counter() - start) / calls)
    return statistics.median(times)


def gemm(n, k, m):
    """GFLOP/s of (n, k) (k, m)."""
    a, b, out = (np.ones(s, np.float32) for s in ((n, k), (k, m), (n, m)))
    return 2e-9 * n * k * m / seconds(lambda: np.matmul(a, b, out=out))


def added(threads, size=1 << 24):
    """GB/s of z = x + y, each of `size` numbers, shared by threads."""
    x, y, z = np.ones((3, size), np.float32)
    parts = [slice(k * size // threads, (k + 1) * size // threads) for k in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        return 12e-9 * size / seconds(lambda: list(pool.map(
            lambda part: np.add(x[part], y[part], out=z[part]), parts)))


def measure(threads):
    with threadpool_limits(threads, "blas"):
        ten, out = np.ones((2, 10), np.float32)
        a, b, c = (np.ones(s, np.float32) for s in ((POINTS, 40), (40, 40), (POINTS, 40)))
        return Machine(gemm(1024, 1024, 1024), gemm(1568, 9 * FILTERS, FILTERS), added(threads),
                       1e6 * seconds(lambda: np.multiply(ten, ten, out=out)),
                       1e6 * seconds(lambda: np.matmul(a, b, out=c)))


def kernels():
    """The processors whose kernels OpenBLAS has chosen."""
    return ", ".join(sorted({library["architecture"] for library in threadpool_info()
                             if "architecture" in library})) or "unknown"


def held_back():
    """Whether OpenBLAS runs a processor with AVX-512 on kernels for one without."""
    try:
        with open("/proc/cpuinfo") as info:
            able = " avx512vl " in info.read()
    except OSError:
        return False
    return able and any(library.get("architecture") in ("Haswell", "Zen")
                        for library in threadpool_info())


# ---------------------------------------------------------------- operations of a workload

def perceptron(sizes, examples):
    """FLOP of (a gradient, a Hessian-vector product): no product for the input's gradient.

    A product needs three products of the first layer (x W, x V, x' dot d) and eight of the others.
    """
    layers = [2 * examples * d * h for d, h in zip(sizes, sizes[1:])]
    return 3 * sum(layers) - layers[0], 3 * layers[0] + 8 * sum(layers[1:])


def conv4(images):
    """FLOP of (the outputs, a gradient) of images; the first layer has one channel."""
    layers = [2 * images * side * side * 9 * channels * FILTERS
              for side, channels in ((28, 1), (14, FILTERS), (7, FILTERS), (3, FILTERS))]
    return sum(layers), 3 * sum(layers) - layers[0]


def flop(workload):
    """FLOP of the products of a workload; None where calls are the bound."""
    support, queries = FEW[0] * FEW[1] * EPISODES, FEW[0] * FEW[2] * EPISODES
    gradient = conv4(support)[1]
    of_queries = conv4(queries)[1]
    waves, waves_hvp = perceptron((1, *HIDDEN, 1), TASKS * POINTS)
    many, few = (ways * (shots + each) for ways, shots, each in (MANY, FEW))
    return {"W1": 2 * waves + waves_hvp, "W1_5": 6 * waves + 5 * waves_hvp, "W2": 2 * waves,
            "W2_reptile": 5 * waves, "W3": perceptron(*SMALL)[1], "W3_big": perceptron(*BIG)[1],
            "W3_full": 1893 * perceptron(*SMALL)[1], "W4_1st": gradient + of_queries,
            "W4": 3 * gradient + of_queries, "W4_5": 15 * gradient + of_queries,
            "W5a": conv4(many)[1], "W5b": conv4(few)[1], "W6": conv4(many)[0]}.get(workload)


def bound(workload, machine):
    """(milliseconds, why): no library that multiplies matrices as NumPy does is faster."""
    work = flop(workload)
    if work is None:
        calls = {"W7": 200, "W7_2": 600}[workload]
        return 1e-3 * calls * machine.call, f"{calls} calls of NumPy"
    rate = machine.patches if workload[:2] in ("W4", "W5", "W6") else machine.square
    return 1e-6 * work / rate, f"{1e-9 * work:.3g} GFLOP at {rate:.0f} GFLOP/s"
