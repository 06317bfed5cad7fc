"""Divide handwritten digits, look at the parts, and place digits that were not there at the start."""

import numpy as np
from sklearn.datasets import load_digits

import partita as pt

digits = load_digits()
seen, new = digits.data[:1500], digits.data[1500:]

ppp = pt.points.PPP().fit(seen)
h = ppp.hierarchy_
print(h)

for part in h.cut(level=-1).parts:
    counts = np.bincount(digits.target[h.members(part)], minlength=10)
    share = counts.max() / counts.sum()
    print(f"part {part:3d}: {h.sizes[part]:4d} items, mostly {counts.argmax()} ({share:.0%})")

ten = h.cut(n_clusters=10)
for name, partition in (("the maker's own cut", h.cut(level=-1)), ("ten parts", ten)):
    scores = pt.compare(digits.target[:1500], partition)
    print(f"{name}: {partition.n_parts} parts, ARI {scores['ari']:.2f}, AMI {scores['ami']:.2f}")

labels = ppp.predict(new)
print("new digits in each part:", np.bincount(labels[labels >= 0], minlength=ppp.n_clusters_).tolist())
print("the model gives the training rows their labels back:", bool((ppp.predict(seen) == ppp.labels_).all()))
