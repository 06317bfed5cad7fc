"""Clusters of any shape, with noise; the layers that last; the clusters at one distance; new items."""

import numpy as np
from sklearn.datasets import make_moons

import partita as pt

rng = np.random.default_rng(0)
moons, truth = make_moons(600, noise=0.05, random_state=0)
X = np.concatenate([moons, rng.uniform(-2, 3, (60, 2))])

# Nothing needs to be told: the least size of a cluster is taken as a scale, and what lasts longest is taken.
found = pt.points.HDBSCAN().fit(X)
print(found.n_clusters_, "clusters,", int((found.labels_ == pt.NOISE).sum()), "items of noise")
print("agreement with the moons:", round(pt.compare(truth, found.labels_[:600])["ari"], 2))

# Other layers, fine to coarse, each with the least size up to which it lasts.
print([(layer.n_parts, int(size)) for layer, size in zip(found.layers_, found.layer_sizes_)])

# New items go with the item that they reach first, or are noise.
print(found.predict([[0.0, 1.0], [1.0, -0.5], [9.0, 9.0]]).tolist())

# Soft membership: shares of an item in the clusters.
print(found.membership())

# Every distance at once, as one tree.
tree = pt.points.NestedDensity(min_samples=5).fit(X)
print([tree.at(eps).n_parts for eps in (0.05, 0.1, 0.2, 1.0)])
