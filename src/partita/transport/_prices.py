"""Prices of cells that nearly balance them: Newton's method on the dual. Called by the exact assignment.

Each item goes where its cost plus the price of the cell is least. How the sizes answer to prices is read off
the items that have a second cell at almost the same cost: they lie at the boundary of the two.
"""

from __future__ import annotations

import numpy as np

from partita.transport._costs import Costs, Scan

_MOST_STEPS = 25
_SMALLEST_STEP = 1e-3
_DENSE = 1500


def wanted_sizes(size: np.ndarray, prices: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The sizes that go with prices: full where the price is positive, at the least where it is negative."""
    within = np.clip(size, lower, upper)
    return np.where(prices > 0, upper, np.where(prices < 0, lower, within))


def balancing_prices(
    costs: Costs, lower: np.ndarray, upper: np.ndarray, start: np.ndarray, enough: int
) -> tuple[np.ndarray, Scan]:
    """Prices under which at most about `enough` items are in the wrong cell, and the scan that says so.

    Parameters
    ----------
    costs : Costs
    lower, upper : intp[k]
    start : float64[k]
        Prices to begin with.
    enough : int
        Stop when so few items are out of place.

    Returns
    -------
    prices : float64[k]
        The best that were found: nothing is promised about them.
    scan : Scan
    """
    prices = start
    scan = costs.scan(prices)
    surplus = _surplus(scan, prices, lower, upper)
    for _ in range(_MOST_STEPS):
        wrong = int(np.abs(surplus).sum())
        if wrong <= 2 * enough:
            break
        step, share = _newton_step(scan, prices, surplus, lower, upper), 1.0
        while True:
            tried = _stepped(prices, share * step)
            found = costs.scan(tried)
            left = _surplus(found, tried, lower, upper)
            if np.abs(left).sum() < (1.0 - 0.2 * share) * wrong or share < _SMALLEST_STEP:
                break
            share *= 0.3
        if np.abs(left).sum() >= wrong:
            break
        prices, scan, surplus = tried, found, left
    return prices, scan


def _surplus(scan: Scan, prices: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    size = np.bincount(scan.best, minlength=len(prices))
    return size - wanted_sizes(size, prices, lower, upper)


def _stepped(prices: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Prices after a step; one that would change its sign stops at 0, where its bound lets go."""
    moved = prices + step
    return np.where(moved * prices < 0, 0.0, moved)


def _newton_step(
    scan: Scan, prices: np.ndarray, surplus: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> np.ndarray:
    k = len(prices)
    active = np.flatnonzero((prices != 0) | (surplus != 0))
    width = _boundary_width(scan, surplus, k)
    flow = _boundary_flow(scan, width, k)
    total = flow.sum(axis=1)
    laplacian = np.diag(total) - flow
    core = laplacian[np.ix_(active, active)]
    # Cells whose items have no other cell in reach answer to no price: the ridge keeps their step finite.
    ridge = 1e-3 * max(float(total.mean()), 1e-300)
    core[np.diag_indices(len(active))] += ridge
    step = np.zeros(k)
    step[active] = np.linalg.solve(core, surplus[active].astype(np.float64))
    longest = np.abs(step).max()
    most = 8.0 * width
    return step * (most / longest) if longest > most else step


def _boundary_width(scan: Scan, surplus: np.ndarray, k: int) -> float:
    """A margin within which there are some times as many items as have to move."""
    n = len(scan.best)
    rank = min(n - 1, int(np.abs(surplus).sum()) + 8 * k)
    width = float(np.partition(scan.margin, rank)[rank])
    finite = scan.margin[np.isfinite(scan.margin)]
    if not np.isfinite(width):
        width = float(finite.max()) if len(finite) else 1.0
    return width if width > 0 else max(float(finite.max()) if len(finite) else 1.0, 1e-300)


def _boundary_flow(scan: Scan, width: float, k: int) -> np.ndarray:
    """Items a unit of price that cross between two cells, float64 (k, k), symmetric."""
    near = np.flatnonzero(scan.margin <= width)
    pair = scan.best[near].astype(np.intp) * k + scan.second[near]
    # Linear weights: the density at the boundary itself, not its mean over the width.
    weight = 2.0 * (1.0 - scan.margin[near] / width)
    flow = np.bincount(pair, weight, k * k).reshape(k, k)
    np.fill_diagonal(flow, 0.0)
    return (flow + flow.T) / (2.0 * width)
