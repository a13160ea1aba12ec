"""The methods, each its own file, each reading like its paper.

Read next: adapt.py.
"""
from .adapt import adapt, per_task
from .bregman import bregman, burg_entropy, negative_entropy, squared_norm
from .fomaml import FOMAML
from .learner import Evaluation, Learner
from .maml import MAML, maml
from .matching import MatchingNetwork, cosine, squared_distance
from .protonet import PrototypicalNetwork, compute_prototypes, log_probabilities
from .reptile import Reptile, reptile

__all__ = ["Evaluation", "FOMAML", "Learner", "MAML", "MatchingNetwork", "PrototypicalNetwork",
           "Reptile", "adapt", "bregman", "burg_entropy", "compute_prototypes", "cosine",
           "log_probabilities", "maml", "negative_entropy", "per_task", "reptile",
           "squared_distance", "squared_norm"]
