"""Find every pair of near-duplicate vectors without comparing all pairs; none is missed."""

import numpy as np
from scipy.spatial.distance import cdist

import partita as pt

rng = np.random.default_rng(0)
vectors = rng.normal(size=(6000, 4))
distance = 0.3

h = pt.points.HierarchicalKMeans(n_clusters=60).fit(vectors).hierarchy_
# Half the distance is enough: of two items that near, one has a copy in the other's part.
cover = h.cover("bisector", X=vectors, radius=distance / 2, max_copies=60)
print(cover)

labels, pairs, compared = h.labels(), set(), 0
for part in range(cover.n_parts):
    own, held = np.flatnonzero(labels == part), cover.members(part)
    compared += len(own) * len(held)
    near = np.argwhere(cdist(vectors[own], vectors[held]) <= distance)
    pairs |= {tuple(sorted((own[i], held[j]))) for i, j in near if own[i] != held[j]}
print(f"{len(pairs)} pairs, by {compared / len(vectors) ** 2:.1%} of all comparisons")

truth = np.argwhere(np.triu(cdist(vectors, vectors) <= distance, 1))
inside = sum(labels[i] == labels[j] for i, j in truth)
print(f"all pairs: {len(truth)}; within the parts, without copies: {inside}")
