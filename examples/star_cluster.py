"""Find the members of a star cluster among field stars, with probabilities."""

import numpy as np

import partita as pt

rng = np.random.default_rng(1)
columns = ["position east", "position north", "motion east", "motion north", "parallax"]
cluster = rng.normal([0.1, -0.2, -3.0, 2.0, 1.2], [0.15, 0.15, 0.25, 0.25, 0.06], (120, 5))
field = rng.uniform([-1, -1, -10, -10, 0.1], [1, 1, 10, 10, 3.0], (3000, 5))
stars = np.concatenate([cluster, field])
is_member = np.arange(len(stars)) < len(cluster)

found = pt.points.TreeMixture().fit(stars)
print(found.made_by_.choices["cut"])
for label in range(found.n_clusters_):
    print(f"cluster {label}: {(found.labels_ == label).sum()} stars around")
    for name, value in zip(columns, found.cluster_centers_[label]):
        print(f"  {name:15} {value:7.2f}")

for threshold in (0.5, 0.9):
    chosen = found.predict_proba(stars)[:, 0] >= threshold
    print(
        f"probability {threshold}: {(chosen & is_member).sum() / is_member.sum():.1%} of the members, "
        f"{(chosen & ~is_member).sum() / chosen.sum():.1%} of the stars found are of the field"
    )
