"""First-order MAML: the same objective, its gradient taken as if adaptation were a translation.

d phi / d theta is replaced by the identity: no Hessian.  Finn et al. 2017, section 5.2.

Read next: reptile.py.
"""
from ..nn import cross_entropy
from .maml import MAML


class FOMAML(MAML):
    """MAML with order 1: grad L_Q(phi), and no second derivatives.

    Arguments are MAML's.  Images are channels-last: (N, H, W, C) a task.
    """
    name = "FOMAML"

    def __init__(self, model, inner_lr=0.4, inner_steps=1, outer_lr=1e-3, loss=cross_entropy,
                 clip=None, seed=0):
        super().__init__(model, inner_lr, inner_steps, 1, outer_lr, loss, clip, seed)
