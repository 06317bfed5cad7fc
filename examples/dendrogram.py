"""One dendrogram, many cuts: link rows, sparse rows and distances, and see how each criterion divides."""

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.datasets import load_iris, make_moons

import partita as pt

iris = load_iris()
tree = pt.points.Linkage("ward").fit(iris.data)
print(tree.hierarchy_)
print("without k:", tree.made_by_.choices["n_clusters"])
for k in (2, 3, 8):
    scores = pt.compare(iris.target, tree.hierarchy_.cut(n_clusters=k))
    print(f"{k} parts: ARI {scores['ari']:.2f}")

moons, truth = make_moons(400, noise=0.09, random_state=0)
for method in ("ward", "average", "complete", "single", "genie"):
    labels = pt.points.Linkage(method, n_clusters=2).fit(moons).labels_
    sizes = np.bincount(labels).tolist()
    print(f"{method:9} two moons: sizes {sizes}, ARI {pt.compare(truth, labels)['ari']:.2f}")

distances = pdist(iris.data, "cityblock").astype(np.float32)
by_distance = pt.points.Linkage("average", n_clusters=3, metric="precomputed").fit(distances)
print("city blocks:", by_distance.hierarchy_.cut(n_clusters=3).sizes.tolist())

new = iris.data[::10] + 0.05
print("new flowers go with the nearest old one:", tree.predict(new).tolist())
