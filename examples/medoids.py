"""Parts around real items, for data that are no vectors: words by their edits, rows of a table by Gower."""

import numpy as np
import pyarrow as pa

import partita as pt

words = ["apple", "apples", "applet", "grapple", "table", "tables", "tablet", "stable", "horse", "horses"]
words += ["house", "houses", "mouse", "kitten", "sitting", "mitten", "bitten", "sunday", "monday", "saturday"]
parts = pt.dissimilarities.KMedoids(metric="edit").fit(words)
print("chosen:", parts.made_by_.choices["n_clusters"])
for label, medoid in enumerate(parts.medoid_indices_):
    print(f"  {words[medoid]:9}", *(words[i] for i in np.flatnonzero(parts.labels_ == label)))
print("new words go to:", [words[parts.medoid_indices_[k]] for k in parts.predict(["rabbit", "someday"])])

rng = np.random.default_rng(0)
young = rng.random(300) < 0.5
children = np.where(young, 0, 1) + rng.integers(0, 2, 300)
table = pa.table(
    {
        "age": np.where(young, rng.normal(25, 3, 300), rng.normal(60, 5, 300)),
        "work": ["study" if is_young else "office" for is_young in young],
        "children": [None if row % 17 == 0 else int(count) for row, count in enumerate(children)],
    }
)
rows = pt.dissimilarities.KMedoids(6, metric="gower").fit(table)
for level, parts_of_level in enumerate(rows.hierarchy_.levels):
    medoids = rows.hierarchy_.part_data["medoid"][parts_of_level]
    print(f"level {level}: rows {medoids.tolist()}, {table['work'].take(pa.array(medoids)).to_pylist()}")

try:
    pt.dissimilarities.KMedoids(2).fit([[0, 1, 5], [2, 0, 5], [5, 5, 0]])
except pt.InvalidDataError as error:
    print("refused:", error)
