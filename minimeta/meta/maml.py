"""Model-Agnostic Meta-Learning: find weights from which a few gradient steps go far.

Finn, Abbeel, Levine 2017, "Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks".

Read next: fomaml.py.
"""
from ..nn import cross_entropy
from .adapt import adapt, per_task_sum
from .learner import GradientLearner


def maml(loss, theta, episode, alpha, steps, order=2, checkpoint=False):
    """F(theta) = mean_i L_i(phi_i; query), phi_i = theta - alpha grad L_i(theta; support), ...

    The meta-objective (equation 1 of the paper), a number; its gradient is grad(maml, argnums=1).
    """
    phi = adapt(loss, theta, episode.xs, episode.ys, alpha, steps, order, checkpoint)
    return per_task_sum(loss, len(phi))(phi, episode.xq, episode.yq) / len(phi)


class MAML(GradientLearner):
    """MAML of a model, by Adam on theta (P,); order 2, or 1 for the first-order approximation.

    inner_lr is alpha, outer_lr beta of the paper.  loss(outputs, targets) gives one number a task:
    cross_entropy (the default) or mean_squared_error.  clip limits the norm of the meta-gradient.
    checkpoint: memory grows as the root of inner_steps, for one more run of them (see adapt).
    Images are channels-last: (N, H, W, C) a task.
    """
    name = "MAML"

    def __init__(self, model, inner_lr=0.4, inner_steps=1, order=2, outer_lr=1e-3,
                 loss=cross_entropy, clip=None, seed=0, checkpoint=False):
        if order not in (1, 2):
            raise ValueError(f"order={order}: 2 is MAML, 1 is first-order MAML")
        super().__init__(model, inner_lr, inner_steps, outer_lr, loss, clip, seed)
        self.order, self.checkpoint = order, checkpoint

    def objective(self, theta, episode):
        """The meta-loss of a batch of tasks, a number."""
        return maml(self.task_loss, theta, episode, self.inner_lr, self.inner_steps, self.order,
                    self.checkpoint)
