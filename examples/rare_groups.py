"""Find groups of a few rows among thousands, without saying how many there are."""

import numpy as np

import partita as pt

rng = np.random.default_rng(5)
kinds = 3 * rng.standard_normal((6, 32))
embedding = kinds[rng.integers(0, 6, 6000)] + rng.standard_normal((6000, 32))
rare = {"jelly": 9, "ring": 14, "bridge": 25}
first = 0
for size in rare.values():
    embedding[first : first + size] = embedding[first] + 0.3 * rng.standard_normal((size, 32))
    first += size

found = pt.points.RareGroups().fit(embedding)
print(f"{found.n_clusters_} groups, {(found.labels_ == pt.NOISE).sum():,} rows in none")
for label in range(found.n_clusters_):
    members = np.flatnonzero(found.labels_ == label)
    print(
        f"group {label}: {len(members)} rows from {members.min()} to {members.max()}; "
        f"chance makes {found.expected_false_[label]:.1e} such groups"
    )
