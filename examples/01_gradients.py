"""Derivatives of ordinary NumPy code, of any order.

Read next: 02_maml.py.
"""
import numpy as np

from minimeta import defvjp, grad, hessian, jvp, primitive, vjp


def f(x):
    """A number: sum tanh(x)^2.  Nothing in it knows about derivatives."""
    return np.sum(np.tanh(x) ** 2)


x = np.array([0.5, -1.0, 2.0])
t = np.tanh(x)

# first order: d/dx tanh^2 = 2 t (1 - t^2)
assert np.allclose(grad(f)(x), 2 * t * (1 - t**2))

# second order: the Hessian is a matrix, here a diagonal one
assert np.allclose(hessian(f)(x), np.diag(2 * (1 - t**2) * (1 - 3 * t**2)))

# any order: the fifth derivative of sin is cos
fifth = np.sin
for _ in range(5):
    fifth = grad(fifth)
assert np.isclose(fifth(0.3), np.cos(0.3))

# a gradient inside a gradient: each knows its own variable
assert grad(lambda a: a * grad(lambda b: a * b)(2.0))(3.0) == 6.0

# J v and u J without the matrix J
w, v, u = np.arange(6.0).reshape(2, 3), np.ones(3), np.array([1.0, -1.0])
_, pushed = jvp(lambda x: w @ np.sin(x), (x,), (v,))
_, pullback = vjp(lambda x: w @ np.sin(x), x)
assert np.allclose(u @ pushed, pullback(u)[0] @ v)


# a function with a derivative of one's own
@primitive
def softplus(x):
    """log(1 + exp(x)), without overflow."""
    return np.logaddexp(0, x)


defvjp(softplus, lambda g, y, x: g / (1 + np.exp(-x)))
s = 1 / (1 + np.exp(-0.7))
print("gradient", grad(f)(x), "fifth derivative of sin at 0.3", fifth(0.3))
assert np.isclose(grad(grad(softplus))(0.7), s * (1 - s))
