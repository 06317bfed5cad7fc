"""The exact assignment under bounds on sizes, among the items in reach. Called by all of this room that assigns.

Shortest paths need the items near the boundaries of cells only, as long as prices don't rise by more than these
items' lists reach. Prices of a sample come first; they are nearly right for all items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita.kernels.capacity import BLOCKED, DONE, Cells, Choices, cells_balance, choices_cheapest
from partita.transport._costs import Costs, Near, Scan

_SAMPLED = 8
_FEWEST = 1024
_FEWEST_OF_CELL = 16
_GROWTH = 4.0
_SMALLEST_REACH = 1e-300


@dataclass(frozen=True)
class Settled:
    """An optimal assignment, items in content order.

    Attributes
    ----------
    labels : int32[n]
    prices : float64[k]
        A dual solution: no item has a cell where cost plus price is lower than in its own.
    moves : int
        Paths along which items moved.
    rise : float64[k]
        By how much each price had to rise in the end: a guess at the reach for a similar problem.
    """

    labels: np.ndarray
    prices: np.ndarray
    moves: int
    rise: np.ndarray


def settle(
    costs: Costs,
    lower: np.ndarray,
    upper: np.ndarray,
    start: np.ndarray | None = None,
    reach: np.ndarray | None = None,
) -> Settled:
    """The cheapest assignment with ``lower[j] <= size of cell j <= upper[j]``, which has to exist.

    Parameters
    ----------
    costs : Costs
    lower, upper : intp[k]
    start : float64[k], optional
        Prices of a problem much like this one.
    reach : float64[k], optional
        By how much prices may have to rise from there. Only time depends on it.

    Notes
    -----
    O(n k) for each look at all items, of which there are few, and O(k^2) for each path.
    """
    k, moves = costs.k, 0
    upper = np.minimum(upper, costs.n)
    prices = np.append(_sampled_prices(costs, lower, upper) if start is None else start, 0.0)
    reach = np.zeros(k) if reach is None else reach
    if not reach.all():
        guess = _guessed_reach(costs.scan(prices[:k]), prices, lower, upper)
        reach = np.where(reach > 0, reach, guess)
    while True:
        scan = costs.scan(prices[:k] - prices[k], reach)
        best, own = _cheapest(scan, prices)
        began = prices.copy()
        labels, n_paths, ended = _paths(scan.near, best, own, prices, lower, upper, reach)
        moves += n_paths
        rise = prices[:k] - began[:k]
        if ended == DONE and (rise <= reach).all():
            return Settled(labels, prices[:k] - prices[k], moves, rise)
        # Without a path every list is too short; otherwise those of the cells whose price went up.
        short = np.full(k, True) if ended == BLOCKED else rise > reach / _GROWTH
        reach = np.where(short, _GROWTH * np.maximum(reach, rise), reach)


def wanted_sizes(size: np.ndarray, prices: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The sizes that go with prices: full where the price is positive, at the least where it is negative."""
    within = np.clip(size, lower, upper)
    return np.where(prices > 0, upper, np.where(prices < 0, lower, within))


def scaled_bounds(lower: np.ndarray, upper: np.ndarray, n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Bounds for the first m of n items, which can be met if those for all can."""
    return lower * m // n, -(-upper * m // n)


def _sampled_prices(costs: Costs, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    n, k = costs.n, costs.k
    m = n // _SAMPLED
    if m < max(_FEWEST, _FEWEST_OF_CELL * k):
        return np.zeros(k)
    return settle(costs.head(m), *scaled_bounds(lower, upper, n, m)).prices


def _guessed_reach(scan: Scan, prices: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    """A margin that some times as many items have as must move."""
    k, n = len(lower), len(scan.best)
    size = np.bincount(scan.best, minlength=k)
    wrong = int(np.abs(size - wanted_sizes(size, prices[:k], lower, upper)).sum())
    rank = min(n - 1, 4 * wrong + 16 * k)
    return max(float(np.partition(scan.margin, rank)[rank]), _SMALLEST_REACH)


def _cheapest(scan: Scan, prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cheapest cell of each item by exact costs, and its position in the lists of the near items."""
    near, best = scan.near, scan.best.copy()
    own = np.empty(len(near.items), np.intp)
    choices_cheapest(near.first, near.cells, near.costs, prices, own)
    best[near.items] = near.cells[own]
    return best, own


def _paths(
    near: Near,
    best: np.ndarray,
    own: np.ndarray,
    prices: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    reach: np.ndarray,
) -> tuple[np.ndarray, int, int]:
    """Balance the cells with the near items; returns labels, the number of paths and how it ended."""
    k = len(lower)
    size = np.bincount(best, minlength=k).astype(np.intp)
    flow = wanted_sizes(size, prices[:k] - prices[k], lower, upper).astype(np.intp)
    surplus = np.append(size - flow, (flow - size).sum())
    n_paths, ended = cells_balance(
        Choices(near.first, near.cells, near.costs, own),
        Cells(prices, size, flow, lower, upper, reach, surplus),
    )
    labels = best.copy()
    labels[near.items] = near.cells[own]
    return labels, n_paths, ended
