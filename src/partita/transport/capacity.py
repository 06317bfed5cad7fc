"""Rows to centres under bounds on the sizes of the cells, exactly. Called by the makers of points."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.threads import thread_scope
from partita.transport._bounds import check_feasible, check_sizes
from partita.transport._costs import PointCosts, Rows
from partita.transport._exact import settle


def capacity_assign(
    X: np.ndarray,
    centers: np.ndarray,
    lower: Any,
    upper: Any,
    *,
    weight: np.ndarray | None = None,
    start: np.ndarray | None = None,
) -> tuple[np.ndarray, float, int]:
    """Labels of least inertia with bounded sizes of the cells.

    Parameters
    ----------
    X : float array of shape (n, d), finite
    centers : float array of shape (k, d), finite
    lower, upper : int or intp[k] or None
        Fewest and most rows of each cell.
    weight : None
    start : float64[k], optional
        Prices of the cells in a problem much like this one (the iteration before).

    Returns
    -------
    labels : int32[n]
    cost : float
        Sum of squared distances.
    moves : int
    """
    if weight is not None:
        raise NotImplementedError
    n, k = len(X), len(centers)
    low, high = check_sizes(lower, k, "min_size", 0), check_sizes(upper, k, "max_size", n)
    check_feasible(n, low, high)
    with thread_scope():
        rows = Rows(X, centers)
        costs, scale = PointCosts(rows, rows.see(centers)), rows.scale**2
        settled = settle(costs, low, high, None if start is None else start * scale)
        cost = float(costs.own(settled.labels).sum() / scale)
    labels = np.empty(n, np.int32)
    labels[costs.order] = settled.labels
    return labels, cost, settled.moves
