"""Draw parts: the same tree as treemaps of several shapes, an icicle and a dendrogram."""

import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import partita as pt

digits = load_digits()
h = pt.points.PPP(min_size=20).fit(digits.data).hierarchy_
common = [np.bincount(digits.target[h.members(part)]).argmax() for part in range(h.n_parts)]
levels = range(len(h.levels))  # the named levels, in place of everything below them
names = ["digits", *(f"mostly {digit}" for digit in common[1:])]

for layout in ("squarified", "rectangular", "polygonal", "convex", "orthoconvex"):
    print(pt.draw.treemap(h, layout, levels=levels, names=names))

ink = digits.data.sum(axis=1)  # any weight of the items can be the area
print(pt.draw.treemap(h, "rectangular", sample_weight=ink, levels=levels, theme="dark"))

with tempfile.TemporaryDirectory() as folder:
    for draw in (pt.draw.icicle, pt.draw.dendrogram):
        path = draw(h, levels=levels, names=names).save(Path(folder) / f"{draw.__name__}.svg")
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")
