"""Around a node: its cluster, nodes like it, an order of parts, and distances without all pairs."""

import numpy as np
from scipy.sparse import coo_array

import partita as pt

# 50 villages along a valley, 40 people each, who mostly know people of their own village and of the next.
rng = np.random.default_rng(0)
n, size = 2000, 40
village = np.arange(n) // size
tail = rng.integers(0, n, 30_000)
step = rng.choice([0, 0, 0, 0, 0, 0, 1], 30_000)
head = np.minimum((village[tail] + step) * size + rng.integers(0, size, 30_000), n - 1)
keep = tail != head
half = coo_array((np.ones(keep.sum()), (tail[keep], head[keep])), shape=(n, n)).tocsr()
A = half + half.T

local = pt.graphs.LocalCluster(seed=1000, volume=1000).fit(A)
part = local.part_
inside = (village[part.nodes] == village[1000]).mean()
print(f"around node 1000: {len(part)} nodes, {inside:.0%} of one village, conductance {part.conductance:.3f}")
print(f"met {part.n_met} of {n} nodes; around 200, another village: {len(local.around(200))} nodes")

index = pt.graphs.NeighbourhoodIndex.build(A)
best = index.community([1000, 1001], size=10)
print(
    "like nodes 1000 and 1001:", best.nodes.tolist(), "of villages", sorted(set(village[best.nodes].tolist()))
)

shuffled = rng.permutation(50)
ordered = pt.graphs.order_parts(shuffled[village], graph=A, first=int(shuffled[0]))
print(
    "villages up the valley:",
    "in order" if (ordered.position[shuffled] == np.arange(50)).all() else "not in order",
)

oracle = pt.graphs.DistanceOracle(n_trees=32).fit(A)
low, high = oracle.bounds([0, 0], [20, 1990])
print(
    f"from node 0: to 20 between {low[0]:.0f} and {high[0]:.0f} steps, to 1990 {low[1]:.0f} to {high[1]:.0f}"
)
