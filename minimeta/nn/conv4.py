"""The network of four convolutions that few-shot learning is measured with.

Read next: ../meta/adapt.py.
"""
import numpy as np

from . import init
from .conv import conv2d
from .layers import flatten, linear
from .model import from_tree
from .norm import norm_relu
from .pooling import norm_relu_pool

BLOCKS = 4


def conv4(ways=None, in_channels=1, filters=64, embedding=None, strided=False, image_size=28,
          dtype=np.float32):
    """A Model of four blocks: logits (..., N, ways), or embeddings (..., N, features).

    Images (..., N, image_size, image_size, in_channels), channels last.  A block is

        3x3 convolution, padding 1; batch norm; ReLU; 2x2 max pooling.

    The last one has `embedding` filters (by default as many as the others), and its 1x1 map (of a
    28x28 image; larger ones are flattened) is the embedding.  ways=None ends there, an encoder;
    else a linear layer follows.

    strided: the convolutions step by 2 in place of pooling (28, 14, 7, 4, 2), a quarter of the
    work and no kinks but ReLU's; the embedding is the mean over the last map's places.

    Convolutions have no bias: the batch mean would take it away again.  The linear layer starts at
    zero, so that at first all classes are equally likely: their numbers mean nothing.

    Sources: Snell et al. 2017, section 3.1 (and Vinyals et al. 2016) for the blocks; the code of
    Finn et al. 2017 for the strides, the mean and Glorot's weights.
    """
    embedding = embedding or filters
    widths = (in_channels,) + (filters,) * (BLOCKS - 1) + (embedding,)
    side = image_size
    for _ in range(BLOCKS):
        side = -(-side // 2) if strided else side // 2
    if side < 1:
        raise ValueError(f"conv4 halves the image four times: image_size={image_size} is too "
                         "small, use 16 or more, or strided=True")
    features = embedding if strided else embedding * side * side

    def weights(rng):
        tree = {"blocks": [{"kernel": init.glorot_uniform(rng, (3, 3, c, o), dtype),
                            "gamma": init.ones(rng, (o,), dtype),
                            "beta": init.zeros(rng, (o,), dtype)}
                           for c, o in zip(widths, widths[1:])]}
        if ways is not None:
            tree["head"] = {"w": init.zeros(rng, (features, ways), dtype),
                            "b": init.zeros(rng, (ways,), dtype)}
        return tree

    def blocks(tree, x, stats):
        """The last block's map, of each block's (mean, var) in stats; and those that x has."""
        if x.ndim < 4 or x.shape[-3:] != (image_size, image_size, in_channels):
            raise ValueError(f"conv4 takes images (..., N, {image_size}, {image_size}, "
                             f"{in_channels}), channels last: got shape {x.shape}; set image_size "
                             "and in_channels, or move the channels with np.moveaxis")
        used, block_of = [], norm_relu if strided else norm_relu_pool
        for block, given in zip(tree["blocks"], stats):
            x = conv2d(x, block["kernel"], stride=2 if strided else 1)
            x, own = block_of(x, block["gamma"], block["beta"], given)
            used.extend(own)
        return x, used

    def apply(tree, x, stats=None):
        x, _ = blocks(tree, x, [None] * BLOCKS if stats is None else _split(stats, widths[1:]))
        x = np.mean(x, axis=(-3, -2)) if strided else flatten(x)
        return linear(x, tree["head"]["w"], tree["head"]["b"]) if ways is not None else x

    def batch_stats(tree, x):
        """(..., S): mean and variance of every block's convolution, one after the other."""
        return np.concatenate(blocks(tree, x, [None] * BLOCKS)[1], axis=-1)

    return from_tree(weights, apply, batch_stats,
                     name=f"conv4{' strided' if strided else ''}, {filters} filters")


def _split(stats, widths):
    """[(mean, var), ...] of each block, from the vector (..., S) of `batch_stats`."""
    if stats.shape[-1] != 2 * sum(widths):
        raise ValueError(f"stats has {stats.shape[-1]} numbers, expected {2 * sum(widths)}: make "
                         "it with batch_stats of the same model")
    parts, start = [], 0
    for n in widths:
        parts.append((stats[..., start:start + n], stats[..., start + n:start + 2 * n]))
        start += 2 * n
    return parts
