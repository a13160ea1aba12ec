"""Judges that share no code with the engine: central differences along random directions."""
import numpy as np

from minimeta import grad


def slope(f, x, v, step=1e-3):
    """d f(x + t v) / dt at 0: central differences, two Richardson levels, error O(step^6)."""
    def central(h):
        return (f(x + h * v) - f(x - h * v)) / (2 * h)
    a, b, c = central(4 * step), central(2 * step), central(step)
    first, second = (4 * b - a) / 3, (4 * c - b) / 3
    return (16 * second - first) / 15


def check_orders(f, x, orders=3, rtol=1e-7, step=1e-3, seed=0):
    """Derivatives of scalar f at float64 x, orders 1 to `orders`, against differences of the
    order below along random directions."""
    rng = np.random.default_rng(seed)
    for _ in range(orders):
        v = rng.standard_normal(np.shape(x))
        ours, judge = np.sum(grad(f)(x) * v), slope(f, x, v, step)
        scale = max(abs(judge), abs(ours), 1e-3)
        assert abs(ours - judge) <= rtol * scale, (ours, judge)

        def f(x, f=f, v=v):
            return np.sum(grad(f)(x) * v)
