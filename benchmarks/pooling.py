"""The contest of token pooling: half of the vectors of ragged documents, beside SciPy's linkage for each.

    python benchmarks/harness.py pooling --threads 2 --repeats 3

``--rows`` counts documents here. ``error`` is the root mean square distance of tokens to the means of their
clusters; ``division`` is a checksum of who is with whom: entrants with equal numbers found the same clusters.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from contests import Contest, Fit

_TOKENS = (16, 185)
_COLUMNS = 128


def bounds_of(n_tokens: int) -> np.ndarray:
    """The same ragged documents for everybody: sizes from a fixed stream, until `n_tokens` are used up."""
    sizes = np.random.default_rng(0).integers(*_TOKENS, size=1 + n_tokens // _TOKENS[0])
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    bounds = bounds[: np.searchsorted(bounds, n_tokens)]
    return np.append(bounds, n_tokens)


def token_data(n: int, seed: int) -> tuple[np.ndarray, None, dict[str, Any]]:
    """Unit vectors of `n` documents, each about twelve senses out of 3,000."""
    rng = np.random.default_rng(seed)
    sizes = np.random.default_rng(0).integers(*_TOKENS, size=n)
    senses = rng.standard_normal((3000, _COLUMNS), dtype=np.float32)
    X = np.empty((int(sizes.sum()), _COLUMNS), np.float32)
    for stop, size in zip(np.cumsum(sizes), sizes):
        own = senses[rng.choice(3000, 12)][rng.integers(0, 12, size)]
        X[stop - size : stop] = own + 0.6 * rng.standard_normal((size, _COLUMNS), dtype=np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X, None, {"factor": 2}


def judge_pooling(X: np.ndarray, labels: np.ndarray, truth: np.ndarray | None) -> dict[str, float]:
    """Vectors per token, the root mean square distance to the means, and a checksum of the clusters."""
    _, first, number = np.unique(labels, return_index=True, return_inverse=True)
    earliest = first[number]
    count = np.bincount(number)
    sums = np.zeros((len(count), X.shape[1]))
    np.add.at(sums, number, X)
    square = float(np.einsum("ij,ij->", X, X, dtype=np.float64)) - float((sums**2 / count[:, None]).sum())
    return {
        "share": len(count) / len(X),
        "error": float(np.sqrt(square / len(X))),
        "division": zlib.crc32(earliest.astype(np.int64).tobytes()) % 999_983,
    }


def partita_pool() -> Fit:
    from partita.search import pool

    return lambda X, facts: pool(X, bounds_of(len(X)), factor=facts["factor"]).labels


def _scipy_document(X: np.ndarray, factor: float) -> np.ndarray:
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(X) < 2:
        return np.zeros(len(X), int)
    unit = X.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    return fcluster(linkage(unit, "ward"), int(np.ceil(len(X) / factor)), "maxclust") - 1


def _together(found: list[np.ndarray]) -> np.ndarray:
    """Labels of documents that stay apart from those of others."""
    starts = np.cumsum([0, *(labels.max() + 1 for labels in found)])
    return np.concatenate([labels + start for labels, start in zip(found, starts)])


def scipy_pool() -> Fit:
    def fit(X: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
        return _together([_scipy_document(X[a:b], facts["factor"]) for a, b in pairwise(bounds_of(len(X)))])

    return fit


def scipy_pool_in_threads() -> Callable[[np.ndarray, dict[str, Any]], np.ndarray]:
    from concurrent.futures import ThreadPoolExecutor

    def fit(X: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
        documents = [X[a:b] for a, b in pairwise(bounds_of(len(X)))]
        with ThreadPoolExecutor(facts["threads"]) as threads:
            return _together(list(threads.map(lambda own: _scipy_document(own, facts["factor"]), documents)))

    return fit


_HELD: dict[str, Any] = {}


def _scipy_run(documents: range) -> list[np.ndarray]:
    X, bounds, factor = _HELD["X"], _HELD["bounds"], _HELD["factor"]
    return [_scipy_document(X[bounds[b] : bounds[b + 1]], factor) for b in documents]


def scipy_pool_in_processes() -> Fit:
    """What a patient user would write: forked workers that hold the vectors already."""
    import multiprocessing

    def fit(X: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
        bounds = bounds_of(len(X))
        _HELD.update(X=X, bounds=bounds, factor=facts["factor"])
        n = len(bounds) - 1
        runs = [range(first, min(first + 100, n)) for first in range(0, n, 100)]
        with multiprocessing.get_context("fork").Pool(facts["threads"]) as workers:
            return _together([labels for run in workers.imap(_scipy_run, runs) for labels in run])

    return fit


CONTESTS = {
    "pooling": Contest(
        "pooling",
        "half of the token vectors of ragged documents (--rows counts documents)",
        10_000,
        token_data,
        {
            "partita pool": partita_pool,
            "scipy linkage": scipy_pool,
            "scipy in threads": scipy_pool_in_threads,
            "scipy in processes": scipy_pool_in_processes,
        },
        judge_pooling,
    )
}
