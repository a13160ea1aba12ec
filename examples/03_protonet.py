"""Prototypical Networks: a 5-way 5-shot episode, and training over episodes.

Read next: 04_matching.py.
"""
import numpy as np

from minimeta import ConvEncoder, PrototypicalNetwork
from minimeta.tasks import EpisodeSampler, glyph_splits

glyphs = glyph_splits(seed=0, train=200, test=50)
train = EpisodeSampler(glyphs["train"].images, ways=5, shots=5, queries=15)
test = EpisodeSampler(glyphs["test"].images, ways=5, shots=5, queries=15)

encoder = ConvEncoder(in_channels=1, hidden_dim=8, embedding_dim=16)    # 64 and 64 in the paper
network = PrototypicalNetwork(encoder, outer_lr=0.01)

# one episode: 25 support images, 75 queries, all 28x28 with one channel
xs, ys, xq, yq = (part[0] for part in test.sample(np.random.default_rng(1)))
assert xs.shape == (25, 28, 28, 1) and xq.shape == (75, 28, 28, 1)

# a class is the mean of its five embeddings; a query belongs to the nearest one
prototypes = network.compute_prototypes(encoder.apply(network.theta, xs), ys, n_way=5)
assert prototypes.shape == (5, 16)

log_p = network.log_probabilities(xs, ys, xq)
assert log_p.shape == (75, 5)
assert np.allclose(np.sum(np.exp(log_p), axis=1), 1, atol=1e-5)

unseen = test.sample(np.random.default_rng(2), tasks=20)
before = network.adapt_and_evaluate(unseen).accuracy.mean()

rng = np.random.default_rng(0)
for step in range(60):
    loss = network.meta_train_step(train.sample(rng))
    if step % 20 == 0:
        print(f"episode {step}: loss {loss:.3f}")

after = network.adapt_and_evaluate(unseen).accuracy.mean()
print(f"accuracy on characters not trained on: {before:.3f} before training, {after:.3f} after")
assert after > before + 0.1 and after > 0.85
