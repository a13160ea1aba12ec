"""Every function and model of nn on a device: values, derivatives, and no waiting."""
import numpy as np
import pytest

from minimeta import grad, nn, value_and_grad
from minimeta.optim import SGD, Adam, clip_norm, linear_decay

RNG = np.random.default_rng(5)


def draw(*shape):
    return RNG.standard_normal(shape)


IMAGES, KERNELS, LABELS = draw(2, 3, 6, 5, 2), draw(2, 3, 3, 2, 4), np.array([[0, 1, 2], [2, 0, 1]])
LOGITS, GAMMA, STATS = draw(2, 3, 4), draw(2, 2), (draw(2, 2), draw(2, 2) ** 2)
# name -> (call, operands)
FUNCTIONS = {
    "linear": (nn.linear, (draw(2, 3, 4), draw(2, 4, 5), draw(2, 5))),
    "linear, shared": (nn.linear, (draw(2, 3, 4), draw(4, 5), draw(5))),
    "relu": (nn.relu, (LOGITS,)), "flatten": (nn.flatten, (IMAGES,)),
    "max_pool": (nn.max_pool, (IMAGES,)),
    "conv2d": (nn.conv2d, (IMAGES, KERNELS)),
    "conv2d, shared": (nn.conv2d, (IMAGES, KERNELS[0])),
    "conv2d, strided": (lambda x, w: nn.conv2d(x, w, 2), (IMAGES, KERNELS)),
    "conv2d_input": (lambda g, w: nn.conv2d_input(g, w, (6, 5)), (draw(2, 3, 6, 5, 4), KERNELS)),
    "conv2d_input, strided": (lambda g, w: nn.conv2d_input(g, w, (6, 5), 2),
                              (draw(2, 3, 3, 3, 4), KERNELS)),
    "conv2d_kernel": (lambda x, g: nn.conv2d_kernel(x, g, (3, 3)),
                      (IMAGES, draw(2, 3, 6, 5, 4))),
    "batch_norm": (nn.batch_norm, (IMAGES, GAMMA, draw(2, 2))),
    "batch_norm, given": (lambda x, c, b, m, v: nn.batch_norm(x, c, b, (m, v)),
                          (IMAGES, GAMMA, draw(2, 2), *STATS)),
    "moments": (lambda x: np.stack(nn.moments(x)), (IMAGES,)),
    "log_softmax": (nn.log_softmax, (LOGITS,)),
    "mean_squared_error": (nn.mean_squared_error, (LOGITS, draw(2, 3, 4))),
}
MODELS = [nn.mlp((256, 4, 3)), nn.mlp((256, 3), activation=np.tanh),
          nn.conv4(3, filters=2, image_size=16), nn.conv4(filters=3, image_size=16),
          nn.conv4(3, filters=2, image_size=16, strided=True)]


def first_and_second(f, operands):
    """Gradients by all operands of a number made of f, and of a number made of those."""
    wanted = tuple(range(len(operands)))

    def loss(*operands):
        return np.sum(np.sin(f(*operands)))

    def slopes(*operands):
        return sum(np.sum(g * g) for g in grad(loss, wanted)(*operands))
    return grad(loss, wanted)(*operands) + grad(slopes, wanted)(*operands)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name, put, get, watched):
    f, operands = FUNCTIONS[name]
    moved = put(operands)
    with watched() as log:
        found = f(*moved), *first_and_second(f, moved)
    assert log == []
    for ours, judge in zip(get(found), (f(*operands), *first_and_second(f, operands)), strict=True):
        np.testing.assert_allclose(ours, judge, rtol=1e-9, atol=1e-9 * np.max(np.abs(judge)))


def test_cross_entropy_and_accuracy(put, get, watched):
    logits, labels = put(LOGITS), put(LABELS)
    with watched() as log:
        found = (nn.cross_entropy(logits, labels), nn.accuracy(logits, labels),
                 grad(lambda z: np.sum(nn.cross_entropy(z, labels)))(logits))
    assert log == []
    expected = (nn.cross_entropy(LOGITS, LABELS), nn.accuracy(LOGITS, LABELS),
                grad(lambda z: np.sum(nn.cross_entropy(z, LABELS)))(LOGITS))
    for ours, judge in zip(get(found), expected):
        np.testing.assert_allclose(ours, judge, rtol=1e-12)


def test_a_label_out_of_range_gives_nan_where_it_cannot_raise(put, get):
    loss = nn.cross_entropy(put(np.zeros((2, 3))), put(np.array([0, 5])))
    assert np.isnan(get(loss))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_second_order_step(model, put, get, watched):
    rng = np.random.default_rng(7)
    theta = model.init(rng)
    theta = theta + 0.3 * rng.standard_normal((2, theta.size)).astype(theta.dtype)
    x, labels = rng.random((2, 3, 16, 16, 1), dtype=np.float32), LABELS

    def step(theta, x, labels):
        def loss(theta):
            return np.sum(nn.cross_entropy(model.apply(theta, x), labels))
        return grad(lambda theta: loss(theta - 0.1 * grad(loss)(theta)))(theta)
    moved = put((theta, x, labels))
    with watched() as log:
        found = step(*moved)
    assert log == []
    np.testing.assert_allclose(get(found), step(theta, x, labels), rtol=1e-3, atol=1e-4)
    if model.batch_stats:
        stats = model.batch_stats(*moved[:2])
        np.testing.assert_allclose(get(model.apply(*moved[:2], stats)),
                                   model.apply(theta, x, model.batch_stats(theta, x)), rtol=1e-3,
                                   atol=1e-4)


@pytest.mark.parametrize("optimizer", [SGD(0.1), Adam(0.1), Adam(linear_decay(0.1, 5))])
def test_optimizers(optimizer, put, get, watched):
    def run(theta):
        state = optimizer.init(theta)
        for _ in range(3):
            theta, state = optimizer.update(theta, clip_norm(np.sin(theta), 0.5), state)
        return theta
    theta = put(GAMMA)
    with watched() as log:
        found = run(theta)
    assert log == []
    np.testing.assert_allclose(get(found), run(GAMMA), rtol=1e-12)


def test_a_gradient_that_is_not_finite_stays_so(put, get):
    with np.errstate(invalid="ignore"):
        found = get(clip_norm(put(np.array([1.0, np.inf])), 1.0))
    assert not np.isfinite(found).all()


def test_value_and_dtype(put, get):
    y, g = value_and_grad(lambda x: np.sum(nn.relu(x)))(put(GAMMA.astype(np.float32)))
    assert get(y).dtype == get(g).dtype == np.float32
