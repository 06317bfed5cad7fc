"""The exact assignment under bounds on sizes, among the items in reach. Called by all that assigns here.

Shortest paths need the items near the boundaries of cells only, as long as prices don't move by more than the
lists of these items reach. Prices of a sample come first; they are nearly right for all items.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from partita._core.memory import check_memory
from partita.kernels.capacity import (
    BLOCKED,
    DONE,
    Cells,
    Choices,
    cells_balance,
    choices_cheapest,
    prices_reach,
)
from partita.transport._costs import Costs, Reach, Scan

_MANY_CELLS, _BYTES_A_PAIR = 2000, 24
_SAMPLED = 4
_FEWEST = 1024
_FEWEST_OF_CELL = 8
_GROWTH = 2
_WIDENED = 1.2
_SPARE = 1.5
_MORE, _LESS = 1.3, 0.6
_LISTED = 16
_STRETCH = 4.0
_ROUNDING = 64 * 2.0**-52
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
    reach : Reach
        How far prices moved in the end: a guess for a similar problem.
    proved : bool
        Whether it is known to be optimal for the costs.
    """

    labels: np.ndarray
    prices: np.ndarray
    moves: int
    reach: Reach
    proved: bool = True


def settle(
    costs: Costs,
    lower: np.ndarray,
    upper: np.ndarray,
    start: np.ndarray | None = None,
    reach: Reach | None = None,
) -> Settled:
    """The cheapest assignment with ``lower[j] <= size of cell j <= upper[j]``, which has to exist.

    Parameters
    ----------
    costs : Costs
    lower, upper : intp[k]
    start : float64[k], optional
        Prices of a problem much like this one.
    reach : Reach, optional
        By how much prices may have to move from there. For exact costs only time depends on it; for others
        it is taken for what it is, and what it leaves out makes the assignment dearer.

    Notes
    -----
    O(n k) for each look at all items, of which there are few, and O(k^2) for each path.
    """
    k, moves, loose = costs.k, 0, reach is not None and not costs.exact
    if k > _MANY_CELLS:
        check_memory(
            _BYTES_A_PAIR * k * k,
            what=f"The graph of {k} cells",
            alternative="divide into fewer cells first, and each of those again",
        )
    upper = np.minimum(upper, costs.n)
    prices = np.append(_sampled_prices(costs, lower, upper) if start is None else start, 0.0)
    if costs.n == 0:
        return Settled(np.empty(0, np.int32), prices[:k], 0, Reach(np.zeros(k), np.zeros(k), 0.0, k))
    if reach is None:
        least = _guessed_reach(costs.scan(prices[:k]), prices, lower, upper)
        reach = Reach(np.full(k, least), np.full(k, least), least, min(k, _LISTED))
    n_rounds = 0
    while True:
        scan = costs.scan(prices[:k] - prices[k], reach)
        assert scan.near is not None
        began, n_rounds = prices.copy(), n_rounds + 1
        labels, n_paths, ended = _paths(scan, prices, lower, upper, _stretched(reach) if loose else reach)
        moves += n_paths
        if loose and ended != DONE:
            prices, loose = began, False  # far beyond their reach prices mislead
            continue
        moved = _moved(prices[:k] - began[:k], reach)
        within = prices_reach(prices[:k], began[:k], reach.up, reach.down)
        if loose:
            reach = _next_reach(moved, n_rounds if within else _GROWTH)
            return Settled(labels, prices[:k] - prices[k], moves, reach, within)
        if ended != DONE or not within:
            reach = _grown(reach, moved, blocked=ended == BLOCKED, cut=bool(scan.near.cut.any()))
            continue
        cut = scan.near.items[scan.near.cut]
        if not len(cut) or not costs.exact or _proved(costs.take(cut), prices, labels[cut]):
            return Settled(labels, prices[:k] - prices[k], moves, _next_reach(moved, n_rounds))
        reach = replace(reach, most=min(k, _GROWTH * reach.most))


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
    return settle(costs.take(slice(m)), *scaled_bounds(lower, upper, n, m)).prices


def _moved(rise: np.ndarray, reach: Reach) -> Reach:
    """Somewhat more than prices went up and down, but for what is common to most of them."""
    apart = _SPARE * (rise - np.median(rise))
    return replace(reach, up=np.maximum(apart, reach.least), down=np.maximum(-apart, reach.least))


def _grown(reach: Reach, moved: Reach, *, blocked: bool, cut: bool) -> Reach:
    """Wider, most of all where prices used up the reach; much wider when there was no path at all."""
    growth = _GROWTH**2 if blocked else _WIDENED
    listed = _GROWTH**2 if blocked else _GROWTH
    return replace(
        reach,
        up=np.maximum(growth * reach.up, _GROWTH * moved.up),
        down=np.maximum(growth * reach.down, _GROWTH * moved.down),
        most=min(len(reach.up), listed * reach.most) if blocked or cut else reach.most,
    )


def _stretched(reach: Reach) -> Reach:
    return replace(reach, up=_STRETCH * reach.up, down=_STRETCH * reach.down)


def _next_reach(moved: Reach, n_rounds: int) -> Reach:
    """For a similar problem: so that most often one round does."""
    least = moved.least * (_MORE if n_rounds > 1 else _LESS)
    return Reach(
        np.maximum(moved.up, least), np.maximum(moved.down, least), least, min(len(moved.up), _LISTED)
    )


def _proved(costs: Costs, prices: np.ndarray, labels: np.ndarray) -> bool:
    """Whether no item has a cheaper cell than its label, up to rounding."""
    k = costs.k
    scan = costs.scan(prices[:k] - prices[k], Reach(np.zeros(k), np.zeros(k), 0.0, k))
    best, _ = _cheapest(scan, prices)
    here, there = costs.own(labels) + prices[labels], costs.own(best) + prices[best]
    slack = _ROUNDING * (np.abs(here) + np.abs(there) + np.abs(prices).max())
    return bool((here - there <= slack).all())


def _cheapest(scan: Scan, prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cheapest cell of each item by exact costs, and where it stands in the lists of near items."""
    near, best = scan.near, scan.best.copy()
    assert near is not None
    own = np.empty(len(near.items), np.intp)
    choices_cheapest(near.first, near.cells, near.costs, prices, own)
    best[near.items] = near.cells[own]
    return best, own


def _guessed_reach(scan: Scan, prices: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    """A margin that more items have than must move."""
    k, n = len(lower), len(scan.best)
    size = np.bincount(scan.best, minlength=k)
    wrong = int(np.abs(size - wanted_sizes(size, prices[:k], lower, upper)).sum())
    rank = min(n // 4, wrong + 8 * k)
    return max(float(np.partition(scan.margin, rank)[rank]), _SMALLEST_REACH)


def _paths(
    scan: Scan, prices: np.ndarray, lower: np.ndarray, upper: np.ndarray, reach: Reach
) -> tuple[np.ndarray, int, int]:
    """Balance the cells with the near items; returns labels, the number of paths and how it ended."""
    k, near = len(lower), scan.near
    assert near is not None
    labels, own = _cheapest(scan, prices)
    size = np.bincount(labels, minlength=k).astype(np.intp)
    flow = wanted_sizes(size, prices[:k] - prices[k], lower, upper).astype(np.intp)
    surplus = np.append(size - flow, (flow - size).sum())
    n_paths, ended = cells_balance(
        Choices(near.first, near.cells, near.costs, own),
        Cells(prices, size, flow, lower, upper, surplus, reach.up, reach.down),
    )
    labels[near.items] = near.cells[own]
    return labels, n_paths, ended
