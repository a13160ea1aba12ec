"""Losses and scores: one number for each leading index, that is, one a task.

Read next: init.py.
"""
import numpy as np

from ..autodiff import primitive, stop_gradient
from ..device import on_host


def log_softmax(logits):
    """log(exp(z) / sum exp(z)) over the last axis, in the shape (..., C) of the logits z."""
    # the largest logit cancels out, so it is a constant; without it exp overflows
    z = logits - np.max(stop_gradient(logits), axis=-1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


def cross_entropy(logits, labels):
    """Losses (...,) of logits (..., N, C) and labels (..., N), integers from 0 to C - 1.

    -mean_n log p(label_n), in nats.  On a device, where looking at the labels would stop the
    pipeline, a label out of range gives NaN in place of an error.
    """
    labels = _check_labels(logits, labels)
    chosen = labels[..., None] == np.arange(logits.shape[-1], like=labels)
    if on_host(labels):
        _check_range(labels, logits.shape[-1])
        picked = np.where(chosen, log_softmax(logits), 0.0)
    else:
        known = np.any(chosen, axis=-1, keepdims=True)
        picked = np.where(known, np.where(chosen, log_softmax(logits), 0.0), float("nan"))
    return -np.sum(picked, axis=(-2, -1)) / logits.shape[-2]


def accuracy(logits, labels):
    """Shares (...,) of right answers: logits (..., N, C), the largest wins; labels (..., N)."""
    labels = _check_labels(logits, labels)
    return np.mean(np.argmax(stop_gradient(logits), axis=-1) == labels, axis=-1)


def mean_squared_error(prediction, target):
    """Losses (...,) of predictions (..., N, d) and targets (..., N, d): means over N and d."""
    found, wanted = (a.shape if hasattr(a, "shape") else np.shape(a) for a in (prediction, target))
    if len(found) < 2 or found[-2:] != wanted[-2:]:
        raise ValueError(
            "mean_squared_error takes predictions and targets (..., N, d) with the same N and d: "
            f"got {found} and {wanted}; give a vector of N numbers its "
            "last axis, y[..., None]")
    return np.mean(np.square(prediction - target), axis=(-2, -1))


def _check_labels(logits, labels):
    if not hasattr(labels, "dtype"):
        labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels are integers from 0 to C - 1, got {labels.dtype}: use "
                        "labels.astype(int), or argmax(axis=-1) if they are one-hot")
    if logits.ndim < 2 or labels.ndim < 1 or labels.shape[-1] != logits.shape[-2] \
            or not _broadcast(labels.shape[:-1], logits.shape[:-2]):
        raise ValueError(f"logits (..., N, C) go with labels (..., N): got {logits.shape} and "
                         f"{labels.shape}; one-hot labels become integers by argmax(axis=-1)")
    return labels


def _broadcast(a, b):
    return all(m == n or 1 in (m, n) for m, n in zip(reversed(a), reversed(b)))


def _check_range(labels, classes):
    if not _in_range(labels, classes):
        raise ValueError(f"labels run from {int(labels.min())} to {int(labels.max())}, but there "
                         f"are {classes} classes: number an episode's classes from 0 to "
                         f"{classes - 1}")


@primitive
def _in_range(labels, classes):
    return labels.size == 0 or bool(np.minimum.reduce(labels, None) >= 0
                                    and np.maximum.reduce(labels, None) < classes)
