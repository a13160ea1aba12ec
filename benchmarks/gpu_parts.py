"""What a step on a GPU consists of: launching, memory, and elementwise work that could be fused.

    python -m benchmarks.gpu_parts [--quick]

A step is sent off and then waited for: where sending takes as long as all of it, the GPU waits for
Python, and fewer kernels or larger batches help; where it does not, they do not.  Each step is
timed as it is and compiled.  The pool of CuPy keeps what is freed: after a warm-up a step takes no
memory of the driver.  Of compiled steps it says how many calls there are, and how many there would
be if each run of elementwise calls of one shape were one.  And for runs of elementwise work as they
are in `nn` and `optim`, the time of the calls one by one, and of the same function through
cupy.fuse.

Read next: on_gpu.py.
"""
import statistics
import sys
import time

import numpy as np

import minimeta
from minimeta.bench import PROBLEMS, median_seconds
from minimeta.bench.problems import ours
from minimeta.device import DeviceError

STEPS = 10


def steps(device, name, quick=False):
    """(a step as it is, the same compiled), after a check that they give the same."""
    step = ours(PROBLEMS[name](np.random.default_rng(0), quick), device)
    compiled = minimeta.compile(step)
    expected = device.get(step())
    np.testing.assert_allclose(device.get(compiled()), expected, rtol=1e-3,
                               atol=1e-4 * np.abs(expected).max())
    return step, compiled


def calls(compiled):
    """(calls of a compiled step's program, and with each elementwise run of one shape as one)."""
    (trace, ), = (kind.traces for kind in compiled.kinds.values())
    source, merged, last = trace.source, 0, None
    lines = [(line, note) for line, note in zip(source.lines, source.notes)
             if not line.startswith("del ")]
    for line, note in lines:
        fn = source.functions.get(line.partition("(")[0].rpartition(" ")[2])
        elementwise = isinstance(fn, np.ufunc) and fn.signature is None
        shape = note.partition("(")[2].partition(")")[0] if elementwise else None
        merged += shape is None or shape != last
        last = shape
    return len(lines), merged


def launching(device, step):
    """(seconds until a step is sent off, until it is done), medians of STEPS, on a warm device."""
    sent, done = [], []
    for k in range(STEPS + 2):
        device.synchronize()
        start = time.perf_counter()
        step()
        sent.append(time.perf_counter() - start)
        device.synchronize()
        done.append(time.perf_counter() - start)
    return statistics.median(sent[2:]), statistics.median(done[2:])


def growth(device, step):
    """Bytes that STEPS steps take of the driver after a warm-up: 0 if the pool serves them all."""
    pool = device.cupy.get_default_memory_pool()
    for _ in range(2):
        step()
    device.synchronize()
    before = pool.total_bytes()
    for _ in range(STEPS):
        step()
    device.synchronize()
    return pool.total_bytes() - before


def normalise(xp):
    """Batch norm's last pass, and ReLU."""
    def normalised(x, mean, a, b):
        return xp.maximum((x - mean) * a + b, 0.0)
    return normalised


def adam(xp):
    """An update of the weights."""
    def update(theta, g, m, v):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        return theta - 0.001 * m / (xp.sqrt(v) + 1e-8)
    return update


def moving(xp):
    """An inner step of MAML."""
    def moved(theta, g):
        return theta - 0.4 * g
    return moved


# name -> (a function, made of a module: fuse takes CuPy's, not NumPy's; shapes of its arguments)
RUNS = {"batch norm and ReLU, 32 x 25 maps of 28 x 28 x 64": (normalise, [
            (32, 25 * 28, 28 * 64), *3 * [(32, 1, 28 * 64)]]),
        "Adam, 112,000 weights": (adam, 4 * [(112_000,)]),
        "an inner step, 32 x 112,000 weights": (moving, 2 * [(32, 112_000)])}


def fusing(device, seconds=1.0, quick=False):
    """[(name, seconds call by call, seconds fused)] of RUNS; the results are compared first."""
    rng, found = np.random.default_rng(0), []
    for name, (make, shapes) in RUNS.items():
        shapes = [tuple(min(n, 8) for n in shape) for shape in shapes] if quick else shapes
        args = device.put([rng.random(shape, dtype=np.float32) for shape in shapes])
        f, fused = make(np), device.cupy.fuse(make(device.cupy))
        np.testing.assert_allclose(device.get(fused(*args)), device.get(f(*args)), rtol=1e-4,
                                   atol=1e-6)
        found.append((name, *(median_seconds(lambda: g(*args), lambda _: device.synchronize(),
                                             seconds)[0] for g in (f, fused))))
    return found


def lines(device, quick=False):
    """The measurements, in Markdown."""
    out = ["| a step | sent off | done | memory that 10 steps take of the driver |",
           "|---|---|---|---|"]
    programs = ["", "| a compiled step | calls | with elementwise runs as one | times as fast |",
                "|---|---|---|---|"]
    for name in PROBLEMS:
        took = []
        for step, how in zip(steps(device, name, quick), ("", ", compiled")):
            sent, done = launching(device, step)
            took.append(done)
            out.append(f"| {name}{how} | {1e3 * sent:.3g} ms | {1e3 * done:.3g} ms | "
                       f"{growth(device, step) / 1e6:.3g} MB |")
        counts = calls(step)
        programs.append(f"| {name} | {counts[0]} | {counts[1]} | {took[0] / took[1]:.2f} |")
    out += programs
    out += ["", "| elementwise work | call by call | fused | times as fast |", "|---|---|---|---|"]
    for name, plain, fused in fusing(device, 0.1 if quick else 1.0, quick):
        out.append(f"| {name} | {1e3 * plain:.3g} ms | {1e3 * fused:.3g} ms | "
                   f"{plain / fused:.2f} |")
    return out


if __name__ == "__main__":
    try:
        print("\n".join(lines(minimeta.device("gpu"), "--quick" in sys.argv)))
    except DeviceError as error:
        sys.exit(f"gpu_parts: {error}")
