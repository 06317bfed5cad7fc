"""Contests on fields of points: members of clusters, dense parts, blocks of cliques.

    python benchmarks/harness.py stars --threads 2 --repeats 3
    python benchmarks/harness.py dense-vote --threads 2 --repeats 3
    python benchmarks/harness.py excisive --threads 2 --repeats 3
    python benchmarks/members.py

``stars``: one cluster of 2 % of the stars in position, motion and parallax, over an even field; ``complete``
is the share of members found in the cluster that holds most of them, ``foreign`` the share of that cluster
that are none. ``dense-vote``: groups in the plane that touch, and noise; DBSCAN gets the same radius and
number of neighbours. ``excisive``: single linkage and cliques at one scale, beside SciPy's dendrogram.
Run alone, this prints the table of members over kinds of fields, the mean of ten draws.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from contests import Contest, Fit


def star_field(members: int, others: int, seed: int, even: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Position, motion and parallax of stars, shape (n, 5), and which are of the cluster, int[n]."""
    rng = np.random.default_rng(seed)
    cluster = rng.normal([0.1, -0.2, -3.0, 2.0, 1.2], [0.15, 0.15, 0.25, 0.25, 0.06], (members, 5))
    field = rng.uniform([-1, -1, -10, -10, 0.1], [1, 1, 10, 10, 3.0], (others, 5))
    if not even:
        field[:, 2:4] = rng.normal(-1.0, 4.0, (others, 2))
    order = rng.permutation(members + others)
    return np.concatenate([cluster, field])[order], np.repeat([1, 0], [members, others])[order]


def star_data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Stars of an even field, one in fifty of them of the cluster."""
    X, truth = star_field(n // 50, n - n // 50, seed)
    return X, truth, {}


def judge_members(X: np.ndarray, labels: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """How complete and how clean the cluster is that holds most members."""
    member = truth == 1
    own = labels[member & (labels >= 0)]
    if not len(own):
        return {"complete": 0.0, "foreign": 0.0}
    found = labels == np.bincount(own).argmax()
    return {
        "complete": float((found & member).sum() / member.sum()),
        "foreign": float((found & ~member).sum() / found.sum()),
    }


def touching_data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Nine round groups on a grid whose borders touch, and 5 % even noise (-1)."""
    rng = np.random.default_rng(seed)
    truth = np.where(rng.random(n) < 0.05, -1, rng.integers(0, 9, n))
    X = rng.normal(4.5 * np.column_stack(np.divmod(np.maximum(truth, 0), 3)), 1.0)
    X[truth < 0] = rng.uniform(-4, 13, (int((truth < 0).sum()), 2))
    return X, truth, {"radius": 0.15, "min_samples": max(5, round(0.00036 * n))}


def judge_parts(X: np.ndarray, labels: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """ARI on all but the noise, the share that is in a part, and the number of parts."""
    from sklearn.metrics import adjusted_rand_score

    real = truth >= 0
    return {
        "ari": float(adjusted_rand_score(truth[real], labels[real])),
        "placed": float((labels >= 0).mean()),
        "parts": float(labels.max() + 1),
    }


def group_data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Twenty groups in 8 dimensions."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 20, n)
    return rng.normal(6.0 * rng.standard_normal((20, 8))[truth], 1.0), truth, {"height": 2.5}


def partita_stars() -> Fit:
    from partita.points import TreeMixture

    return lambda X, facts: TreeMixture().fit(X).labels_


def sklearn_mixture() -> Fit:
    from sklearn.mixture import GaussianMixture
    from sklearn.preprocessing import StandardScaler

    def fit(X: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
        Z = StandardScaler().fit_transform(X)
        mixture = GaussianMixture(2, n_init=5, random_state=0).fit(Z)
        compact = np.linalg.det(mixture.covariances_).argmin()
        return np.where(mixture.predict(Z) == compact, 0, -1)

    return fit


def sklearn_hdbscan() -> Fit:
    from sklearn.cluster import HDBSCAN
    from sklearn.preprocessing import StandardScaler

    return lambda X, facts: (
        HDBSCAN(min_cluster_size=max(5, len(X) // 200), n_jobs=-1, copy=True)
        .fit(StandardScaler().fit_transform(X))
        .labels_
    )


def partita_votes() -> Fit:
    from partita.points import DenseVote

    return lambda X, facts: DenseVote(facts["min_samples"], radius=facts["radius"]).fit(X).labels_


def sklearn_dbscan() -> Fit:
    from sklearn.cluster import DBSCAN

    return lambda X, facts: (
        DBSCAN(eps=facts["radius"], min_samples=facts["min_samples"], n_jobs=-1).fit(X).labels_
    )


def partita_cliques(m: int) -> Fit:
    from partita.dissimilarities import ExcisiveClustering

    return lambda X, facts: ExcisiveClustering(m, height=facts["height"], metric="euclidean").fit(X).labels_


def scipy_single() -> Fit:
    from scipy.cluster.hierarchy import fcluster, linkage

    return lambda X, facts: fcluster(linkage(X, "single"), facts["height"], "distance") - 1


CONTESTS = {
    "stars": Contest(
        "stars",
        "members of a star cluster in a field",
        50_000,
        star_data,
        {
            "partita Tree": partita_stars,
            "sklearn Mixture": sklearn_mixture,
            "sklearn HDBSCAN": sklearn_hdbscan,
        },
        judge_members,
        {},
    ),
    "dense-vote": Contest(
        "dense-vote",
        "groups in the plane that touch",
        100_000,
        touching_data,
        {"partita DenseVote": partita_votes, "sklearn DBSCAN": sklearn_dbscan},
        judge_parts,
        {},
    ),
    "excisive": Contest(
        "excisive",
        "blocks at one scale",
        5_000,
        group_data,
        {
            "partita m=2": lambda: partita_cliques(2),
            "partita m=3": lambda: partita_cliques(3),
            "partita m=4": lambda: partita_cliques(4),
            "scipy single": scipy_single,
        },
        judge_parts,
        {},
    ),
}


def _means(found: list[dict[str, float]]) -> str:
    return " ".join(f"{np.mean([each[name] for each in found]):.3f}" for name in ("complete", "foreign"))


def main() -> None:
    """Print completeness and foreign share for kinds of fields, the mean of ten draws."""
    entrants = {
        "TreeMixture": partita_stars(),
        "GaussianMixture": sklearn_mixture(),
        "HDBSCAN": sklearn_hdbscan(),
    }
    kinds = [(200, 2000, True), (200, 2000, False), (60, 3000, True), (100, 5000, False)]
    for name, columns in (("all columns", slice(0, 5)), ("motion alone", slice(2, 4))):
        for members, others, even in kinds:
            found: dict[str, list[dict[str, float]]] = {entrant: [] for entrant in entrants}
            for seed in range(10):
                X, truth = star_field(members, others, seed, even)
                for entrant, fit in entrants.items():
                    found[entrant].append(judge_members(X[:, columns], fit(X[:, columns], {}), truth))
            shares = "  ".join(f"{entrant} {_means(each)}" for entrant, each in found.items())
            print(f"{name}, {members} of {members + others}, {'even' if even else 'Gaussian'}: {shares}")


if __name__ == "__main__":
    main()
