"""What the tests of the theorems share: drawn problems, and judges that know no engine."""
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from minimeta.theory.losses import smooth_loss
from minimeta.theory.theorem import difference

# odd multiples of 1/1024: exact, never 0, and they shrink well
lattice = st.integers(-1024, 1023).map(lambda i: (2 * i + 1) / 1024)
generators = st.integers(0, 2 ** 16).map(np.random.default_rng)
EPS = 2.0 ** -52


class Problem(NamedTuple):
    """Losses in closed form, and where to stand."""
    loss_s: object
    loss_q: object
    theta: np.ndarray
    alpha: float
    steps: int


@st.composite
def problems(draw, dims=(1, 5), steps=(0, 4)):
    """A Problem with alpha times the curvature between 0.05 and 0.5, its theta on the lattice."""
    dim = draw(st.integers(*dims))
    rng = draw(generators)
    theta = np.array(draw(st.lists(lattice, min_size=dim, max_size=dim)))
    loss = smooth_loss(rng, dim)
    share = draw(st.integers(1, 10)) / 20
    return Problem(loss, smooth_loss(rng, dim), theta,
                   share / np.linalg.norm(loss.hessian(theta), 2), draw(st.integers(*steps)))


def walk(losses, theta, alpha):
    """The path of gradient descent by closed forms; complex points too."""
    path = [theta]
    for loss in losses:
        path.append(path[-1] - alpha * loss.gradient(path[-1]))
    return path


def complex_step(f, theta, h=1e-30):
    """The gradient of an analytic f at theta (P,), without a difference."""
    return np.array([f(theta + 1j * h * e).imag / h for e in np.eye(theta.size)])


def matrices(loss, points, alpha):
    """[I - alpha H(phi)] by closed forms."""
    return [np.eye(p.size) - alpha * loss.hessian(p) for p in points]


def close(left, right, ulps=200, scale=None):
    """Whether two arrays agree to so many units of the last digit of the largest entry."""
    return difference(left, right, scale) <= ulps * EPS


def verified(findings, gaps=0, slopes=0, counterexamples=0, loosest=1e-6):
    """Assert that all passed, that there are so many of each kind, and that the limits are tight.

    Names tell the checks apart.
    """
    assert [f for f in findings if not f.passed] == []
    kinds = [f.kind for f in findings]
    assert (kinds.count("gap"), kinds.count("slope"), kinds.count("counterexample")) == (
        gaps, slopes, counterexamples)
    assert len({f.name for f in findings}) == len(findings)
    for f in findings:
        if f.kind == "gap":
            assert f.limit <= loosest
        elif f.kind == "slope":
            assert f.limit <= 0.2
        else:
            assert f.found >= f.limit > 0


def caught(findings):
    """Whether a planted mistake shows."""
    return not all(f.passed for f in findings)


def plant(monkeypatch, function, name, wrong):
    """Replace a global of the module that `function` stands in."""
    monkeypatch.setitem(function.__globals__, name, wrong)
