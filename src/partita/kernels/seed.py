"""Rows far from one another: greedy k-means++ on a fixed sequence. Called by the makers of points."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_GOLDEN_RATIO = 0.6180339887498949


@jit
def seeds_choose(points, weight, squares, trials, chosen):
    """Rows for centres, each the best of some drawn in proportion to weight times squared distance.

    The draws are a golden-ratio sequence on the cumulated distances, as good as random where rows stand in
    the order of their hashes.
    IN points float32 (n, d), weight float64[n], squares float32[n] (squared lengths), trials.
    OUT chosen intp[k].
    """
    n, d = points.shape
    lowest, mass = np.full(n, np.inf), np.cumsum(weight)
    drawn = np.empty((trials, d), np.float32)
    products = np.empty((n, trials), np.float32)
    lengths, costs = np.empty(trials), np.empty(trials)
    rows = np.empty(trials, np.intp)
    for c in range(chosen.shape[0]):
        for t in range(trials):
            turn = 0.5 if c == 0 else ((c * trials + t) * _GOLDEN_RATIO) % 1.0
            rows[t] = min(n - 1, np.searchsorted(mass, turn * mass[n - 1], side="right"))
            for j in range(d):
                drawn[t, j] = points[rows[t], j]
            lengths[t] = squares[rows[t]]
        np.dot(points, drawn.T, products)
        costs[:] = 0.0
        for i in range(n):
            for t in range(trials):
                apart = max(0.0, squares[i] + lengths[t] - 2.0 * np.float64(products[i, t]))
                costs[t] += weight[i] * min(apart, lowest[i])
        best = np.argmin(costs)
        chosen[c] = rows[best]
        running = 0.0
        for i in range(n):
            apart = max(0.0, squares[i] + lengths[best] - 2.0 * np.float64(products[i, best]))
            lowest[i] = min(apart, lowest[i])
            running += weight[i] * lowest[i]
            mass[i] = running


@jit
def shares_deal(shares, most, given, total):
    """Deal `total` seats among parties by Sainte-Laguë. INOUT given intp (at most `most` each)."""
    for _ in range(total - given.sum()):
        best, quotient = -1, -1.0
        for c in range(shares.shape[0]):
            if given[c] < most[c] and shares[c] / (given[c] + 0.5) > quotient:
                best, quotient = c, shares[c] / (given[c] + 0.5)
        given[best] += 1
