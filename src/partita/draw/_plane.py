"""Positions of rows in the plane. Public as ``draw.plane_positions``; called by ``draw.map``."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from partita._core.params import Integer, Optional, Real, Rule, check_parameters
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.draw._map_layout import Course, layout
from partita.hierarchy.rows import canonical_rows, check_points
from partita.points._near_graph import near_graph

_RULES: dict[str, Rule] = {
    "n_neighbors": Integer(low=2, high=1000),
    "perplexity": Optional(Real(low=1.0)),
    "n_rounds": Integer(low=0, high=1_000_000),
}
_NEIGHBOURS_BY_PERPLEXITY = 1.5
_LEAST = 1e-30


def plane_positions(
    X: Any,
    *,
    n_neighbors: int = 15,
    perplexity: float | None = None,
    n_rounds: int = Course().rounds,
    n_jobs: int | None = None,
    progress: Progress | bool | None = None,
) -> np.ndarray:
    """Positions in the plane at which rows that are near to each other stay near, float64 (n, 2).

    *When to choose this*: to look at rows of many columns. Neighbourhoods are kept, distances between groups
    mean little. It is what ``draw.map`` draws.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Dense and finite. Equal rows share a place.
    n_neighbors : int
        Near rows that each row is pulled to. More show coarser structure and take more time.
    perplexity : float, optional
        How many of them count, by weight. Default: two thirds of `n_neighbors`.
    n_rounds : int
        Rounds of the layout; 0 gives the first two principal components.
    n_jobs : int, optional
    progress : bool or Progress, optional

    Returns
    -------
    positions : float64 (n, 2)
        With their mean at 0. The same for any order of the rows and any number of threads.

    Raises
    ------
    InvalidDataError
        For data that are sparse, textual, empty or not finite.
    InvalidParameterError
    BudgetError
        Where lists of near rows are beyond the memory budget.

    Notes
    -----
    LargeVis: a graph of near rows (exact in up to 8 columns; else among the rows of near cells of k-means
    along the first 50 principal directions, measured in all columns), weights of the given perplexity, and
    stochastic gradients of its likelihood, in which rows are pulled to sampled neighbours and pushed from
    sampled rows. It differs in that all rows move at once, in rounds, so that threads don't race; in that
    rows of a block share the rows that push them; and in that it starts from principal components, with
    stronger pulls for the first quarter of the rounds. O(m^1.5 d + rounds m) for m distinct rows.

    References
    ----------
    J. Tang, J. Liu, M. Zhang and Q. Mei, Visualizing large-scale and high-dimensional data, WWW 2016.
    https://arxiv.org/abs/1602.00370

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(60, 5)) + 20 * np.repeat([0, 1], 30)[:, None]
    >>> places = plane_positions(X)
    >>> apart = np.linalg.norm(places[:30].mean(axis=0) - places[30:].mean(axis=0))
    >>> places.shape, bool(apart > 2 * places[:30].std())
    ((60, 2), True)
    """
    values = {"n_neighbors": n_neighbors, "perplexity": perplexity, "n_rounds": n_rounds}
    check_parameters("plane_positions", _RULES, values)
    X = check_points(BaseEstimator(), X, reset=True)
    with thread_scope(n_jobs), progress_scope(progress) as watcher:
        rows = canonical_rows(_in_range(X))
        m = rows.n_distinct
        if m == 1:
            return np.zeros((len(X), 2))
        graph = near_graph(rows, min(n_neighbors, m - 1), watcher)
        wanted = perplexity if perplexity is not None else n_neighbors / _NEIGHBOURS_BY_PERPLEXITY
        placed = layout(graph, wanted, Course(rounds=n_rounds), watcher).astype(np.float64)
    positions = np.empty((m, 2))
    positions[graph.ids] = placed
    return (positions - positions.mean(axis=0))[rows.inverse]


def _in_range(X: np.ndarray) -> np.ndarray:
    """Rows whose squared distances are numbers; multiplied by a power of two where they are not."""
    largest = float(max(X.max(initial=0.0), -X.min(initial=0.0)))
    if largest == 0.0 or _LEAST < largest < 1.0 / _LEAST:
        return X
    most = 1000 if X.dtype == np.float64 else 120
    return X * X.dtype.type(np.ldexp(1.0, -int(np.clip(np.frexp(largest)[1], -most, most))))
