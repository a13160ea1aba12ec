"""How fast a remainder goes to 0, and what the coefficients before it are.

A remainder C h^p is a straight line of slope p in log-log, until round-off takes over.  A slope
alone does not fix a coefficient: `taylor` measures those, from the even and the odd part of a
function of the step size.

Read next: maml_gradient.py.
"""
import numpy as np

from .theorem import Finding, gap, slope

EPS = float(np.finfo(np.float64).eps)
CLEAR = 200          # a remainder counts where it is so many times its round-off
STEPS = 24           # of a ladder
NODES = 5            # pairs of points +-h, +-2h, ... of a Taylor fit


def ladder(largest, count=STEPS):
    """Step sizes (count,), each half the one before, from `largest` down."""
    return largest * 0.5 ** np.arange(count)


def first_drowned(errors, noise) -> int:
    """The index of the first of errors (n,) that is not clear of round-off; n if all are."""
    clear = np.asarray(errors) > CLEAR * np.broadcast_to(noise, np.shape(errors))
    return len(clear) if clear.all() else int(np.argmin(clear))


def loglog_slope(h, errors, noise, points=4):
    """The slope of log errors against log h at the smallest `points` steps clear of round-off.

    h (n,) goes down; noise, a number or (n,), is the round-off in errors (n,).  nan where fewer
    than two steps are clear.
    """
    count = first_drowned(errors, noise)
    if count < 2:
        return np.nan
    last = slice(max(0, count - points), count)
    return float(np.polyfit(np.log(h[last]), np.log(errors[last]), 1)[0])


def limiting_slope(h, errors, noise):
    """The slope of log errors against log h as h -> 0, from the smallest three clear steps.

    Slopes between neighbours are p + c h + O(h^2); the line through the last two of them, at the
    geometric means of their steps, is read at h = 0.  With fewer than three steps loglog_slope.
    """
    count = first_drowned(errors, noise)
    if count < 3:
        return loglog_slope(h, errors, noise)
    x, y = np.log(h[count - 3:count]), np.log(errors[count - 3:count])
    coarse, fine = np.diff(y) / np.diff(x)
    far, near = np.exp((x[:-1] + x[1:]) / 2)
    return float((fine * far - coarse * near) / (far - near))


def remainder(name, h, errors, noise, expected, limit=0.1) -> Finding:
    """The finding that errors (n,) go down as h^expected, or are nothing but round-off.

    The latter happens where a loss has no such term, as quadratics have no third derivative; and
    all of a sudden, once h is small enough, where it consists of pieces without.
    """
    errors, noise = np.asarray(errors), np.broadcast_to(noise, np.shape(errors))
    end = first_drowned(errors, noise)
    if end < len(h) and (not end or errors[end - 1] > 2 ** (expected + 2)
                         * max(errors[end], noise[end])):
        worst = np.max(np.divide(errors[end:], noise[end:], out=np.zeros(len(h) - end),
                                 where=errors[end:] > 0))
        return gap(f"{name}: nothing but round-off", EPS * worst, 0.0, EPS * CLEAR, scale=1.0)
    return slope(name, limiting_slope(h, errors, noise), expected, limit)


def even_odd(f, h):
    """(even, odd) parts of f at h: (f(h) + f(-h)) / 2 and (f(h) - f(-h)) / 2."""
    plus, minus = f(h), f(-h)
    return (plus + minus) / 2, (plus - minus) / 2


def taylor(f, h, order, nodes=NODES):
    """Coefficients (order + 1, ...) of f, number to array, at 0, measured.

    The even and the odd part at h, 2h, ..., nodes * h are polynomials in h^2, up to O(h^2nodes);
    even coefficients come from the one, odd ones from the other, so that no mistake in one parity
    hides in the other.
    """
    if order >= 2 * nodes:
        raise ValueError(f"order={order} of {nodes} pairs of points: at most {2 * nodes - 1}")
    at = np.arange(1.0, nodes + 1)
    parts = [even_odd(f, h * t) for t in at]
    powers = at[:, None] ** (2 * np.arange(nodes))
    found = []
    for part, extra in ((0, 0), (1, 1)):
        values = np.stack([np.asarray(p[part]) / t ** extra for p, t in zip(parts, at)])
        solved = np.linalg.solve(powers, values.reshape(nodes, -1)).reshape(values.shape)
        found.append([s / h ** (2 * n + extra) for n, s in enumerate(solved)])
    return np.stack([found[n % 2][n // 2] for n in range(order + 1)])


def components(vector, basis):
    """(coefficients (n,), rest): least squares of a vector (P,) in the basis, n vectors (P,).

    rest is the norm of what the basis cannot express, over the norm of the vector.
    """
    columns = np.stack(basis, axis=1)
    size = np.linalg.norm(columns, axis=0)
    size = np.where(size == 0, 1, size)
    found = np.linalg.lstsq(columns / size, vector, rcond=None)[0] / size
    norm = np.linalg.norm(vector)
    rest = np.linalg.norm(vector - columns @ found)
    return found, float(rest / norm) if norm else 0.0
