"""Reptile on batches of four tasks: train on each for ten steps, then move towards where they led.

Read next: 06_maml_by_hand.py.
"""
import numpy as np

from minimeta import Reptile
from minimeta.nn import mlp
from minimeta.tasks import EpisodeSampler, glyph_splits

glyphs = glyph_splits(seed=0, train=200, test=50)
train = EpisodeSampler(glyphs["train"].images, ways=5, shots=5, queries=5, tasks=4)
test = EpisodeSampler(glyphs["test"].images, ways=5, shots=5, queries=5, tasks=100)

# no second derivatives, and no query set: Reptile learns from all ten images of a class
reptile = Reptile(mlp([784, 64, 5]), inner_lr=0.1, outer_lr=0.5, inner_steps=10)
unseen = test.sample(np.random.default_rng(1))
before = reptile.adapt_and_evaluate(unseen).accuracy.mean()

rng = np.random.default_rng(0)
for step in range(100):
    theta = reptile.theta
    loss = reptile.meta_train_step(train.sample(rng))
    if step % 25 == 0:
        print(f"step {step}: loss {loss:.3f} before adaptation, "
              f"moved by {np.linalg.norm(reptile.theta - theta):.3f}")

after = reptile.adapt_and_evaluate(unseen).accuracy.mean()
print(f"accuracy on characters not trained on, after ten steps: {before:.3f} from the first "
      f"weights, {after:.3f} from the trained ones")
assert after > before + 0.03
