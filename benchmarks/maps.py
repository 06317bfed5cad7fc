"""Contests of maps: ``plane_positions`` beside UMAP, on MNIST, and on blobs of any number of rows.

    PARTITA_DATA=... python benchmarks/harness.py map --threads 2 --repeats 3
    python benchmarks/harness.py map-blobs --rows 1000000 --threads 2 --only "partita map"

Both at their defaults. Quality is the accuracy of a classifier by the 10 nearest on the map: of a tenth to a
seventh of the rows that are held out of it (all rows are on the map; the labels are never shown to it).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from contests import Contest, Fit, blobs, mnist_data

_NEAR = 10
_HELD_OUT = 10_000


def blobs_data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """A hundred overlapping blobs in 64 columns."""
    X, truth = blobs(n, 64, 100, seed, spread=0.7)
    return X, truth, {}


def judge_map(X: np.ndarray, positions: np.ndarray, truth: np.ndarray | None) -> dict[str, float]:
    """Accuracy of the classifier by the nearest on the map, on rows held out of it."""
    from sklearn.neighbors import KNeighborsClassifier

    assert truth is not None
    order = np.random.default_rng(0).permutation(len(X))
    held = order[: min(_HELD_OUT, len(X) // 7)]
    known = order[len(held) :]
    near = KNeighborsClassifier(min(_NEAR, len(known))).fit(positions[known], truth[known])
    return {"accuracy": float(near.score(positions[held], truth[held]))}


def partita_map() -> Fit:
    """The default."""
    import partita as pt

    return lambda X, facts: pt.draw.plane_positions(X, n_jobs=facts["threads"])


def umap_map() -> Fit:
    """umap-learn's default, without a seed: a seed would make it run on one thread."""
    import umap

    return lambda X, facts: umap.UMAP(n_jobs=facts["threads"]).fit_transform(X)


_ENTRANTS = {"partita map": partita_map, "umap-learn": umap_map}
CONTESTS = {
    contest.name: contest
    for contest in (
        Contest("map", "a map of MNIST (needs PARTITA_DATA)", 70_000, mnist_data, _ENTRANTS, judge_map),
        Contest("map-blobs", "a map of overlapping blobs", 200_000, blobs_data, _ENTRANTS, judge_map),
    )
}
