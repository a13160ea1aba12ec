"""MAML on batches of four 5-way tasks: which character is it, after one look at each?

Read next: 03_protonet.py.
"""
import numpy as np

from minimeta import MAML
from minimeta.nn import mlp
from minimeta.tasks import EpisodeSampler, glyph_splits

glyphs = glyph_splits(seed=0, train=200, test=50)
train = EpisodeSampler(glyphs["train"].images, ways=5, shots=1, queries=5, tasks=4)
test = EpisodeSampler(glyphs["test"].images, ways=5, shots=1, queries=5, tasks=100)

model = mlp([784, 64, 5])
maml = MAML(model, inner_lr=0.01, inner_steps=5, outer_lr=0.001)
unseen = test.sample(np.random.default_rng(1))
before = maml.adapt_and_evaluate(unseen)

rng = np.random.default_rng(0)
for step in range(300):
    tasks = train.sample(rng)                    # xs (4, 5, 28, 28, 1), ys (4, 5), xq, yq
    loss = maml.meta_train_step(tasks)
    if step % 100 == 0:
        print(f"step {step}: loss {loss:.3f} on the queries, after adaptation")

# adapt to one task: five images with their labels give weights of its own, phi (P,)
phi = maml.adapt(unseen.xs[0], unseen.ys[0])
logits = model.apply(phi, unseen.xq[0])
assert phi.shape == maml.theta.shape and logits.shape == (25, 5)

# on 100 tasks of characters that were not trained on: one accuracy a task
after = maml.adapt_and_evaluate(unseen)
unadapted = maml.adapt_and_evaluate(unseen, steps=0)
print(f"accuracy: {before.accuracy.mean():.3f} with the first weights, adapted; "
      f"{unadapted.accuracy.mean():.3f} trained, not adapted; {after.accuracy.mean():.3f} both")
assert after.accuracy.shape == (100,)
assert after.accuracy.mean() > before.accuracy.mean() + 0.1
assert after.accuracy.mean() > unadapted.accuracy.mean() + 0.1
