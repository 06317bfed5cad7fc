"""Contests of dendrograms: Ward beside SciPy and fastcluster, Genie beside genieclust. Known to the harness.

    python benchmarks/harness.py ward --threads 2
    python benchmarks/harness.py ward --threads 2 --rows 200000 --only "partita Linkage" --repeats 1
    python benchmarks/harness.py genie --threads 2

Every entrant makes the whole dendrogram and cuts it into the number of parts that it is told; the judge
compares inertias, which are equal where the dendrograms are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from contests import Contest, Fit, blobs, judge_inertia

_PARTS = 50


def mixture_data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Gaussians that overlap, in 64 columns."""
    X, truth = blobs(n, 64, _PARTS, seed, spread=0.7)
    return X, truth, {"n_clusters": _PARTS}


def judge_cut(X: np.ndarray, labels: np.ndarray, truth: np.ndarray | None) -> dict[str, float]:
    """The inertia of the cut, the number of parts, and the adjusted Rand index against the truth."""
    from sklearn.metrics import adjusted_rand_score

    return {**judge_inertia(X, labels, None), "ari": float(adjusted_rand_score(truth, labels))}


def partita_ward() -> Fit:
    from partita.points import Linkage

    return lambda X, facts: Linkage("ward", n_clusters=facts["n_clusters"]).fit(X).labels_


def partita_genie() -> Fit:
    from partita.points import Linkage

    return lambda X, facts: Linkage("genie", n_clusters=facts["n_clusters"]).fit(X).labels_


def scipy_ward() -> Fit:
    from scipy.cluster.hierarchy import fcluster, linkage

    return lambda X, facts: fcluster(linkage(X, "ward"), facts["n_clusters"], "maxclust")


def fastcluster_ward() -> Fit:
    import fastcluster
    from scipy.cluster.hierarchy import fcluster

    return lambda X, facts: fcluster(fastcluster.linkage(X, "ward"), facts["n_clusters"], "maxclust")


def fastcluster_vector() -> Fit:
    import fastcluster
    from scipy.cluster.hierarchy import fcluster

    return lambda X, facts: fcluster(fastcluster.linkage_vector(X, "ward"), facts["n_clusters"], "maxclust")


def sklearn_ward() -> Fit:
    from sklearn.cluster import AgglomerativeClustering

    return lambda X, facts: (
        AgglomerativeClustering(facts["n_clusters"], compute_full_tree=True).fit(X).labels_
    )


def genieclust_genie() -> Fit:
    import genieclust

    return lambda X, facts: genieclust.Genie(n_clusters=facts["n_clusters"]).fit_predict(X)


CONTESTS = {
    "ward": Contest(
        "ward",
        "Ward's dendrogram in 64 columns",
        20_000,
        mixture_data,
        {
            "partita Linkage": partita_ward,
            "SciPy": scipy_ward,
            "fastcluster": fastcluster_ward,
            "fastcluster vector": fastcluster_vector,
            "sklearn": sklearn_ward,
        },
        judge_cut,
    ),
    "genie": Contest(
        "genie",
        "Genie's dendrogram in 64 columns",
        20_000,
        mixture_data,
        {"partita Linkage": partita_genie, "genieclust": genieclust_genie},
        judge_cut,
    ),
}
