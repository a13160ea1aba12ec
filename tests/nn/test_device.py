"""Nothing in nn falls back to the host: a stand-in for device arrays that answers dispatch only."""
import numpy as np
import pytest

from minimeta.autodiff import grad
from minimeta.nn import conv2d, conv2d_input, conv2d_kernel, conv4, cross_entropy, mlp


class Device(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that computes through NEP 13 and 18 only, and refuses host arrays."""

    def __init__(self, a):
        self.a = a

    def __array__(self, *args, **kwargs):
        raise TypeError("a device array was converted to a host array")

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        plain = (Device, np.ndarray, np.generic, int, float, complex)
        if not all(isinstance(a, plain) for a in inputs):
            return NotImplemented       # a traced array answers
        return wrap(getattr(ufunc, method)(*unwrap(inputs), **unwrap(kwargs)))

    def __array_function__(self, func, types, args, kwargs):
        if not all(issubclass(t, Device) for t in types):
            return NotImplemented
        return wrap(func(*unwrap(args), **unwrap(kwargs)))

    def __getitem__(self, index):
        return wrap(self.a[unwrap(index)])

    def __setitem__(self, index, value):
        self.a[unwrap(index)] = unwrap(value)

    def __len__(self):
        return len(self.a)

    def __bool__(self):
        raise TypeError("a device array was looked at: that stops the pipeline")

    __float__ = __int__ = __bool__

    def reshape(self, *shape):
        return wrap(self.a.reshape(*shape))

    def astype(self, dtype, copy=True):
        return wrap(self.a.astype(dtype, copy=copy))

    def copy(self):
        return wrap(self.a.copy())

    shape = property(lambda self: self.a.shape)
    dtype = property(lambda self: self.a.dtype)
    ndim = property(lambda self: self.a.ndim)
    size = property(lambda self: self.a.size)
    nbytes = property(lambda self: self.a.nbytes)
    itemsize = property(lambda self: self.a.itemsize)


def wrap(a):
    if isinstance(a, (np.ndarray, np.generic)):
        return Device(np.asarray(a))
    return type(a)(map(wrap, a)) if type(a) in (tuple, list) else a


def unwrap(a):
    if isinstance(a, Device):
        return a.a
    if isinstance(a, np.ndarray) and a.ndim:
        raise TypeError("a host array met a device array")
    if type(a) in (tuple, list):
        return type(a)(map(unwrap, a))
    return {k: unwrap(v) for k, v in a.items()} if type(a) is dict else a


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("lead", [(), (2,)])
def test_convolution(rng, stride, lead):
    x, w = rng.standard_normal((2, 3, 6, 5, 2)), rng.standard_normal(lead + (3, 3, 2, 4))
    y = conv2d(x, w, stride)
    np.testing.assert_allclose(conv2d(Device(x), Device(w), stride).a, y)
    np.testing.assert_allclose(conv2d_input(Device(y), Device(w), (6, 5), stride).a,
                               conv2d_input(y, w, (6, 5), stride), atol=1e-12)
    np.testing.assert_allclose(conv2d_kernel(Device(x), Device(y), (3, 3), stride).a,
                               conv2d_kernel(x, y, (3, 3), stride), atol=1e-12)


@pytest.mark.parametrize("model", [mlp((256, 4, 3)), conv4(3, filters=2, image_size=16),
                                   conv4(3, filters=2, image_size=16, strided=True)],
                         ids=lambda model: model.name)
def test_second_order_step(rng, model):
    theta = model.init(rng)
    theta = theta + 0.3 * rng.standard_normal((2, theta.size)).astype(theta.dtype)
    x, labels = rng.random((2, 3, 16, 16, 1), dtype=np.float32), np.array([[0, 1, 2], [2, 0, 1]])

    def step(theta, x, labels):
        def loss(theta):
            return np.sum(cross_entropy(model.apply(theta, x), labels))
        return grad(lambda theta: loss(theta - 0.1 * grad(loss)(theta)))(theta)
    device = step(Device(theta), Device(x), Device(labels))
    np.testing.assert_allclose(device.a, step(theta, x, labels), rtol=1e-3, atol=1e-4)
    if model.batch_stats:
        stats = model.batch_stats(Device(theta), Device(x))
        assert model.apply(Device(theta), Device(x), stats).shape == (2, 3, 3)


def test_a_label_out_of_range_gives_nan_where_it_cannot_raise():
    loss = cross_entropy(Device(np.zeros((2, 3))), Device(np.array([0, 5])))
    assert np.isnan(loss.a)
