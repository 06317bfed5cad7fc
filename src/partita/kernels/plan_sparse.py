"""The best few sources of each sink, and how much to take of each. Called by transport."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def _best_few(scores, few, chosen, best):
    """The highest scores, falling, the lowest index first among equals. OUT chosen, best of length k."""
    found = 0
    for i in range(scores.shape[0]):
        if found == few and scores[i] <= best[few - 1]:
            continue
        position = found if found < few else few - 1
        while position > 0 and best[position - 1] < scores[i]:
            best[position], chosen[position] = best[position - 1], chosen[position - 1]
            position -= 1
        best[position], chosen[position] = scores[i], i
        found = min(found + 1, few)


@jit
def _shares(best, gamma, total, out):
    """Shares of at least 0 that add up to `total` and are nearest to ``best / gamma``; `best` falls.

    OUT out float64[k]. Returns the highest sum of score times share, less half of gamma times shares squared.
    """
    running, threshold = 0.0, 0.0
    for position in range(best.shape[0]):
        drop = best[position] - best[0]
        trial = (running + drop - gamma * total) / (position + 1)
        if drop <= trial:
            break
        running, threshold = running + drop, trial
    value = 0.0
    for position in range(best.shape[0]):
        share = max(0.0, (best[position] - best[0] - threshold) / gamma)
        out[position] = share
        value += share * (best[position] - 0.5 * gamma * share)
    return value


@jit
def columns_share(costs, potential, totals, gamma, start, stop, chosen, shares, rows):
    """As `columns_choose`, among sources that are chosen already.

    IN chosen int32 (m, k); the rest as there, OUT shares and rows too.
    """
    few = chosen.shape[1]
    best, out = np.empty(few), np.empty(few)
    rows[:] = 0.0
    value = 0.0
    for j in range(start, stop):
        for position in range(few):
            best[position] = potential[chosen[j, position]] - costs[j, chosen[j, position]]
        falling = np.argsort(-best, kind="mergesort")
        value += _shares(best[falling], gamma, totals[j], out)
        for position in range(few):
            shares[j, falling[position]] = out[position]
            rows[chosen[j, falling[position]]] += out[position]
    return value


@jit
def columns_choose(costs, potential, totals, gamma, start, stop, chosen, shares, rows):
    """For sinks `start` to `stop`, the shares of at most k sources that are worth most.

    IN costs float64 (m, n): a row for each sink, potential float64[n], totals float64[m], gamma.
    OUT chosen int32 (m, k) and shares float64 (m, k), these sinks; rows float64[n]: what each source gives.
    Returns the sum of the values.
    """
    n, few = potential.shape[0], chosen.shape[1]
    scores, best = np.empty(n), np.empty(few)
    rows[:] = 0.0
    value = 0.0
    for j in range(start, stop):
        for i in range(n):
            scores[i] = potential[i] - costs[j, i]
        _best_few(scores, few, chosen[j], best)
        value += _shares(best, gamma, totals[j], shares[j])
        for position in range(few):
            rows[chosen[j, position]] += shares[j, position]
    return value
