"""Where arrays live: on the CPU, or with CuPy on a GPU.  The one file that names CuPy.

The code elsewhere is NumPy, and CuPy's arrays answer NumPy's functions: a device only has to bring
data over, and results back.  Read next: autodiff/trace.py.
"""
import importlib

import numpy as np

INSTALL = 'pip install "minimeta[cuda13]" (or "minimeta[cuda12]" with a driver older than 580)'
HOST = np.ndarray, np.generic


class DeviceError(RuntimeError):
    """A device that is not there; the message is one line with the cure."""


class Device:
    """The CPU: arrays are NumPy's, and moving them does nothing.

    name -- "cpu" or "gpu"; about -- the model, for people; block -- how many training steps are
    sent off before anybody waits for them
    """
    name, about, block = "cpu", "CPU", 1

    def put(self, a):
        """The array a on this device; containers of arrays move leaf by leaf."""
        return a

    def get(self, a):
        """The array a (or containers of arrays) as NumPy's."""
        return to_host(a)

    def synchronize(self):
        """Wait until all work that was sent to the device is done."""

    def lane(self):
        """What works in order: buffers that one lane has used are not for another's use."""
        return None

    def __repr__(self):
        return f"<minimeta.device {self.name}: {self.about}>"


class GPU(Device):
    """The current CUDA device, through CuPy."""
    name, block = "gpu", 20

    def __init__(self, cupy):
        self.cupy = cupy
        properties = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.Device().id)
        self.about = properties["name"].decode()

    def put(self, a):
        return _map(lambda x: self.cupy.asarray(x) if isinstance(x, HOST) else x, a)

    def empty(self, n):
        """A block of n bytes, or a few more."""
        return self.cupy.empty(n + -n % 64, np.uint8)

    def place(self, block, start, shape, dtype, strides):
        """The array in a block that begins at byte `start`; no kernel runs."""
        first = block[start:start + dtype.itemsize].view(dtype)
        return view(first, shape, strides)

    def lane(self):
        cuda = self.cupy.cuda
        return cuda.Device().id, cuda.get_current_stream().ptr

    def held(self, step):
        """Bytes that the memory pool takes from the GPU in a call of `step`."""
        pool = self.cupy.get_default_memory_pool()
        pool.free_all_blocks()
        before = pool.total_bytes()
        step()
        self.synchronize()
        return pool.total_bytes() - before

    def synchronize(self):
        self.cupy.cuda.Stream.null.synchronize()


def device(name="cpu"):
    """The Device called "cpu" or "gpu".

    Raises ValueError for another name, and DeviceError, one line, if there is no GPU to use.
    """
    if isinstance(name, Device):
        return name
    if name == "cpu":
        return CPU
    if name != "gpu":
        raise ValueError(f"unknown device {name!r}: use 'cpu' or 'gpu'")
    try:
        cupy = importlib.import_module("cupy")
    except ImportError as error:
        raise DeviceError(f"no GPU: CuPy is not installed ({error}): {INSTALL}, and an NVIDIA "
                          "driver") from None
    try:
        if not cupy.is_available():
            raise DeviceError(f"no GPU: CuPy {cupy.__version__} finds no NVIDIA device: install "
                              f"its driver, and CuPy's CUDA libraries with {INSTALL}")
        return GPU(cupy)
    except (RuntimeError, ImportError, OSError) as error:
        if isinstance(error, DeviceError):
            raise
        raise DeviceError(f"no GPU: CUDA does not work ({' '.join(str(error).split())}): update "
                          f"the NVIDIA driver, or {INSTALL}") from None


CPU = Device()


def on_gpu(a):
    """Whether a is an array of CuPy's, or what stands in for one while a function is compiled."""
    return type(a).__module__.partition(".")[0] == "cupy" or getattr(a, "on_gpu", False)


def on_host(a):
    """Whether nothing has to wait for a look at a: an array of NumPy's, or what stands in for one
    while a function is compiled."""
    return isinstance(a, HOST) or getattr(a, "on_host", False)


def to_host(a):
    """Arrays (or containers of them) as NumPy's; what is not on a GPU stays what it is."""
    return _map(lambda x: x.get() if on_gpu(x) else x, a)


def science(module, *arrays):
    """scipy's submodule, "special", or that of CuPy if one of the arrays is on a GPU."""
    package = "cupyx.scipy" if any(map(on_gpu, arrays)) else "scipy"
    return importlib.import_module(f"{package}.{module}")


def view(a, shape, strides):
    """A view of a GPU's array with that shape, and those strides in bytes; no kernel runs."""
    return importlib.import_module("cupy.lib.stride_tricks").as_strided(a, shape, strides)


# what has no counterpart on a GPU, and is not written over what has one -> what to do
LACKING = {
    "numpy.spacing": "np.nextafter(x, np.inf) - x",
    "numpy.einsum_path": "a path of the arrays' shapes on the host",
    "scipy.special.jv": "the host, minimeta.device.to_host(x); the derivatives of j1, and the "
                        "second ones of j0, need it",
    "scipy.special.iv": "the host, minimeta.device.to_host(x); the derivatives of i1, and the "
                        "second ones of i0, need it",
    "scipy.special.yv": "scipy.special.yn, for a whole order; else the host",
    "scipy.special.ive": "the host, minimeta.device.to_host(x)",
    "scipy.special.kv": "the host, minimeta.device.to_host(x); the derivatives of k1, and the "
                        "second ones of k0, need it",
    "scipy.special.kn": "the host, minimeta.device.to_host(x)",
    "scipy.special.erfi": "the host, minimeta.device.to_host(x)",
    "scipy.special.dawsn": "the host, minimeta.device.to_host(x)",
    "scipy.special.stdtr": "the host, minimeta.device.to_host(x)",
    "scipy.linalg.solve_banded": "np.linalg.solve, or the host, minimeta.device.to_host(x)",
    "scipy.linalg.solve_sylvester": "the host, minimeta.device.to_host(x)",
    "scipy.linalg.sqrtm": "np.linalg.eigh, if the matrix is symmetric"}


def lacking(fn, arrays):
    """NotImplementedError, one line with the cure, if CuPy lacks fn and one of the arrays is its;
    None otherwise."""
    if any(map(on_gpu, arrays)):
        for name, cure in LACKING.items():
            if name.rpartition(".")[2] == fn.__name__.strip("_"):
                return NotImplementedError(f"CuPy has no {name}: use {cure}")
    return None


def _map(move, a):
    """move(leaf) in every leaf of nested tuples, lists and dicts."""
    if isinstance(a, dict):
        return {k: _map(move, v) for k, v in a.items()}
    if isinstance(a, (list, tuple)):
        items = [_map(move, v) for v in a]
        return a._make(items) if hasattr(a, "_make") else type(a)(items)
    return move(a)
