"""Rows to given centres under bounds on the sizes of cells, exactly. For users and the makers of points."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError
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
    """Labels of least inertia to given centres, with bounded sizes of the cells.

    Parameters
    ----------
    X : float array of shape (n, d)
        float32 or float64, finite.
    centers : float array of shape (k, d)
    lower, upper : int, intp[k] or None
        Fewest and most rows of each cell; with `weight`, in units of weight.
    weight : float64[n], optional
        The same positive number for all rows. Rows of unequal weight go to ``assign(weights=…)``, or are
        repeated first.
    start : float64[k], optional
        Prices of the cells in a problem much like this one (``balance_cells(…).prices``): it takes less time,
        the cost is the same.

    Returns
    -------
    labels : int32[n]
    cost : float
        Sum of (weighted) squared distances to the centres of the labels: no labels within the bounds have a
        lower one.
    moves : int
        Paths along which rows moved between cells.

    Raises
    ------
    InvalidDataError
        For wrong shapes, NaN and infinity (with row and column).
    InvalidParameterError
        For bounds that are not integers, and unequal weights.
    InfeasibleError
        For bounds that can't be met, with the smallest change that can; before any work.

    Notes
    -----
    Costs are worked out in blocks and never stored: O(n d + k^2) memory and what the rows near boundaries
    need. O(n k d) time for each look at all rows (a few), O(k^2) for each path. The labels don't depend on
    the order of rows, but where rows are equal, nor on the number of threads.

    References
    ----------
    R. K. Ahuja, T. L. Magnanti, J. B. Orlin, Network Flows, Prentice Hall 1993, chapter 9.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [2.0], [9.0]])
    >>> labels, cost, moves = capacity_assign(X, np.array([[1.0], [9.0]]), 2, 2)
    >>> labels.tolist(), cost
    ([0, 0, 1, 1], 50.0)
    """
    X, centers = check_rows_and_centers(X, centers)
    n, k = len(X), len(centers)
    one = _check_weight(weight, n)
    low, high = check_sizes(lower, k, "min_size", 0), check_sizes(upper, k, "max_size", int(n * one) + 1)
    low, high = np.ceil(low / one).astype(np.intp), np.floor(high / one).astype(np.intp)
    check_feasible(n, low, high)
    if n == 0:
        return np.empty(0, np.int32), 0.0, 0
    with thread_scope():
        rows = Rows(X, centers)
        costs, scale = PointCosts(rows, rows.see(centers)), rows.scale**2
        settled = settle(costs, low, high, None if start is None else start * scale)
        cost = float(costs.own(settled.labels).sum() / scale * one)
    labels = np.empty(n, np.int32)
    labels[rows.order] = settled.labels
    return labels, cost, settled.moves


def check_rows_and_centers(X: Any, centers: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both finite, of the same number of columns, one centre at least."""
    X, centers = check_rows(X, "X"), check_rows(centers, "centers")
    if X.shape[1] != centers.shape[1] or not len(centers):
        raise InvalidDataError(
            "centers have the wrong shape.",
            name="centers",
            allowed=f"(at least 1, {X.shape[1]})",
            got=centers.shape,
        )
    return X, centers


def check_rows(array: Any, name: str) -> np.ndarray:
    """Finite rows, float32 or float64."""
    array = np.asarray(array)
    array = np.ascontiguousarray(array, dtype=np.float32 if array.dtype == np.float32 else np.float64)
    if array.ndim != 2:
        raise InvalidDataError(f"{name} has the wrong shape.", name=name, allowed="(n, d)", got=array.shape)
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        row, column = bad[0]
        raise InvalidDataError(
            f"{name} holds {array[row, column]} in row {row}, column {column}.",
            name=name,
            allowed="finite numbers",
        )
    return array


def _check_weight(weight: np.ndarray | None, n: int) -> float:
    """The weight of one row."""
    if weight is None or n == 0:
        return 1.0
    found = np.unique(np.asarray(weight, np.float64))
    if np.shape(weight) != (n,) or len(found) != 1 or not np.isfinite(found[0]) or found[0] <= 0:
        raise InvalidParameterError(
            "weight is not valid.",
            name="weight",
            allowed=f"one positive number for all {n} rows",
            hint="repeat rows by their weights, or take assign(C, weights=…, capacity=…)",
        )
    return float(found[0])
