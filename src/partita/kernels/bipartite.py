"""Blocks of a bipartite graph: what nodes and blocks cost to describe, moves and merges. Called by graphs.

One side at a time: `own` blocks are those of the side whose nodes move, `other` blocks those of the other.
T.-C. Yen, D. B. Larremore, Community detection in bipartite networks with stochastic block models, Phys.
Rev. E 102 (2020), doi:10.1103/PhysRevE.102.032309.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit


class Tables(NamedTuple):
    """Logarithms that descriptions are made of.

    Attributes
    ----------
    factorial : float64[e + 2]
        ln(x!).
    partitions : float64[s, s]
        ln of the number of partitions of a number into at most so many parts, for small ones.
    shape : float64[g]
        The function v(u) of Szekeres' approximation, at ``ln u = shape_low + i * shape_step``.
    shape_low, shape_step : float
    """

    factorial: np.ndarray
    partitions: np.ndarray
    shape: np.ndarray
    shape_low: float
    shape_step: float


class Side(NamedTuple):
    """The nodes of one side and their blocks.

    Attributes
    ----------
    indptr, indices, counts : int64[n + 1], int32[m], int64[m]
        Neighbours on the other side, and how often each edge is there.
    labels : int32[n]
    between : int64[k_own, k_other]
        Edges between blocks.
    ends, size : int64[k_own]
        Edges and nodes of each block.
    class_of : int32[n]
        The degrees of nodes, numbered.
    histogram : int64[k_own, classes]
        Nodes of each degree in each block.
    """

    indptr: np.ndarray
    indices: np.ndarray
    counts: np.ndarray
    labels: np.ndarray
    between: np.ndarray
    ends: np.ndarray
    size: np.ndarray
    class_of: np.ndarray
    histogram: np.ndarray


@jit
def partitions_table(out):
    """OUT out float64[s, s]: ln q(m, n), the partitions of m into at most n parts."""
    s = out.shape[0]
    for m in range(s):
        out[m, 0] = 1.0 if m == 0 else 0.0
    for n in range(1, s):
        for m in range(s):
            out[m, n] = out[m, n - 1] + (out[m - n, n] if m >= n else 0.0)
    for m in range(s):
        for n in range(s):
            out[m, n] = math.log(out[m, n]) if out[m, n] > 0.0 else -np.inf


@jit
def log_partitions(m, n, tables):
    """ln q(m, n): exact for small m, by Szekeres' asymptotic form beyond."""
    if m == 0:
        return 0.0
    if n > m:
        n = m
    if m < tables.partitions.shape[0]:
        return tables.partitions[m, n]
    if n < m**0.25:
        return math.lgamma(m) - math.lgamma(n) - math.lgamma(m - n + 1) - math.lgamma(n + 1)
    root = math.sqrt(m)
    u = n / root
    at = (math.log(u) - tables.shape_low) / tables.shape_step
    i = min(max(int(at), 0), tables.shape.shape[0] - 2)
    v = tables.shape[i] + (at - i) * (tables.shape[i + 1] - tables.shape[i])
    e = math.exp(-v)
    factor = math.log(v) - 1.5 * math.log(2.0) - math.log(math.pi * u)
    factor -= 0.5 * math.log(1.0 - (1.0 + 0.5 * u * u) * e)
    return factor - math.log(m) + root * (2.0 * v / u - u * math.log1p(-e))


@jit
def side_count(side, other_labels):
    """OUT between, ends, size, histogram of the side, from its labels."""
    side.between[:] = 0
    side.ends[:] = 0
    side.size[:] = 0
    side.histogram[:] = 0
    for v in range(side.labels.shape[0]):
        r = side.labels[v]
        side.size[r] += 1
        side.histogram[r, side.class_of[v]] += 1
        for e in range(side.indptr[v], side.indptr[v + 1]):
            side.between[r, other_labels[side.indices[e]]] += side.counts[e]
            side.ends[r] += side.counts[e]


@jit
def side_improve(side, other_labels, tables, most_sweeps):
    """Move each node to the block of its side that shortens the description most; no block is emptied.

    INOUT side. Returns the nats gained (negative or 0).
    """
    k, k_other = side.between.shape
    to, touched = np.zeros(k_other, np.int64), np.empty(k_other, np.int64)
    log_f = tables.factorial
    gained = 0.0
    for _ in range(most_sweeps):
        before = gained
        for v in range(side.labels.shape[0]):
            r = int(side.labels[v])
            if side.size[r] == 1:
                continue
            count, total, c = 0, 0, side.class_of[v]
            for e in range(side.indptr[v], side.indptr[v + 1]):
                t = other_labels[side.indices[e]]
                if to[t] == 0:
                    touched[count] = t
                    count += 1
                to[t] += side.counts[e]
                total += side.counts[e]
            out = log_f[side.ends[r] - total] - log_f[side.ends[r]] + math.log(side.histogram[r, c])
            out += log_partitions(side.ends[r] - total, side.size[r] - 1, tables)
            out -= log_partitions(side.ends[r], side.size[r], tables)
            for i in range(count):
                t = touched[i]
                out -= log_f[side.between[r, t] - to[t]] - log_f[side.between[r, t]]
            best, least = r, -1e-9
            for s in range(k):
                if s == r:
                    continue
                change = out + log_f[side.ends[s] + total] - log_f[side.ends[s]]
                for i in range(count):
                    t = touched[i]
                    change -= log_f[side.between[s, t] + to[t]] - log_f[side.between[s, t]]
                change -= math.log(side.histogram[s, c] + 1)
                change += log_partitions(side.ends[s] + total, side.size[s] + 1, tables)
                change -= log_partitions(side.ends[s], side.size[s], tables)
                if change < least:
                    best, least = s, change
            if best != r:
                gained += least
                side.labels[v] = best
                side.size[r] -= 1
                side.size[best] += 1
                side.ends[r] -= total
                side.ends[best] += total
                side.histogram[r, c] -= 1
                side.histogram[best, c] += 1
                for i in range(count):
                    t = touched[i]
                    side.between[r, t] -= to[t]
                    side.between[best, t] += to[t]
            for i in range(count):
                to[touched[i]] = 0
        if gained == before:
            break
    return gained


@jit
def side_best_merge(side, tables):
    """The two blocks of the side whose merge lengthens the description least (r < s), and by how much.

    What depends on the number of blocks alone is left out.
    """
    k, k_other = side.between.shape
    log_f = tables.factorial
    best_r, best_s, least = -1, -1, np.inf
    for r in range(k):
        for s in range(r + 1, k):
            change = log_f[side.ends[r] + side.ends[s]] - log_f[side.ends[r]] - log_f[side.ends[s]]
            for t in range(k_other):
                x, y = side.between[r, t], side.between[s, t]
                if x > 0 and y > 0:
                    change -= log_f[x + y] - log_f[x] - log_f[y]
            for c in range(side.histogram.shape[1]):
                x, y = side.histogram[r, c], side.histogram[s, c]
                if x > 0 and y > 0:
                    change -= log_f[x + y] - log_f[x] - log_f[y]
            change += log_partitions(side.ends[r] + side.ends[s], side.size[r] + side.size[s], tables)
            change -= log_partitions(side.ends[r], side.size[r], tables)
            change -= log_partitions(side.ends[s], side.size[s], tables)
            if change < least:
                best_r, best_s, least = r, s, change
    return best_r, best_s, least
