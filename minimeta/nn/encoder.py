"""The encoder of the metric learners, under the name that PyTorch users look for.

Read next: ../meta/learner.py.
"""
from .conv4 import conv4


def ConvEncoder(in_channels=1, hidden_dim=64, embedding_dim=64):
    """A Model: images (..., N, 28, 28, in_channels), channels-last, to (..., N, embedding_dim).

    Four blocks of convolution, batch norm, ReLU and pooling with hidden_dim filters, embedding_dim
    in the last.  Snell et al. 2017, section 3.1.
    """
    return conv4(in_channels=in_channels, filters=hidden_dim, embedding=embedding_dim)
