"""What every library is given: weights and data as NumPy arrays, all drawn from one seed.

This file imports NumPy alone, so that a peer's process is its own.  Weights are lists: (w, b) for
each linear layer, (kernel (3, 3, C, O), gamma, beta) for each block, w is (inputs, outputs).

Read next: workloads.py.
"""
import numpy as np

ALPHA, BETA = 0.01, 1e-6        # so small a beta that every repetition does the same work
POINTS, TASKS, HIDDEN = 10, 25, (40, 40)        # sinusoids
WAYS, SHOTS, QUERIES, EPISODES, IMAGE_ALPHA = 5, 1, 15, 4, 0.03     # images, in a meta-step
FILTERS, BLOCKS, SIDE = 64, 4, 28
EPS = 1e-5                      # batch norm's
CHAIN = 50                      # pairs of operations
SMALL, BIG = ((20, 32, 32, 5), 64), ((784, 256, 256, 10), 256)      # networks and their examples
MANY, FEW = (60, 5, 5), (WAYS, SHOTS, QUERIES)      # ways, shots, queries of a Prototypical step


def perceptron(sizes, dtype=np.float32, seed=2):
    """[w, b, w, b, ...] of a network of linear layers."""
    rng = np.random.default_rng(seed)
    return [(scale * rng.standard_normal(shape)).astype(dtype)
            for d, h in zip(sizes, sizes[1:])
            for shape, scale in (((d, h), 1 / np.sqrt(d)), ((h,), 0.1))]


def sinusoids(dtype=np.float32):
    """xs, ys, xq, yq, each (TASKS, POINTS, 1)."""
    rng = np.random.default_rng(1)
    amplitude, phase = rng.uniform(0.1, 5, (TASKS, 1, 1)), rng.uniform(0, np.pi, (TASKS, 1, 1))
    xs, xq = rng.uniform(-5, 5, (2, TASKS, POINTS, 1))
    return tuple(a.astype(dtype) for a in (xs, amplitude * np.sin(xs - phase),
                                           xq, amplitude * np.sin(xq - phase)))


def classifier(network, dtype=np.float32):
    """(weights, direction, x, labels): a network, a direction in its weights, its examples."""
    sizes, examples = network
    rng = np.random.default_rng(3)
    x = rng.standard_normal((examples, sizes[0])).astype(dtype)
    return perceptron(sizes, dtype), perceptron(sizes, dtype, 9), x, \
        rng.integers(0, sizes[-1], examples)


def conv4_weights(ways=None, dtype=np.float32):
    """[kernel, gamma, beta] of four blocks, and [w, b] of the last layer, if there are ways."""
    rng = np.random.default_rng(4)
    weights = []
    for channels in (1, FILTERS, FILTERS, FILTERS):
        weights += [np.sqrt(2 / (9 * channels)) * rng.standard_normal((3, 3, channels, FILTERS)),
                    1 + 0.1 * rng.standard_normal(FILTERS), 0.1 * rng.standard_normal(FILTERS)]
    if ways:
        weights += [0.125 * rng.standard_normal((FILTERS, ways)), np.zeros(ways)]
    return [w.astype(dtype) for w in weights]


def episode(tasks, ways, shots, queries, dtype=np.float32):
    """xs, ys, xq, yq: images (tasks, ways * n, 28, 28, 1) in [0, 1], grouped by class; labels."""
    rng = np.random.default_rng(5)
    classes = rng.random((tasks, ways, SIDE, SIDE, 1))

    def images(each):
        noise = rng.random((tasks, ways * each, SIDE, SIDE, 1))
        return (0.6 * np.repeat(classes, each, axis=1) + 0.4 * noise).astype(dtype)

    def labels(each):
        return np.tile(np.repeat(np.arange(ways), each), (tasks, 1))
    return images(shots), labels(shots), images(queries), labels(queries)


def meta_images(dtype=np.float32):
    """The episode of the meta-steps on images."""
    return episode(EPISODES, WAYS, SHOTS, QUERIES, dtype)


def chain_point(dtype=np.float32):
    """Where the chain of elementwise operations is differentiated."""
    return np.linspace(0.5, 1.5, 10).astype(dtype)


def flat(arrays):
    """Arrays, one after the other, as one vector."""
    return np.concatenate([np.asarray(a).reshape(-1) for a in arrays])
