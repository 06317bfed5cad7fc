"""Which centres hold a copy of each item. Called by ``hierarchy.cover``."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

NEAREST, CLOSURE, BISECTOR = 0, 1, 2


@jit
def _distance(x, y):
    total = 0.0
    for j in range(x.shape[0]):
        difference = np.float64(x[j]) - np.float64(y[j])
        total += difference * difference
    return np.sqrt(total)


@jit
def cover_rows(X, centers, home, candidates, rule, most, radius, parts, weights, counts):
    """Accept candidates of each row by a rule; distances in float64 and fixed order, ties to the lower part.

    IN X (b, d); centers float64 (k, d); home intp[b], -1 for noise; candidates intp (b, t), ascending by row;
    rule; most, the largest number of parts of an item; radius, inf for none.
    OUT parts intp (b, most), weights float64 (b, most), counts intp[b]. Returns the rows that `most` cut
    short.
    """
    capped = 0
    t = candidates.shape[1]
    distance, key = np.empty(t), np.empty(t)
    for i in range(X.shape[0]):
        for j in range(t):
            distance[j] = _distance(X[i], centers[candidates[i, j]])
        own = home[i]
        if own < 0:
            own = candidates[i, np.argmin(distance)]
        own_distance = _distance(X[i], centers[own])
        for j in range(t):
            key[j] = distance[j]
            if rule == BISECTOR:
                gap = 2.0 * _distance(centers[own], centers[candidates[i, j]])
                above = distance[j] * distance[j] - own_distance * own_distance
                key[j] = above / gap if gap > 0.0 else 0.0
        ranked = np.argsort(key, kind="mergesort")
        parts[i, 0] = own
        weights[i, 0] = own_distance
        count = 1
        for r in range(t):
            j = ranked[r]
            c = candidates[i, j]
            if c == own:
                continue
            if key[j] > radius:
                break
            blocked = False
            if rule == CLOSURE:
                for a in range(count):
                    if _distance(centers[parts[i, a]], centers[c]) < distance[j]:
                        blocked = True
                        break
            if blocked:
                continue
            if count == most:
                capped += 1
                break
            parts[i, count] = c
            weights[i, count] = distance[j]
            count += 1
        counts[i] = count
        closest = weights[i, 0]
        for a in range(1, count):
            closest = min(closest, weights[i, a])
        weights[i, 0] = 1.0
        for a in range(1, count):
            close = closest / weights[i, a] if weights[i, a] > 0.0 else 1.0
            # Below one and above zero, so that the item's own part stays its strongest and no copy is lost.
            weights[i, a] = max(min(close, 1.0 - 2.0**-52), 2.0**-1000)
    return capped
