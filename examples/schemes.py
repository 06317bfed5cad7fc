"""Ask which laws clustering methods obey, and look at the smallest counter-examples."""

import numpy as np
from sklearn.cluster import KMeans

import partita as pt

single = pt.dissimilarities.ExcisiveClustering(2, height=1.0, metric="euclidean")
print(pt.dissimilarities.check_scheme(single), "\n")

# Divide the rows of a part again, and k-means finds k parts in it: it is not excisive.
report = pt.dissimilarities.check_scheme(KMeans(2, n_init=1), properties=["excisiveness"])
print(report, "\n")

# Cliques of three are not joined by a bridge of single items; the price is a law about items that coincide.
triangles = pt.dissimilarities.ExcisiveClustering(3, height=1.0, metric="euclidean")
print("cliques of three fail:", pt.dissimilarities.check_scheme(triangles).failed)

rng = np.random.default_rng(0)
ends = np.concatenate([rng.normal(0, 0.4, (80, 2)), rng.normal((9, 0), 0.4, (80, 2))])
bridge = np.column_stack([np.arange(1.0, 9.0, 0.9), np.zeros(9)])
X = np.concatenate([ends, bridge])
for scheme in (single, triangles):
    large = np.bincount(scheme.fit(X).labels_)
    print(f"m={scheme.m}: blocks of at least ten items: {large[large >= 10].tolist()}")
