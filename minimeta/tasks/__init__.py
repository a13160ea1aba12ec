"""Few-shot tasks: sine waves, invented glyphs, Omniglot, and episodes drawn from any images.

Read next: episodes.py.
"""

from . import glyphs, omniglot, sinusoid
from .episodes import Episode, EpisodeSampler
from .errors import DataError
from .glyphs import glyph_splits
from .imageset import ImageSet
from .omniglot import omniglot_splits
from .sinusoid import SinusoidSampler

__all__ = ["DataError", "Episode", "EpisodeSampler", "ImageSet", "SinusoidSampler",
           "glyph_splits", "glyphs", "omniglot", "omniglot_splits", "sinusoid"]
