"""Hand the distances of a dendrogram to what needs coordinates, and know how far they are off."""

from scipy.cluster.hierarchy import linkage
from sklearn.datasets import load_iris

import partita as pt

h = pt.Hierarchy.from_linkage(linkage(load_iris().data, "average"))
for d in (1, 2, 3):
    points = pt.draw.embed_ultrametric(h, n_components=d)
    print(f"{d}: distortion {points.distortion:.1f}; no points do better than {points.least_distortion:.1f}")
