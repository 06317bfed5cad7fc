"""The exact assignment under bounds on sizes: prices first, then shortest paths among the items in reach.

Called by ``assign`` and ``capacity_assign``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita.kernels.capacity import BEYOND, BLOCKED, cells_balance
from partita.transport._costs import Costs, Near, Scan
from partita.transport._prices import balancing_prices, wanted_sizes

_ROUNDING = 64 * 2.0**-52


@dataclass(frozen=True)
class Settled:
    """An optimal assignment, items in content order.

    Attributes
    ----------
    labels : int32[n]
    prices : float64[k]
        A dual solution: no item has a cell where cost plus price is lower than in its own.
    moves : int
        Paths along which items moved after the prices were found.
    """

    labels: np.ndarray
    prices: np.ndarray
    moves: int


def settle(costs: Costs, lower: np.ndarray, upper: np.ndarray, start: np.ndarray | None = None) -> Settled:
    """The cheapest assignment with ``lower[j] <= size of cell j <= upper[j]``, which has to exist.

    Parameters
    ----------
    costs : Costs
    lower, upper : intp[k]
    start : float64[k], optional
        Prices of a problem much like this one.
    """
    k = costs.k
    upper = np.minimum(upper, costs.n)
    begin = np.zeros(k) if start is None else start
    prices, scan = balancing_prices(costs, lower, upper, begin, enough=costs.n // 200 + k // 4)
    prices = np.append(prices, 0.0)
    reach, moves = _first_reach(scan, prices, lower, upper), 0
    labels: np.ndarray | None = None
    while True:
        scan = costs.scan(prices[:k] - prices[k], reach)
        assert scan.near is not None
        best, own = _cheapest(scan, prices)
        if labels is not None and _proved(costs, scan, prices, labels, best):
            return Settled(labels, prices[:k] - prices[k], moves)
        labels, n_paths, ended = _paths(scan.near, best, own, prices, lower, upper, reach)
        moves += n_paths
        reach = np.inf if ended == BLOCKED and reach > costs.size else reach * (1.0 if ended == 0 else 4.0)
        labels = labels if ended == 0 else None


def _first_reach(scan: Scan, prices: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    """How much prices may have to change: a margin that some times as many items have as must move."""
    k, n = len(lower), len(scan.best)
    size = np.bincount(scan.best, minlength=k)
    wrong = int(np.abs(size - wanted_sizes(size, prices[:k] - prices[k], lower, upper)).sum())
    rank = min(n - 1, 4 * wrong + 16 * k)
    reach = float(np.partition(scan.margin, rank)[rank])
    return reach if reach > 0 else 1e-300


def _cheapest(scan: Scan, prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cheapest cell of each item by exact costs, and its position in the lists of the near items."""
    near = scan.near
    assert near is not None
    best = scan.best.copy()
    own = np.empty(len(near.items), np.intp)
    if len(near.items):
        adjusted = near.costs + prices[near.cells]
        lowest = np.minimum.reduceat(adjusted, near.first[:-1])
        length = np.diff(near.first)
        at = np.flatnonzero(adjusted == np.repeat(lowest, length))
        row = np.searchsorted(near.first, at, side="right") - 1
        _, firsts = np.unique(row, return_index=True)
        own = at[firsts]
        best[near.items] = near.cells[own]
    return best, own


def _proved(costs: Costs, scan: Scan, prices: np.ndarray, labels: np.ndarray, best: np.ndarray) -> bool:
    """Whether no item has a cheaper cell than its label, up to rounding."""
    other = np.flatnonzero(labels != best)
    if not len(other):
        return True
    here = costs.own(labels)[other] + prices[labels[other]]
    there = costs.own(best)[other] + prices[best[other]]
    slack = _ROUNDING * (costs.size + float(np.abs(prices).max()) + float(np.abs(here).max()))
    return bool((here - there <= slack).all())


def _paths(
    near: Near,
    best: np.ndarray,
    own: np.ndarray,
    prices: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    reach: float,
) -> tuple[np.ndarray, int, int]:
    """Balance the cells with the near items; returns labels, the number of paths and how it ended."""
    k = len(lower)
    size = np.bincount(best, minlength=k).astype(np.intp)
    flow = wanted_sizes(size, prices[:k] - prices[k], lower, upper).astype(np.intp)
    limit = np.inf if reach == np.inf else reach
    n_paths, ended = cells_balance(
        near.first, near.cells, near.costs, own, prices, size, flow, lower, upper, limit
    )
    labels = best.copy()
    labels[near.items] = near.cells[own]
    return labels, n_paths, ended


__all__ = ["BEYOND", "Settled", "settle"]
