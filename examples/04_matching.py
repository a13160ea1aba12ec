"""Matching Networks on the same episode: a query asks every support image for its label.

Read next: 05_reptile.py.
"""
import numpy as np

from minimeta import ConvEncoder, MatchingNetwork
from minimeta.meta import squared_distance
from minimeta.tasks import EpisodeSampler, glyph_splits

glyphs = glyph_splits(seed=0, train=200, test=50)
train = EpisodeSampler(glyphs["train"].images, ways=5, shots=5, queries=15)
test = EpisodeSampler(glyphs["test"].images, ways=5, shots=5, queries=15)

f = ConvEncoder(in_channels=1, hidden_dim=8, embedding_dim=16)
network = MatchingNetwork(f, outer_lr=0.01)      # cosine attention, one encoder for both sides

xs, ys, xq, yq = (part[0] for part in test.sample(np.random.default_rng(1)))
log_p = network.predict(xs, ys, xq)
assert log_p.shape == (75, 5)
assert np.allclose(np.sum(np.exp(log_p), axis=1), 1, atol=1e-5)

# the order of the support images does not matter
order = np.random.default_rng(3).permutation(25)
assert np.allclose(network.predict(xs[order], ys[order], xq), log_p, atol=1e-3)

# f for the queries and g for the support images, and another attention
pair = MatchingNetwork(f, g=ConvEncoder(1, 4, 16), attention=squared_distance)
assert pair.predict(xs, ys, xq).shape == (75, 5)

unseen = test.sample(np.random.default_rng(2), tasks=20)
before = network.adapt_and_evaluate(unseen).accuracy.mean()
rng = np.random.default_rng(0)
for step in range(60):
    loss = network.meta_train_step(train.sample(rng))
    if step % 20 == 0:
        print(f"episode {step}: loss {loss:.3f}")

after = network.adapt_and_evaluate(unseen).accuracy.mean()
print(f"accuracy on characters not trained on: {before:.3f} before training, {after:.3f} after")
assert after > before + 0.1 and after > 0.8
