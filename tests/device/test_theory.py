"""The theorems' two sides, computed on a device: as on the host.

Implicit MAML is left out: SciPy's minimiser and conjugate gradients work on the host.  A loss can
be carried there, though: it is computed on the device, and asked from the host.

Read next: test_check.py.
"""
import dataclasses

import numpy as np
import pytest

from minimeta import grad, hessian
from minimeta.autodiff.trace import raw
from minimeta.device import on_gpu
from minimeta.run.carry import carried, random_loss

theory = pytest.importorskip("minimeta.theory", reason="no theorems yet")
if not hasattr(theory, "maml_gradient"):
    pytest.skip("no theorems on losses yet", allow_module_level=True)

THETA, ALPHA, STEPS = np.linspace(-0.5, 0.7, 4), 0.1, 3
# name -> a call of support loss, query loss and theta
SIDES = {
    "unrolled": lambda s, q, t: theory.unrolled(s, q, t, ALPHA, STEPS),
    "maml_gradient": lambda s, q, t: theory.maml_gradient(s, q, t, ALPHA, STEPS),
    "fomaml_gradient": lambda s, q, t: theory.fomaml_gradient(s, q, t, ALPHA, STEPS),
    "fomaml_error": lambda s, q, t: theory.fomaml_error(s, q, t, ALPHA, STEPS),
    "leading_term": lambda s, q, t: theory.leading_term(s, q, t, ALPHA, STEPS),
    "unrolled_proximal": lambda s, q, t: theory.unrolled_proximal(s, q, t, 2.0, ALPHA, STEPS),
    "reptile_gradient": lambda s, q, t: theory.reptile_gradient([s, q], t, ALPHA),
    "path_gradient_expansion": lambda s, q, t: theory.path_gradient_expansion([s, q], t, ALPHA)[0],
    "average_product": lambda s, q, t: theory.average_product([s, q], t),
}


def losses():
    rng = np.random.default_rng(0)
    return [theory.smooth_loss(rng, 4) for _ in range(2)]


def moved(loss, put):
    return dataclasses.replace(loss, **put({field.name: getattr(loss, field.name)
                                            for field in dataclasses.fields(loss)}))


@pytest.mark.parametrize("name", SIDES)
def test_side(name, put, get):
    support, query = losses()
    found = SIDES[name](moved(support, put), moved(query, put), put(THETA))
    np.testing.assert_allclose(get(found), SIDES[name](support, query, THETA), rtol=1e-9,
                               atol=1e-12)


@pytest.mark.parametrize("user", [False, True])
def test_a_carried_loss_is_computed_on_the_device(device, user):
    judge, seen = theory.smooth_loss(np.random.default_rng(0), 4), []
    inside = random_loss(np.random.default_rng(0), 4, device)

    def loss(theta):
        seen.append(theta)
        return inside(theta)
    f = carried(loss if user else inside, device)
    u, v = np.eye(4)[0], np.linspace(1, 2, 4)
    third = grad(lambda t: u @ hessian(f)(t) @ v)
    for found, expected in ((f(THETA), judge(THETA)), (grad(f)(THETA), judge.gradient(THETA)),
                            (hessian(f)(THETA), judge.hessian(THETA)),
                            (third(THETA), judge.third(THETA, u, v))):
        assert type(found) in (np.ndarray, np.float64)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert len(seen) == (4 if user else 0) and all(on_gpu(raw(theta)) for theta in seen)
