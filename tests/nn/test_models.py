"""Models and initialisers: flat weights, the task axis, batch norm's modes, shapes and dtypes."""
import numpy as np
import pytest

from minimeta.autodiff import grad
from minimeta.nn import batch_norm_mode, conv4, cross_entropy, init, mean_squared_error, mlp


def small(**kwargs):
    return conv4(in_channels=2, filters=3, image_size=16, dtype=np.float64, **kwargs)


def weights(model, rng, tasks):
    theta = model.init(rng)
    return theta + rng.standard_normal((tasks, theta.size)) * 0.3


def test_mlp_is_what_it_says(rng):
    model = mlp((3, 4, 2), activation=np.tanh, dtype=np.float64)
    theta, x = model.init(rng), rng.standard_normal((5, 3))
    w1, b1, w2, b2 = np.split(theta, np.cumsum([12, 4, 8]))
    np.testing.assert_allclose(model.apply(theta, x),
                               np.tanh(x @ w1.reshape(3, 4) + b1) @ w2.reshape(4, 2) + b2)
    assert theta.shape == (26,) and model.name == "mlp 3-4-2"


def test_mlp_flattens_images(rng):
    model = mlp((784, 8, 5))
    theta, x = model.init(rng), rng.random((2, 3, 28, 28, 1), dtype=np.float32)
    y = model.apply(theta, x)
    assert y.shape == (2, 3, 5) and y.dtype == theta.dtype == np.float32
    np.testing.assert_array_equal(y, model.apply(theta, x.reshape(2, 3, 784)))
    np.testing.assert_array_equal(y, model.apply(theta, x[..., 0]))
    with pytest.raises(ValueError, match="784"):
        model.apply(theta, x[:, :, :14])
    with pytest.raises(ValueError, match="x.*None"):
        mlp((1, 4, 1)).apply(mlp((1, 4, 1)).init(rng), np.zeros(5))
    with pytest.raises(ValueError, match="sizes"):
        mlp((5,))
    with pytest.raises(ValueError, match="stats"):
        model.apply(theta, x, np.zeros(3))


def test_mlp_kinks_are_spread(rng):
    model = mlp((1, 200, 1), dtype=np.float64)
    x = np.linspace(-5, 5, 2001)[:, None]
    bends = np.abs(np.diff(model.apply(model.init(rng), x)[:, 0], 2)) > 1e-10
    assert bends[:900].sum() > 20 and bends[-900:].sum() > 20


def test_mlp_tasks_and_orders(check_tasks, check_orders, rng):
    model = mlp((2, 5, 3), activation=np.tanh, dtype=np.float64)
    theta, x, y = weights(model, rng, 3), rng.standard_normal((3, 4, 2)), rng.random((3, 4, 3))
    check_tasks(lambda t, x, y: mean_squared_error(model.apply(t, x), y), theta, x, y)
    check_orders(lambda t: mean_squared_error(model.apply(t, x[0]), y[0]), theta[0])
    np.testing.assert_allclose(model.apply(theta[0], x)[2], model.apply(theta[0], x[2]))


@pytest.mark.parametrize("strided", [False, True])
@pytest.mark.parametrize("ways", [None, 3])
def test_conv4_tasks(check_tasks, rng, strided, ways):
    model = small(strided=strided, ways=ways)
    theta, x = weights(model, rng, 2), rng.standard_normal((2, 3, 16, 16, 2))
    assert model.apply(theta, x).shape == (2, 3, 3)
    check_tasks(lambda t, x: np.sum(np.tanh(model.apply(t, x)), axis=(-2, -1)), theta, x,
                rtol=1e-9)
    stats = model.batch_stats(theta, x)
    np.testing.assert_allclose(stats[1], model.batch_stats(theta[1], x[1]), rtol=1e-9)


@pytest.mark.parametrize("strided", [False, True])
def test_conv4_orders(check_orders, rng, strided):
    model = small(strided=strided, ways=3)
    theta, x = weights(model, rng, 1)[0], rng.standard_normal((4, 16, 16, 2))
    labels = np.array([0, 1, 2, 1])
    # small steps, since ReLU and pooling have kinks
    check_orders(lambda t: cross_entropy(model.apply(t, x), labels), theta, h=1e-7, tol=1e-6)


def test_conv4_sizes(rng):
    x = rng.random((2, 28, 28, 1), dtype=np.float32)
    for model, shape, count in ((conv4(), (2, 64), 111680), (conv4(5), (2, 5), 112005),
                                (conv4(5, strided=True), (2, 5), 112005),
                                (conv4(filters=8, embedding=16), (2, 16), 2456)):
        theta = model.init(rng)
        assert theta.dtype == np.float32 and theta.size == count
        y = model.apply(theta, x)
        assert y.shape == shape and y.dtype == np.float32
        assert model.batch_stats(theta, x).dtype == np.float32
        assert grad(lambda t: np.sum(model.apply(t, x) ** 2))(theta).dtype == np.float32
    assert conv4(filters=4, image_size=84, in_channels=3).apply(
        conv4(filters=4, image_size=84, in_channels=3).init(rng),
        rng.random((1, 84, 84, 3), dtype=np.float32)).shape == (1, 100)


def test_all_classes_are_equally_likely_at_first(rng):
    model = conv4(5, strided=True, filters=4)
    x = rng.random((3, 28, 28, 1), dtype=np.float32)
    loss = cross_entropy(model.apply(model.init(rng), x), np.array([0, 1, 2]))
    np.testing.assert_allclose(loss, np.log(5), rtol=1e-6)


@pytest.mark.parametrize("strided", [False, True])
def test_batch_norm_modes(rng, strided):
    model = small(strided=strided)
    theta, x = weights(model, rng, 2), rng.standard_normal((2, 6, 16, 16, 2))
    stats = model.batch_stats(theta, x)
    assert stats.shape == (2, 24)
    np.testing.assert_allclose(model.apply(theta, x, stats), model.apply(theta, x), rtol=1e-9)
    np.testing.assert_allclose(model.apply(theta, x[:, :1], stats), model.apply(theta, x)[:, :1],
                               rtol=1e-9, err_msg="with given statistics an image stands alone")
    assert not np.allclose(model.apply(theta, x[:, :1]), model.apply(theta, x)[:, :1])
    assert batch_norm_mode(model) == "batch"
    assert batch_norm_mode(model, stats) == "given"
    assert batch_norm_mode(mlp((2, 2))) == "none"


def test_batch_stats_are_constants(rng):
    model = small(strided=True)
    theta, x = weights(model, rng, 1)[0], rng.standard_normal((6, 16, 16, 2))

    def given(t):
        return np.sum(model.apply(t, x, model.batch_stats(t, x)) ** 2)
    fixed = model.batch_stats(theta, x)
    np.testing.assert_allclose(grad(given)(theta),
                               grad(lambda t: np.sum(model.apply(t, x, fixed) ** 2))(theta))


def test_conv4_errors(rng):
    model = conv4(5)
    theta = model.init(rng)
    with pytest.raises(ValueError, match="channels last"):
        model.apply(theta, np.zeros((3, 1, 28, 28), np.float32))
    with pytest.raises(ValueError, match="strided"):
        conv4(5, image_size=15)
    with pytest.raises(ValueError, match="batch_stats"):
        model.apply(theta, np.zeros((3, 28, 28, 1), np.float32), np.zeros(7, np.float32))


def test_initialisers(rng):
    shape = (3, 3, 40, 50)
    assert init.fans(shape) == (360, 450)
    for f, std in ((init.glorot_uniform, np.sqrt(2 / 810)), (init.he_normal, np.sqrt(2 / 360)),
                   (init.lecun_uniform, np.sqrt(1 / 1080))):
        w = f(rng, shape)
        assert w.shape == shape and w.dtype == np.float32
        np.testing.assert_allclose([w.mean(), w.std()], [0, std], atol=std / 50)
    w = init.truncated_normal(rng, (200, 200), std=0.1)
    assert 0.195 < np.abs(w).max() <= 0.2 and w.dtype == np.float32
    np.testing.assert_allclose(w.std(), 0.088, atol=2e-3)
    same = [init.he_normal(np.random.default_rng(3), shape, t) for t in (np.float32, np.float64)]
    np.testing.assert_array_equal(same[0], same[1].astype(np.float32))
    with pytest.raises(ValueError, match="two axes"):
        init.he_normal(rng, (3,))
