"""Communities within communities, from the bottom up and from the top down; and guests at events."""

import numpy as np
from scipy.sparse import coo_array

import partita as pt

# Three schools of four classes of 25: most friends are in the class, some in the school, few elsewhere.
rng = np.random.default_rng(0)
n, group = 300, np.arange(300) // 25
ends = []
for size, friends in ((25, 9), (100, 3), (300, 1)):
    u = rng.integers(0, n, n * friends // 2)
    ends.append((u, u // size * size + rng.integers(0, size, len(u))))
u, v = (np.concatenate(side) for side in zip(*ends))
half = coo_array((np.ones(len(u)), (u, v)), shape=(n, n)).tocsr()
A = ((half + half.T) > 0).astype(float)
A.setdiag(0)
A.eliminate_zeros()

tree = pt.graphs.BottomUp().fit(A)
h = tree.hierarchy_
print("levels:", [len(level) for level in h.levels], "-", tree.made_by_.choices["bottom"])
print(f"classes: ARI {pt.compare(tree.labels_, group)['ari']:.3f}")
print(f"schools: ARI {pt.compare(h.cut(n_clusters=3), group // 4)['ari']:.3f}")

halves = pt.graphs.TopDown().fit(A)
inversions = halves.made_by_.certificates["inversions"]
agreement = pt.compare(halves.labels_, group)["ari"]
print(f"top-down: {halves.n_clusters_} parts, ARI {agreement:.3f}, {inversions=}")

# 90 guests in three circles at 40 events, of which some are for one circle and some for two.
circle, kind = np.arange(90) // 30, np.arange(40) // 10
rates = np.array([[0.6, 0.05, 0.05, 0.5], [0.05, 0.6, 0.05, 0.5], [0.05, 0.05, 0.6, 0.05]])
B = (rng.random((90, 40)) < rates[np.ix_(circle, kind)]).astype(int)
found = pt.graphs.BipartiteSBM().fit(B)
print("blocks of guests and events:", found.n_blocks_)
print(f"circles: ARI {pt.compare(found.row_labels_, circle)['ari']:.3f}")
