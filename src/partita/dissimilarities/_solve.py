"""From parameters to medoids: which search runs, from where, in which number. Called by KMedoids."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.errors import InvalidParameterError
from partita._core.progress import Progress
from partita.dissimilarities._choose import choose_medoids
from partita.dissimilarities._condensed import CondensedItems
from partita.dissimilarities._items import Items
from partita.dissimilarities._sampled import fast_clara, fast_clarans, one_batch, swap_condensed
from partita.dissimilarities._swap import (
    SILHOUETTE,
    Outcome,
    Problem,
    alternate,
    start_rows,
    swap_best,
    swap_eagerly,
)

METHODS = ("fasterpam", "fastpam1", "pam", "fastermsc", "fastclara", "fastclarans", "onebatch", "alternate")
INITS = ("auto", "first", "build", "lab")
_AUTO_INIT = {
    "fasterpam": "first",
    "fastermsc": "first",
    "fastpam1": "build",
    "pam": "build",
    "alternate": "lab",
}
_SAMPLE = 2000


def solve(maker: Any, items: Items, n_threads: int, progress: Progress) -> Outcome:
    """The medoids (items) for the parameters of `maker`; what was chosen goes to ``items.choices``."""
    if len(items.candidates) == 1:
        return Outcome(items.candidates.copy())
    if isinstance(items, CondensedItems) and not items.square_fits and _needs_rows_alone(maker):
        return _by_rows(maker, items, n_threads, progress)
    if maker.method in _AUTO_INIT:
        return _with_matrix(maker, items, n_threads, progress)
    if not (isinstance(maker.init, str) and maker.init == "auto"):
        raise InvalidParameterError(
            f"The method {maker.method!r} starts in its own way.",
            name="init",
            allowed="'auto'",
            got=maker.init,
        )
    k = maker.n_clusters or _count_by_sample(maker, items, n_threads, progress)
    progress.start(f"Search {k} medoids among {items.n} items ({maker.method})")
    if maker.method == "onebatch":
        return one_batch(items, k, maker.max_iter, n_threads, progress)
    if maker.method == "fastclara":
        return fast_clara(items, k, maker.max_iter, n_threads, progress)
    return fast_clarans(items, k, progress)


def _count_by_sample(maker: Any, items: Items, n_threads: int, progress: Progress) -> int:
    sample = items.candidates[:_SAMPLE]
    problem = Problem(items.block(sample, sample), items.weight[sample], np.arange(len(sample)))
    return len(_chosen(problem, items, maker, n_threads, progress).rows)


def _needs_rows_alone(maker: Any) -> bool:
    starts = not isinstance(maker.init, str) or maker.init in ("auto", "first")
    return maker.method == "fasterpam" and starts


def _by_rows(maker: Any, items: CondensedItems, n_threads: int, progress: Progress) -> Outcome:
    k = maker.n_clusters
    if k is None and isinstance(maker.init, str):
        k = _count_by_sample(maker, items, n_threads, progress)
    items.choices["distances"] = "condensed, row by row: their square is beyond the memory budget"
    rows = items.candidates[:k] if isinstance(maker.init, str) else _given(maker.init, items)
    progress.start(f"Swap {len(rows)} medoids among {items.n} items")
    return swap_condensed(items, rows, maker.max_iter, progress)


def _with_matrix(maker: Any, items: Items, n_threads: int, progress: Progress) -> Outcome:
    progress.start(f"Compare {items.n} items")
    problem = Problem(items.matrix(), items.weight, items.candidates)
    k = maker.n_clusters
    if k is None and isinstance(maker.init, str):
        chosen = _chosen(problem, items, maker, n_threads, progress)
        k = len(chosen.rows)
        if maker.method == "fastermsc" and maker.init in ("auto", "first"):
            return chosen
        if maker.method == "fasterpam" and maker.init in ("auto", "first"):
            return swap_eagerly(problem, chosen.rows, maker.max_iter, n_threads, progress)
    progress.start(f"Start with {k} medoids")
    rows = _start(maker, items, problem, k)
    progress.start(f"Swap {k} medoids among {items.n} items")
    if maker.method == "fasterpam":
        return swap_eagerly(problem, rows, maker.max_iter, n_threads, progress)
    if maker.method == "fastermsc":
        return swap_eagerly(problem, rows, maker.max_iter, n_threads, progress, SILHOUETTE)
    if maker.method == "alternate":
        return alternate(problem, rows, items.rank, maker.max_iter)
    return swap_best(problem, rows, maker.max_iter, pairwise=maker.method == "pam")


def _start(maker: Any, items: Items, problem: Problem, k: int | None) -> np.ndarray:
    if isinstance(maker.init, str):
        assert k is not None
        init = _AUTO_INIT[maker.method] if maker.init == "auto" else maker.init
        rows = start_rows(problem, k, init)
        return rows[np.argsort(items.rank[rows])]
    return _given(maker.init, items)


def _given(init: Any, items: Items) -> np.ndarray:
    """The items at the rows that `init` names, by rank."""
    given = np.asarray(init)
    n = len(items.inverse)
    if given.dtype.kind not in "iu" or not len(given) or given.min() < 0 or given.max() >= n:
        raise InvalidParameterError(
            "init holds what is no row of X.",
            name="init",
            allowed=f"integers from 0 to {n - 1}",
            got=init,
        )
    rows = np.unique(items.inverse[given])
    if len(rows) < len(given) or not (items.weight[rows] > 0).all():
        raise InvalidParameterError(
            "init holds equal rows, or rows of weight 0.",
            name="init",
            allowed="distinct rows",
            got=init,
        )
    return rows[np.argsort(items.rank[rows])]


def _chosen(problem: Problem, items: Items, maker: Any, n_threads: int, progress: Progress) -> Outcome:
    progress.start("Choose the number of medoids")
    outcome, table = choose_medoids(problem, maker.max_iter, n_threads, progress)
    k = len(outcome.rows)
    best = f", {table[k]:.4g}" if k in table else ""
    items.choices["n_clusters"] = f"{k}: the largest average medoid silhouette{best}"
    return outcome
