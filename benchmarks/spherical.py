"""Contests on sparse rows: SphericalKMeans beside scikit-learn's KMeans on TF-IDF of Debian's descriptions.

    PARTITA_DATA=... python benchmarks/harness.py spherical-500 --threads 2 --repeats 1
    PARTITA_DATA=... python benchmarks/harness.py spherical-2000 --threads 2 --repeats 1

Both get the same CSR of rows of length 1. ``loss`` is the sum of 1 - cosine of rows and the mean directions
of their parts, which spherical k-means lowers; ``inertia`` is the sum of squared distances to the means of
the parts, which KMeans lowers. Neither method aims at the other's.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from contests import Contest, Fit
from scipy import sparse


def debian_data(n: int, seed: int) -> tuple[sparse.csr_matrix, None, dict[str, Any]]:
    """TF-IDF of package descriptions: logarithmic counts, terms in two texts at least and half at most."""
    import pyarrow.parquet as pq
    from sklearn.feature_extraction.text import TfidfVectorizer

    root = os.environ.get("PARTITA_DATA")
    if not root:
        raise SystemExit(
            "this contest needs PARTITA_DATA, the folder that holds debian-packages/packages.parquet"
        )
    table = pq.read_table(Path(root) / "debian-packages" / "packages.parquet", columns=["long_description"])
    texts = np.array([text or "" for text in table["long_description"].to_pylist()], dtype=object)
    texts = texts[np.random.default_rng(seed).permutation(len(texts))[:n]]
    weights = TfidfVectorizer(sublinear_tf=True, min_df=2, max_df=0.5, stop_words="english")
    return weights.fit_transform(texts).tocsr(), None, {}


def judge_cosines(X: sparse.csr_matrix, labels: np.ndarray, truth: np.ndarray | None) -> dict[str, float]:
    """Sum of 1 - cosine to mean directions, sum of squared distances to means, and the number of parts."""
    _, labels = np.unique(labels, return_inverse=True)
    counts = np.bincount(labels)
    chosen = sparse.csr_matrix((np.ones(len(labels)), (labels, np.arange(len(labels)))))
    sums = chosen @ X
    squares = np.asarray(sums.multiply(sums).sum(axis=1)).ravel()
    total = float(X.multiply(X).sum())
    return {
        "loss": X.shape[0] - float(np.sqrt(squares).sum()),
        "inertia": total - float((squares / counts).sum()),
        "parts": len(counts),
    }


def partita_spherical() -> Fit:
    from partita.points import SphericalKMeans

    return lambda X, facts: SphericalKMeans(n_clusters=facts["n_clusters"]).fit(X).labels_


def sklearn_sparse() -> Fit:
    from sklearn.cluster import KMeans

    return lambda X, facts: KMeans(facts["n_clusters"], n_init=1, random_state=0).fit(X).labels_


CONTESTS = {
    f"spherical-{k}": Contest(
        f"spherical-{k}",
        f"sparse rows of texts in {k} parts (needs PARTITA_DATA)",
        63_666,
        debian_data,
        {"partita Spherical": partita_spherical, "sklearn KMeans": sklearn_sparse},
        judge_cosines,
        {"n_clusters": k},
    )
    for k in (500, 2000)
}
