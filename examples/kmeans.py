"""Compact cells: flat, from a memory map, within one another and of equal size, and of texts by angle."""

import tempfile
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

import partita as pt

rng = np.random.default_rng(0)
towns = rng.normal(size=(200, 16))
X = (towns[rng.integers(0, 200, 40_000)] + rng.normal(size=(40_000, 16))).astype(np.float32)

cells = pt.points.KMeans(64).fit(X)
print(f"flat:       {cells.n_clusters_} cells, inertia {cells.inertia_:,.0f}")
print(f"new rows at 0 and at 1 belong to cells {cells.predict([[0.0] * 16, [1.0] * 16]).tolist()}")

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "rows.npy"
    np.save(path, X)

    def blocks():
        rows = np.load(path, mmap_mode="r")
        for start in range(0, len(rows), 5_000):
            yield rows[start : start + 5_000]

    mapped = pt.points.KMeans(64).fit_blocks(blocks)
    print(f"mapped:     {mapped.n_clusters_} cells, inertia {mapped.inertia_:,.0f}")

for balance in (None, 1.05):
    nested = pt.points.HierarchicalKMeans(64, branching=8, balance=balance).fit(X)
    sizes = nested.hierarchy_.cut(level=-1).sizes
    parts = [nested.hierarchy_.cut(level=level).n_parts for level in range(len(nested.hierarchy_.levels))]
    name = "balanced" if balance else "nested"
    print(f"{name + ':':11} {parts} parts, {sizes.min()} to {sizes.max()} rows, {nested.inertia_:,.0f}")

words = {
    "sea": ["ship", "sail", "harbour", "wave", "tide", "anchor", "crew"],
    "kitchen": ["bread", "oven", "flour", "salt", "butter", "knife", "dough"],
    "garden": ["rose", "soil", "seed", "spade", "rain", "leaf", "bee"],
}
topics = [list(words)[i] for i in rng.integers(0, 3, 300)]
texts = [" ".join(rng.choice(words[topic], 6)) for topic in topics]
by_angle = pt.points.SphericalKMeans(3).fit(TfidfVectorizer().fit_transform(texts))
agreement = pt.compare(np.unique(topics, return_inverse=True)[1], by_angle.labels_)["ari"]
print(f"by angle:   {by_angle.n_clusters_} cells of texts, ARI {agreement:.2f} against their topics")
