"""Take a dendrogram from SciPy, cut it by several rules, and compare the cuts with the truth."""

from scipy.cluster.hierarchy import linkage
from sklearn.datasets import load_iris

import partita as pt

iris = load_iris()
h = pt.Hierarchy.from_linkage(linkage(iris.data, "average"))
print(h)

cuts = {
    "3 parts": h.cut(n_clusters=3),
    "height 1.5": h.cut(height=1.5),
    "at most 60 items": h.cut(max_size=60),
    "at least 20 items": h.cut(min_size=20),
}
for name, partition in cuts.items():
    scores = pt.compare(iris.target, partition)
    largest = sorted(partition.sizes.tolist(), reverse=True)[:3]
    print(f"{name:18} {partition.n_parts:3d} parts, the largest {largest}, ARI {scores['ari']:.2f}")

print("two flowers meet in part", int(h.lca(0, 100)), "at height", round(float(h.cophenetic(0, 100)), 2))
print("Newick:", h.to_newick()[:60], "...")

try:
    h.cut(n_clusters=1000)
except pt.InfeasibleError as error:
    print(f"refused: {error.reason} Instead: {error.smallest_relaxation}")
