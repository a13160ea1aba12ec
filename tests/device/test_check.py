"""check_grads of functions of device arrays: the same verdicts as on the host."""
import numpy as np

from minimeta import check_grads, nn

X, W = np.linspace(-1, 1, 6).reshape(2, 3), np.linspace(0.2, 0.9, 12).reshape(3, 4)


def f(x, w):
    return np.sum(np.tanh(x @ w) ** 2)


def test_a_right_gradient_is_ok(put):
    report = check_grads(f, *put((X, W)))
    assert report.verdict == check_grads(f, X, W).verdict == "OK", str(report)


def test_containers_and_arrays_out(put):
    assert check_grads(lambda p: np.sin(p["x"]) * p["x"], put({"x": X})).verdict == "OK"


def test_a_wrong_gradient_is_found(put):
    report = check_grads(f, put(X), put(W), argnums=0,
                         df=lambda x, w: 2 * (np.tanh(x @ w) @ w.T))
    assert report.verdict == "WRONG"


def test_a_network(put):
    model = nn.mlp((3, 4, 2), activation=np.tanh, dtype=np.float64)
    theta, labels = put(model.init(np.random.default_rng(0))), put(np.array([0, 1]))
    x = put(X)

    def loss(theta):
        return nn.cross_entropy(model.apply(theta, x), labels)
    assert check_grads(loss, theta, order=2).verdict == "OK"
