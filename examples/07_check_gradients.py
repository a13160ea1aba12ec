"""A gradient written by hand, with a mistake in one entry: found, and named.

Read next: docs/check.md, and minimeta/check/lines.py for the bound.
"""
import numpy as np

from minimeta import check_grads

rng = np.random.default_rng(0)
x, labels = rng.normal(size=(20, 4)), np.arange(20) % 3
onehot = np.eye(3)[labels]


def loss(w, b):
    """-mean_i log softmax(x_i w + b)[y_i], a number of weights w (4, 3) and biases b (3,)."""
    z = x @ w + b
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(z * onehot, axis=1))


def by_hand(w, b):
    """dL/dz = (softmax(z) - y) / n;  dL/dw = x' dL/dz,  dL/db = sum_i dL/dz_i."""
    p = np.exp(x @ w + b)
    dz = (p / np.sum(p, axis=1, keepdims=True) - onehot) / len(x)
    return x.T @ dz, np.sum(dz, axis=0)


def mistaken(w, b):
    """The same, but one weight's derivative is off by a hundred-thousandth of itself."""
    dw, db = by_hand(w, b)
    factor = np.ones_like(dw)
    factor[2, 1] += 1e-5
    return dw * factor, db


w, b = rng.normal(size=(4, 3)), rng.normal(size=3)
print(check_grads(loss, w, b), end="\n\n")                      # minimeta's derivatives, order 1, 2
right = check_grads(loss, w, b, df=by_hand, order=1)
wrong = check_grads(loss, w, b, df=mistaken, order=1)
print(wrong)
assert right
assert wrong.verdict == "WRONG" and wrong.rows[0].argument == "w"
assert wrong.rows[0].entry == "[2, 1]" and wrong.rows[1].verdict == "OK"
