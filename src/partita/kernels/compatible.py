"""Pairs of unknowns that a smooth vector ties most closely. Called by graphs."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def match_greedy(tail, head, order, pair):
    """Match nodes along edges in a given order, each at most once.

    IN tail, head int32[m], order int64[m]. OUT pair int32[n]: an aggregate of one or two nodes each, numbered
    by their first nodes. Returns how many there are.
    """
    n = pair.shape[0]
    mate = np.full(n, -1, np.int32)
    for e in order:
        u, v = tail[e], head[e]
        if mate[u] < 0 and mate[v] < 0:
            mate[u], mate[v] = v, u
    count = 0
    for v in range(n):
        if 0 <= mate[v] < v:
            pair[v] = pair[mate[v]]
        else:
            pair[v] = count
            count += 1
    return count
