"""Prototypical and Matching Networks, and the divergences they measure with."""
import numpy as np
import pytest

from minimeta import (MAML, ConvEncoder, MatchingNetwork, PrototypicalNetwork, Reptile, grad)
from minimeta.meta import (bregman, burg_entropy, compute_prototypes, cosine, log_probabilities,
                           negative_entropy, squared_distance, squared_norm)
from minimeta.meta.bregman import pairwise
from minimeta.nn import mean_squared_error, mlp
from minimeta.tasks import EpisodeSampler, SinusoidSampler, glyph_splits
from tests.differences import check_orders


@pytest.fixture(scope="module")
def episodes():
    images = glyph_splits(0, train=20, test=5, examples=8)["train"].images
    return EpisodeSampler(images, ways=5, shots=2, queries=3, tasks=2)


def test_prototypes_are_means(rng):
    z, labels = rng.standard_normal((2, 6, 4)), np.array([[0, 0, 1, 1, 2, 2], [2, 1, 0, 0, 1, 2]])
    c = compute_prototypes(z, labels, 3)
    for t in range(2):
        for k in range(3):
            assert np.allclose(c[t, k], z[t][labels[t] == k].mean(axis=0))


def test_a_class_without_support_is_an_error(rng):
    with pytest.raises(ValueError, match="class 1 of 3 has no support"):
        compute_prototypes(rng.standard_normal((4, 2)), np.array([0, 0, 2, 2]), 3)


def test_log_probabilities_by_hand(rng):
    q, c = rng.standard_normal((7, 4)), rng.standard_normal((3, 4))
    d = np.array([[np.sum((a - b) ** 2) for b in c] for a in q])
    p = np.exp(-d) / np.exp(-d).sum(axis=1, keepdims=True)
    assert np.allclose(np.exp(log_probabilities(q, c)), p, rtol=1e-10)
    check_orders(lambda c: np.sum(log_probabilities(q, c)[:, 0]), c)


@pytest.mark.parametrize("phi, closed", [
    (squared_norm, lambda x, y: np.sum((x - y) ** 2)),
    (negative_entropy, lambda x, y: np.sum(x * np.log(x / y) - x + y)),
    (burg_entropy, lambda x, y: np.sum(x / y - np.log(x / y) - 1))], ids=lambda f: f.__name__)
def test_bregman_divergences(phi, closed, rng):
    x, y = rng.uniform(0.2, 2, (4, 3)), rng.uniform(0.2, 2, (5, 3))
    expected = [[closed(a, b) for b in y] for a in x]
    assert np.allclose(pairwise(phi, x, y), expected, rtol=1e-9, atol=1e-12)
    assert np.allclose(bregman(phi)(x, y[:4]), np.diag(np.array(expected)[:, :4]))
    if phi is not squared_norm:      # the order of the arguments matters
        assert not np.allclose(bregman(phi)(x, y[:4]), bregman(phi)(y[:4], x), rtol=1e-3)


def test_protonet_takes_any_divergence(episodes):
    positive = ConvEncoder(hidden_dim=4, embedding_dim=4)
    learner = PrototypicalNetwork(
        positive, generator=lambda z: negative_entropy(np.exp(0.1 * z) + 1e-3))
    episode = episodes.sample(np.random.default_rng(0))
    logp = learner.log_probabilities(episode.xs, episode.ys, episode.xq)
    assert logp.shape == (2, 15, 5) and np.allclose(np.exp(logp).sum(-1), 1, atol=1e-5)


def test_labels_may_be_lists(rng):
    x, ys = rng.standard_normal((4, 3)).astype(np.float32), [0, 0, 1, 1]
    for method in (MatchingNetwork(mlp([3, 2])), PrototypicalNetwork(mlp([3, 2])),
                   MAML(mlp([3, 2])), Reptile(mlp([3, 2]))):
        assert np.array_equal(method.predict(x, ys, x), method.predict(x, np.array(ys), x))


def test_cosine_and_distance_attention(rng):
    q, s = rng.standard_normal((4, 3)), rng.standard_normal((6, 3))
    expected = [[a @ b / np.linalg.norm(a) / np.linalg.norm(b) / 0.5 for b in s] for a in q]
    assert np.allclose(cosine(q, s, temperature=0.5), expected, rtol=1e-6)
    assert np.allclose(squared_distance(q, s, 2.0),
                       [[-np.sum((a - b) ** 2) / 2 for b in s] for a in q])


def test_matching_sums_attention_by_class(rng):
    learner = MatchingNetwork(mlp([3, 4]), attention=squared_distance)
    xs, xq = (rng.standard_normal((n, 3)).astype(np.float32) for n in (6, 4))
    ys = np.array([0, 1, 2, 2, 1, 0])
    scores = learner.scores(learner.theta, xs, xq)
    a = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    expected = np.stack([a[:, ys == k].sum(1) for k in range(3)], axis=1)
    assert np.allclose(np.exp(learner.predict(xs, ys, xq)), expected, atol=1e-5)


def test_matching_gradient_in_float64(rng):
    learner = MatchingNetwork(mlp([3, 5, 4], activation=np.tanh, dtype=np.float64))
    xs, xq = rng.standard_normal((6, 3)), rng.standard_normal((4, 3))
    ys = np.array([0, 0, 1, 1, 2, 2])
    check_orders(lambda t: np.sum(learner.outputs(t, xs, ys, xq)[:, 1]), learner.theta, orders=2)


def test_separate_embeddings(rng):
    f, g = mlp([3, 4]), mlp([3, 6, 4])
    learner = MatchingNetwork(f, g)
    sizes = [m.init(np.random.default_rng(0)).size for m in (f, g)]
    assert learner.theta.size == sum(sizes)
    x = rng.standard_normal((5, 3)).astype(np.float32)

    def changed(theta):
        return not np.allclose(learner.scores(theta, x, x + 1),
                               learner.scores(learner.theta, x, x + 1))
    bump = np.zeros_like(learner.theta)
    bump[sizes[0]:] = 0.3                 # g's weights alone: only the support moves
    assert changed(learner.theta + bump)
    assert np.allclose(f.apply(learner._split(learner.theta + bump)[0], x),
                       f.apply(learner._split(learner.theta)[0], x))


def test_matching_regression_is_a_weighted_mean():
    learner = MatchingNetwork(mlp([1, 8]), attention=squared_distance, loss=mean_squared_error)
    episode = SinusoidSampler(shots=5, queries=6, tasks=3).sample(np.random.default_rng(0))
    y = learner.predict(*episode[:3])
    assert y.shape == (3, 6, 1) and learner.adapt_and_evaluate(episode).accuracy is None
    assert (y.min(1) >= episode.ys.min(1)).all() and (y.max(1) <= episode.ys.max(1)).all()


@pytest.mark.parametrize("learner", [PrototypicalNetwork, MatchingNetwork])
def test_learning_on_glyphs(learner, episodes):
    method, rng = learner(ConvEncoder(hidden_dim=8, embedding_dim=8)), np.random.default_rng(0)
    losses = [method.meta_train_step(episodes.sample(rng)) for _ in range(30)]
    assert np.mean(losses[-10:]) < 0.9 * np.mean(losses[:5]) and method.theta.dtype == np.float32
    result = method.adapt_and_evaluate(episodes.sample(rng, tasks=8))
    assert result.accuracy.shape == (8,) and result.accuracy.mean() > 0.4
    # the gradient reaches every weight
    episode = episodes.sample(rng)
    assert (grad(method.objective)(method.theta, episode) != 0).mean() > 0.9
