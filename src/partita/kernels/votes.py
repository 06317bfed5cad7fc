"""Votes of neighbours. Called by ``points.dense_vote``."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.spanning import square_apart


@jit
def pairs_weigh(asked, points, first, near, weight, radius, value):
    """OUT value float64[e]: the votes of neighbours, 0 for those that are further away than `radius`.

    IN asked float64 (b, d), points float64 (u, d); first intp[b + 1], near intp[e]: the neighbours of each
    row asked; weight float64[u].
    """
    for i in range(asked.shape[0]):
        for e in range(first[i], first[i + 1]):
            apart = np.sqrt(square_apart(asked[i], points[near[e]]))
            value[e] = 0.0
            if apart <= radius:
                share = apart / radius if radius > 0.0 else 0.0
                value[e] = weight[near[e]] / (1.0 + share * share)


@jit
def votes_first(indptr, indices, data, chosen):
    """Each row's column of most votes, the first of equals; shares in place of votes.

    IN indptr, indices of a CSR matrix with ascending columns. INOUT data float64. OUT chosen intp[n], -1
    where a row has no votes.
    """
    for i in range(chosen.shape[0]):
        total, best = 0.0, -1.0
        for e in range(indptr[i], indptr[i + 1]):
            total += data[e]
            if data[e] > best:
                best, chosen[i] = data[e], indices[e]
        for e in range(indptr[i], indptr[i + 1]):
            data[e] /= total
