"""The contests: what data, who competes, how the answer is judged.

An entrant is a function without arguments that imports its package and returns ``fit(X, facts) -> labels``;
what it imports stays in its own process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Fit = Callable[[np.ndarray, dict[str, Any]], np.ndarray]


@dataclass(frozen=True)
class Contest:
    """One comparison; the first entrant is the base of the ratios."""

    name: str
    about: str
    rows: int
    make_data: Callable[[int, int], tuple[np.ndarray, np.ndarray | None, dict[str, Any]]]
    entrants: Mapping[str, Callable[[], Fit]]
    judge: Callable[[np.ndarray, np.ndarray, np.ndarray | None], dict[str, float]]
    facts: dict[str, Any] = field(default_factory=dict)


# --- data ---------------------------------------------------------------------------------------------------


def blobs(n: int, d: int, k: int, seed: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """`n` rows from `k` round Gaussians whose centres are `spread` standard deviations wide."""
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((k, d), dtype=np.float32) * spread
    truth = rng.integers(0, k, n)
    X = rng.standard_normal((n, d), dtype=np.float32)
    for start in range(0, n, 65536):
        X[start : start + 65536] += centers[truth[start : start + 65536]]
    return X, truth


def kmeans_data(n: int, seed: int) -> tuple[np.ndarray, None, dict[str, Any]]:
    """Blobs that overlap, in 128 columns, for 1,000 parts (fewer where there are few rows)."""
    X, _ = blobs(n, 128, 2000, seed, spread=0.5)
    return X, None, {"n_clusters": min(1000, max(2, n // 50))}


def blob_data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Twenty well separated blobs in 16 columns; nobody is told that there are twenty."""
    X, truth = blobs(n, 16, 20, seed, spread=3.0)
    return X, truth, {}


def mnist_data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """MNIST from the folder that PARTITA_DATA names, shuffled."""
    root = os.environ.get("PARTITA_DATA")
    if not root:
        raise SystemExit("this contest needs PARTITA_DATA, the folder that holds mnist-digits/mnist.npz")
    with np.load(Path(root) / "mnist-digits" / "mnist.npz") as held:
        pick = np.random.default_rng(seed).permutation(len(held["X"]))[:n]
        X, y = held["X"][pick].reshape(len(pick), -1).astype(np.float32), held["y"][pick]
    return X, y, {}


# --- judging ------------------------------------------------------------------------------------------------


def judge_inertia(X: np.ndarray, labels: np.ndarray, truth: np.ndarray | None) -> dict[str, float]:
    """Sum of squared distances to the means of the parts, in float64, and the number of parts."""
    _, labels = np.unique(labels, return_inverse=True)
    k = int(labels.max()) + 1
    count = np.bincount(labels, minlength=k)
    sums, squares = np.zeros((k, X.shape[1])), 0.0
    for start in range(0, len(X), 65536):
        block = X[start : start + 65536].astype(np.float64)
        np.add.at(sums, labels[start : start + 65536], block)
        squares += float(np.einsum("ij,ij->", block, block))
    within = squares - float(np.einsum("ij,ij,i->", sums, sums, 1 / count))
    return {"inertia": within, "parts": k}


def judge_truth(X: np.ndarray, labels: np.ndarray, truth: np.ndarray | None) -> dict[str, float]:
    """Adjusted Rand index against the truth, the number of parts, and the share left out as noise."""
    from sklearn.metrics import adjusted_rand_score

    parts = len(np.unique(labels[labels >= 0]))
    return {
        "ari": float(adjusted_rand_score(truth, labels)),
        "parts": parts,
        "noise": float(np.mean(labels < 0)),
    }


# --- entrants -----------------------------------------------------------------------------------------------


def partita_hierarchical() -> Fit:
    from partita.points import HierarchicalKMeans

    return lambda X, facts: HierarchicalKMeans(n_clusters=facts["n_clusters"]).fit(X).labels_


def partita_ppp() -> Fit:
    from partita.points import PPP

    return lambda X, facts: PPP().fit(X).labels_


def faiss_kmeans() -> Fit:
    import faiss

    def fit(X: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
        faiss.omp_set_num_threads(facts["threads"])
        kmeans = faiss.Kmeans(X.shape[1], facts["n_clusters"])
        kmeans.train(X)
        return kmeans.index.search(X, 1)[1][:, 0]

    return fit


def sklearn_kmeans() -> Fit:
    from sklearn.cluster import KMeans

    return lambda X, facts: KMeans(facts["n_clusters"], n_init=1, random_state=0).fit(X).labels_


def sklearn_minibatch() -> Fit:
    from sklearn.cluster import MiniBatchKMeans

    return lambda X, facts: MiniBatchKMeans(facts["n_clusters"], n_init=1, random_state=0).fit(X).labels_


def sklearn_bisecting() -> Fit:
    from sklearn.cluster import BisectingKMeans

    return lambda X, facts: BisectingKMeans(facts["n_clusters"], random_state=0).fit(X).labels_


def sklearn_hdbscan() -> Fit:
    from sklearn.cluster import HDBSCAN

    return lambda X, facts: (
        HDBSCAN(min_cluster_size=max(5, len(X) // 100), n_jobs=facts["threads"]).fit(X).labels_
    )


def hdbscan_package() -> Fit:
    import hdbscan

    return lambda X, facts: hdbscan.HDBSCAN(min_cluster_size=max(5, len(X) // 100)).fit(X).labels_


def fast_hdbscan_package() -> Fit:
    import fast_hdbscan

    return lambda X, facts: fast_hdbscan.HDBSCAN(min_cluster_size=max(5, len(X) // 100)).fit(X).labels_


def evoc_package() -> Fit:
    import evoc

    return lambda X, facts: evoc.EVoC().fit_predict(X)


def genie_package() -> Fit:
    import genieclust

    return lambda X, facts: genieclust.Genie(n_clusters=facts["n_clusters"]).fit_predict(X)


def gmm_bic() -> Fit:
    from sklearn.mixture import GaussianMixture

    def fit(X: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
        models = [GaussianMixture(k, covariance_type="diag", random_state=0).fit(X) for k in range(1, 31)]
        return min(models, key=lambda model: model.bic(X)).predict(X)

    return fit


K_FREE = {
    "partita PPP": partita_ppp,
    "sklearn HDBSCAN": sklearn_hdbscan,
    "hdbscan": hdbscan_package,
    "fast_hdbscan": fast_hdbscan_package,
    "evoc": evoc_package,
    "sklearn mixture by BIC": gmm_bic,
}
K_TOLD = {
    "partita HierarchicalKM": partita_hierarchical,
    "faiss Kmeans": faiss_kmeans,
    "sklearn KMeans": sklearn_kmeans,
    "sklearn MiniBatch": sklearn_minibatch,
    "sklearn Bisecting": sklearn_bisecting,
}

CONTESTS = {
    contest.name: contest
    for contest in (
        Contest(
            "kmeans", "many parts of many rows (128 columns)", 1_000_000, kmeans_data, K_TOLD, judge_inertia
        ),
        Contest("ppp", "how many blobs are there?", 20_000, blob_data, K_FREE, judge_truth),
        Contest(
            "ppp-told",
            "the same blobs, with their number told",
            20_000,
            blob_data,
            {**K_TOLD, "genieclust": genie_package},
            judge_truth,
            {"n_clusters": 20},
        ),
        Contest("mnist", "digits, k-free (needs PARTITA_DATA)", 70_000, mnist_data, K_FREE, judge_truth),
    )
}
