"""Linkage of parts by the density between them, and what each merge costs to describe. Called by graphs.

Neighbours of a cluster are a linked list of entries; clusters that merge join their lists, and a list is
packed when it is walked: entries that meet in one cluster are summed.
"""

from __future__ import annotations

import math

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.merging import set_find

# Sums of the same weights in another order are one similarity.
_SAME = 1.0 - 2.0**-40

_LOG_FACTORIALS = np.array([math.lgamma(x + 1.0) for x in range(4096)])


@jit
def lists_start(indptr, indices, head, tail, following):
    """OUT head, tail int64[n] (-1: no neighbour), following int64[nnz]. IN rows."""
    for v in range(head.shape[0]):
        first, last = indptr[v], indptr[v + 1]
        head[v], tail[v] = -1, -1
        if first < last:
            head[v], tail[v] = first, last - 1
            for e in range(first, last):
                following[e] = e + 1
            following[last - 1] = -1


@jit
def list_pack(c, above, head, tail, following, target, weight, place, stamp, mark):
    """Sum the entries of cluster c that meet in one cluster, and drop those within. INOUT all but c, mark.

    place, stamp: int64[n] of scratch, stamp below mark.
    """
    e, last = head[c], np.int64(-1)
    head[c] = -1
    while e >= 0:
        after = following[e]
        d = set_find(above, target[e])
        if d != c:
            if stamp[d] == mark:
                weight[place[d]] += weight[e]
            else:
                stamp[d], place[d], target[e] = mark, e, d
                if last < 0:
                    head[c] = e
                else:
                    following[last] = e
                last = e
        e = after
    tail[c] = last
    if last >= 0:
        following[last] = -1


@jit
def lists_join(into, other, head, tail, following):
    """Put the list of `other` behind that of `into`. INOUT all."""
    if head[other] < 0:
        return
    if head[into] < 0:
        head[into] = head[other]
    else:
        following[tail[into]] = head[other]
    tail[into] = tail[other]


@jit
def densest_neighbour(c, favoured, head, following, target, weight, size):
    """The neighbour of greatest density: of equal ones the favoured, then the lowest number."""
    best, most, kept = np.int64(-1), -1.0, -1.0
    e = head[c]
    while e >= 0:
        d = target[e]
        s = weight[e] / (size[c] * size[d])
        if s > most or (s == most and d < best):
            best, most = d, s
        if d == favoured:
            kept = s
        e = following[e]
    if favoured >= 0 and kept >= most * _SAME:
        return favoured, kept
    return best, most


@jit
def density_link(graph, size, left, right, density):
    """All merges of clusters that are joined by edges, each after those it joins, by chains of neighbours.

    The density of two clusters is the weight between them over the product of their sizes; it is reducible.
    IN graph, size float64[n] > 0. OUT left, right int64[n - 1] (side c is node c, or merge c - n),
    density float64[n - 1]. Returns the number of merges: n less the connected components.
    O(nnz log n) time where lists shrink as they are walked, O(n nnz) at worst.
    """
    n = size.shape[0]
    target, weight, size = graph.indices.astype(np.int64), graph.weights.copy(), size.copy()
    head, tail, following = np.empty(n, np.int64), np.empty(n, np.int64), np.empty_like(target)
    lists_start(graph.indptr, graph.indices, head, tail, following)
    above, number = np.arange(n), np.arange(n)
    place, stamp = np.empty(n, np.int64), np.zeros(n, np.int64)
    chain, length, merges, mark = np.empty(n + 1, np.int64), 0, 0, 0
    for first in range(n):
        # What `first` stands in grows until it has no neighbour left.
        while True:
            if length == 0:
                chain[0], length = set_find(above, first), 1
            c = chain[length - 1]
            mark += 1
            list_pack(c, above, head, tail, following, target, weight, place, stamp, mark)
            before = chain[length - 2] if length > 1 else np.int64(-1)
            d, s = densest_neighbour(c, before, head, following, target, weight, size)
            if d < 0:
                length = 0
                break
            if d != before:
                chain[length] = d
                length += 1
                continue
            length -= 2
            low, high = min(c, d), max(c, d)
            left[merges], right[merges], density[merges] = number[low], number[high], s
            above[high], number[low] = low, n + merges
            size[low] += size[high]
            lists_join(low, high, head, tail, following)
            merges += 1
    return merges


@jit
def merges_sum(values, left, right, sums):
    """OUT sums float64[n + m]: of clusters, in the numbers of `density_link`. IN values float64[n]."""
    n = values.shape[0]
    sums[:n] = values
    for t in range(left.shape[0]):
        sums[n + t] = sums[left[t]] + sums[right[t]]


@jit
def merges_cut(n, left, right, merges, top):
    """OUT top int64[n]: the cluster of each item after the first `merges`. IN left, right int64[m]."""
    above = np.arange(n + merges)
    for t in range(merges):
        above[left[t]] = n + t
        above[right[t]] = n + t
    for v in range(n + merges - 1, -1, -1):
        above[v] = above[above[v]]
    top[:] = above[:n]


@jit
def merges_settle(n, left, right, density):
    """Where a merge is denser than one below it, give it that one's density. INOUT density float64[m].

    Returns how many were so by more than rounding.
    """
    inversions = 0
    for t in range(left.shape[0]):
        least = np.inf
        if left[t] >= n:
            least = density[left[t] - n]
        if right[t] >= n:
            least = min(least, density[right[t] - n])
        if density[t] > least * (1.0 + 1e-9):
            inversions += 1
        density[t] = min(density[t], least)
    return inversions


@jit
def log_factorial(x):
    """The logarithm of x!, also between whole numbers."""
    if 0.0 <= x < 4096.0:
        whole = np.int64(x)
        if x == whole:
            return _LOG_FACTORIALS[whole]
    return math.lgamma(x + 1.0)


@jit
def log_multisets(cells, count):
    """The logarithm of the number of ways to put `count` alike into `cells`."""
    if count <= 0.0:
        return 0.0
    return log_factorial(cells + count - 1.0) - log_factorial(cells - 1.0) - log_factorial(count)


@jit
def counts_describe(graph, size):
    """Nats of the counts between the parts of a level, given those between groups of them.

    IN graph of the groups (loops count twice), size float64[n]: parts in each group.
    """
    nats = 0.0
    for v in range(size.shape[0]):
        nats += log_multisets(0.5 * size[v] * (size[v] + 1.0), 0.5 * graph.loops[v])
        for e in range(graph.indptr[v], graph.indptr[v + 1]):
            if graph.indices[e] > v:
                nats += log_multisets(size[v] * size[graph.indices[e]], graph.weights[e])
    return nats


@jit
def own_nats(edges):
    """Nats for the edges within a block, its degrees being known; `edges` counts each once."""
    return -log_factorial(edges) - edges * math.log(2.0)


@jit
def merges_describe(graph, left, right, nats):
    """What the edges between and within blocks cost before any merge, and how each merge changes that.

    IN graph of blocks (loops count twice); left, right int64[m] as `density_link` numbers them, in any order
    in which merges follow those they join. OUT nats float64[m]: the change. Returns the nats before.
    """
    n = graph.loops.shape[0]
    target, weight = graph.indices.astype(np.int64), graph.weights.copy()
    own = 0.5 * graph.loops
    head, tail, following = np.empty(n, np.int64), np.empty(n, np.int64), np.empty_like(target)
    lists_start(graph.indptr, graph.indices, head, tail, following)
    before = 0.0
    for v in range(n):
        before += own_nats(own[v])
        for e in range(graph.indptr[v], graph.indptr[v + 1]):
            if target[e] > v:
                before -= log_factorial(weight[e])
    above = np.arange(n)
    place, stamp, slot = np.empty(n, np.int64), np.zeros(n, np.int64), np.empty(left.shape[0], np.int64)
    for t in range(left.shape[0]):
        a = left[t] if left[t] < n else slot[left[t] - n]
        b = right[t] if right[t] < n else slot[right[t] - n]
        low, high = min(a, b), max(a, b)
        change = -own_nats(own[low]) - own_nats(own[high])
        for side in range(2):
            c = low if side == 0 else high
            list_pack(c, above, head, tail, following, target, weight, place, stamp, 3 * t + 1 + side)
            e = head[c]
            while e >= 0:
                d = target[e]
                if side == 0 or d != low:
                    change += log_factorial(weight[e])
                if side == 0 and d == high:
                    own[low] += weight[e]
                e = following[e]
        own[low] += own[high]
        above[high], slot[t] = low, low
        lists_join(low, high, head, tail, following)
        list_pack(low, above, head, tail, following, target, weight, place, stamp, 3 * t + 3)
        e = head[low]
        while e >= 0:
            change -= log_factorial(weight[e])
            e = following[e]
        nats[t] = change + own_nats(own[low])
    return before
