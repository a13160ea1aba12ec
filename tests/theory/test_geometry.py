"""C9: rigid motions, scale, and the limit of nearest neighbours."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimeta.theory import geometry as theorem
from minimeta.theory.geometry import miss_bound, misses, moved, orthogonal_matrix, rigid, verify
from minimeta.theory.matching_prototypes import prototypical
from tests.theory.samples import caught, check, numbers

LABELS = np.array([0, 1, 1, 0])


@given(numbers(3, 2), numbers(4, 2), numbers(2), st.integers(0, 1000))
def test_rigid_motions_change_nothing(q, x, t, seed):
    R = orthogonal_matrix(np.random.default_rng(seed), 2)
    assert np.allclose(R @ R.T, np.eye(2), atol=1e-15)
    still = prototypical(q, x, LABELS, 2)
    assert np.allclose(rigid(R, t)(q), [R @ z + t for z in q], atol=1e-15)
    after = moved(prototypical, rigid(R, t), q, x, LABELS, 2)
    assert np.allclose(after, still, rtol=0, atol=1e-13)


@given(numbers(3, 2), numbers(4, 2), st.integers(1, 7).map(lambda i: i / 2))
def test_scale_multiplies_the_logits(q, x, s):
    contrast, after = (p[:, 0] - p[:, 1] for p in (
        prototypical(q, x, LABELS, 2),
        moved(prototypical, lambda z: s * z, q, x, LABELS, 2)))
    assert np.allclose(after, s ** 2 * contrast, rtol=0, atol=1e-12)


def test_moved_moves_both(rng):
    q, x = rng.standard_normal((3, 2)), rng.standard_normal((4, 2))
    assert moved(lambda *args: args, lambda z: z + 1, q, x, LABELS, 2)[3] == 2
    after = moved(lambda *args: args, lambda z: z + 1, q, x, LABELS, 2)
    assert np.array_equal(after[0], q + 1) and np.array_equal(after[1], x + 1)
    assert after[2] is LABELS


@given(numbers(3, 4), st.sampled_from([0.5, 1.0, 8.0, 64.0]))
def test_misses_and_their_bound(scores, scale):
    p = np.exp(scale * (scores - scores.max(axis=1, keepdims=True)))
    p /= p.sum(axis=1, keepdims=True)
    assert np.allclose(misses(scores, scale), 1 - p.max(axis=1), rtol=1e-12, atol=1e-15)
    second, first = np.sort(scores, axis=1)[:, -2:].T
    assert np.allclose(miss_bound(scores, scale), 3 * np.exp(scale * (second - first)))
    assert (misses(scores, scale) <= miss_bound(scores, scale) + 1e-15).all()


def test_misses_resolve_what_is_below_round_off():
    assert misses(np.array([[0.0, -1.0]]), 100.0)[0] == pytest.approx(np.exp(-100), rel=1e-12)
    assert misses(np.array([[0.0, 0.0]]), 1e6)[0] == pytest.approx(0.5)


def test_findings():
    check(verify, [1e-12, 1e-13] + 3 * [1e-13], [(0.2908, 0.005), (0.5, 0.499)])
    names = [f.name.partition(":")[0] for f in verify(np.random.default_rng(0))]
    assert names[-3:] == ["scale 1", "scale 10", "scale 100"]


def test_mutants_are_caught(monkeypatch):
    def one_sided(log_p, motion, queries, support, labels, n_way):
        return log_p(motion(queries), support, labels, n_way)

    def plain(queries, support):
        return -np.sqrt(np.sum((queries[:, None] - support) ** 2, axis=-1))

    def loose(scores, scale):
        return miss_bound(scores, -scale)

    for mutant in (dict(moved=one_sided), dict(squared_distance=plain),
                   dict(orthogonal_matrix=lambda rng, d: rng.standard_normal((d, d))),
                   dict(miss_bound=lambda scores, scale: miss_bound(scores, scale) / 4),
                   dict(miss_bound=lambda scores, scale: miss_bound(scores, 2 * scale)),
                   dict(misses=lambda scores, scale: 1 - misses(scores, scale)),
                   dict(misses=lambda scores, scale: misses(scores, 0 * scale))):
        with monkeypatch.context() as patch:
            assert caught(verify, patch, theorem, **mutant), mutant
    assert (loose(np.array([[0.0, 1.0]]), 1.0) > 1).all()
