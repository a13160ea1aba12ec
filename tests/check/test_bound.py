"""The stated bound covers the true error, for random smooth functions; kinks are reported."""
import numpy as np
import pytest
from scipy import differentiate

import minimeta.check.grads as grads
from minimeta.check import check_grads

from .random_functions import gradient, hessian, random_function

FEW, MANY = 150, 1000


@pytest.fixture
def surveys(monkeypatch):
    """All surveys that a check makes, in order."""
    seen = []

    class Seen(grads.Survey):
        def run(self, lines):
            seen.append(super().run(lines))
            return seen[-1]
    monkeypatch.setattr(grads, "Survey", Seen)
    return seen


def ratios(survey, truth):
    """|measured - true| in tolerances, of each line and component of a survey."""
    scale = np.array([line.scale for line in survey.lines])[:, None]
    with np.errstate(invalid="ignore"):
        off = np.abs(survey.found.value - truth * scale) / survey.tolerance
    return np.where(np.isfinite(survey.found.bound), off, 0).astype(float)


def measure(seed, dtype, surveys):
    """(report, ratios at order 1 and 2) of a random function."""
    surveys.clear()
    name, f, x = random_function(np.random.default_rng(seed))
    x = x.astype(dtype)
    with np.errstate(over="ignore"):
        report = check_grads(f, x)
    assert len(surveys) == 2, name
    first, second = (ratios(s, t) for s, t in zip(surveys, (gradient(f, x)[:, None],
                                                            hessian(f, x))))
    return report, np.concatenate([first.ravel(), second.ravel()])


def judge(seeds, dtypes, surveys):
    """What is wrong, the ratios, and the verdicts, of random functions."""
    faults, found, verdicts = [], [], []
    for seed in seeds:
        for dtype in dtypes(seed):
            report, off = measure(seed, dtype, surveys)
            found.append(off)
            verdicts.append(report.verdict)
            kinks = any(row.reason.startswith("kink") for row in report.rows)
            if off.max() > 1 or kinks or report.verdict == "WRONG":
                faults.append(f"{seed} {dtype}: {off.max():.2f} tolerances\n{report}")
    return faults, np.concatenate(found), verdicts


def alternate(seed):
    return ["float64", "float64", "float32"][seed % 3:seed % 3 + 1]


def test_the_bound_covers_the_truth(surveys):
    faults, off, verdicts = judge(range(FEW), alternate, surveys)
    assert not faults
    assert verdicts.count("OK") > 0.95 * len(verdicts)
    # ... and is not idle: a hundredth of it would cover few
    assert np.mean(off > 0.01) > 0.5


@pytest.mark.nightly
def test_the_bound_covers_the_truth_of_many(surveys):
    faults, off, verdicts = judge(range(MANY), lambda seed: ("float64", "float32"), surveys)
    assert not faults
    assert verdicts.count("OK") > 0.97 * len(verdicts)


def test_a_bound_that_does_not_cover_is_found(surveys, monkeypatch):
    monkeypatch.setattr("minimeta.check.survey.SAFETY", 0.01)
    monkeypatch.setattr("minimeta.check.survey.Survey.floor", lambda self: 0.0)
    faults, off, _ = judge(range(6), alternate, surveys)
    assert faults and off.max() > 1


@pytest.mark.parametrize("seed", range(12))
def test_two_judges_of_the_truth_agree(seed):
    _, f, x = random_function(np.random.default_rng(seed))
    x, scale = x.astype(float), float(np.max(np.abs(x)))
    size = np.max(np.abs(gradient(f, x)))

    def along(t):                   # f of each of many t: scipy's functions are vectorised
        return np.vectorize(lambda t: f(x + t * scale * direction), otypes=[float])(t)
    for i in range(len(x)):
        direction = np.eye(len(x))[i]
        slope = differentiate.derivative(along, 0.0, initial_step=0.01, maxiter=20).df / scale
        assert abs(slope - gradient(f, x)[i]) < 1e-7 * size
    H = hessian(f, x)
    assert np.max(np.abs(H - H.T)) < 1e-12 * max(np.max(np.abs(H)), size / scale)


@pytest.mark.parametrize("seed", range(12, 24))
def test_the_numbers_of_the_report_are_those_of_other_judges(seed):
    _, f, x = random_function(np.random.default_rng(seed))
    x = x.astype(float)
    row = check_grads(f, x, order=1).rows[0]
    at = eval(row.entry)[0] if row.entry != "(number)" else 0
    true = float(gradient(f, x)[at])
    assert abs(row.numeric - true) <= row.bound < 1e-6 * np.max(np.abs(gradient(f, x)))
    scale = 2.0 ** round(np.log2(np.max(np.abs(x))))

    def many(z):                    # (n, ...) -> (1, ...), as scipy's jacobian asks
        return np.apply_along_axis(lambda z: [f(z * scale)], 0, z)
    found = differentiate.jacobian(many, x / scale, initial_step=0.01, maxiter=20)
    slack = row.bound + 10 * found.error[0, at] / scale
    assert abs(row.numeric - found.df[0, at] / scale) <= slack + 1e-9 * abs(true)


# ---------------------------------------------------------------- kinks

def kinked(name, distance, rng):
    """(f, x): something smooth plus a function that has a kink so far away."""
    x = rng.choice((-1, 1), 6) * rng.uniform(0.3, 1.5, 6)
    w = rng.choice((-1, 1), 6) * rng.uniform(0.5, 1.5, 6)
    if name == "abs":
        x[2] = distance
        return lambda x: np.sum(w * np.abs(x)) + np.sum(np.sin(x)), x
    if name == "relu":
        x[2] = distance
        return lambda x: np.sum(w * np.maximum(x, 0)) + np.sum(x ** 3), x
    if name == "relu network":
        V, b = rng.standard_normal((5, 6)), rng.choice((-1, 1), 5) * rng.uniform(0.5, 1, 5)
        b[0] = distance
        b = b - V @ x
        return lambda x: np.sum(w[:5] * np.maximum(V @ x + b, 0)), x
    if name == "max":
        x[1], x[3] = 5, 5 + distance
        return lambda x: 1.5 * np.max(x) + np.sum(np.tanh(x)), x
    x[1] = x[0] + distance
    return lambda x: np.sum(w[:3] * np.max(np.reshape(x, (-1, 2)), axis=-1)) + np.sum(x * x), x


KINKS = "abs", "relu", "relu network", "max", "max-pool"
DISTANCES = 0, 1e-15, 1e-12, 1e-10, 1e-9


@pytest.mark.parametrize("name", KINKS)
@pytest.mark.parametrize("distance", DISTANCES)
def test_a_kink_is_reported(name, distance, rng):
    for side in (1, -1):
        f, x = kinked(name, side * distance, rng)
        report = check_grads(f, x, order=1)
        assert report.verdict == "INCONCLUSIVE" and report.rows[0].reason.startswith("kink")


@pytest.mark.parametrize("name", KINKS)
def test_a_kink_far_away_is_no_kink(name, rng):
    f, x = kinked(name, 0.25, rng)
    assert check_grads(f, x).verdict == "OK"


@pytest.mark.nightly
@pytest.mark.parametrize("name", KINKS)
def test_kinks_at_all_distances(name):
    for seed in range(20):
        for distance in (0, *10.0 ** np.arange(-16, -8.9, 0.5)):
            for side in (1, -1):
                f, x = kinked(name, side * distance, np.random.default_rng(seed))
                report = check_grads(f, x)
                assert report.verdict == "INCONCLUSIVE", (seed, distance, side)
                assert report.rows[0].reason.startswith("kink"), (seed, distance, side)
