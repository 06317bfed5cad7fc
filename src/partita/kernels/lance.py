"""Reducible linkages of centroids in O(n d) memory: rounds in which all nearest pairs are joined.

Every cluster keeps a short list of others and a bound that no cluster outside the list is nearer than. A
merge never comes nearer to a third cluster than the nearer of its two sides was (Ward, and the average of
squared distances), so that bounds outlive merges, and the list of a merge follows from the lists of its
sides. Only a cluster whose list holds nothing within its bound must be looked for again (``lance_search``).
Distances are decided in float64, in fixed order. Called by ``points.Linkage``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.ward import apart_square

_KEPT = 1.0 - 1e-9


class Front(NamedTuple):
    """The clusters that are left, by slot, and all clusters, by number: rows first, then merges.

    A merge takes the lower of the slots of its sides. Slots of what is gone keep their arrays for a round.
    """

    centers: np.ndarray  # float64 (u, d)
    weight: np.ndarray  # float64[u]
    spread: np.ndarray  # float64[u]: mean squared distance to the centre; zeros for Ward
    cluster: np.ndarray  # int32[u]: its number, -1 when gone
    slot: np.ndarray  # int32[2 u]
    joined: np.ndarray  # int32[2 u]: the merge that holds it, or itself
    near: np.ndarray  # int32 (u, m): numbers of clusters, nearest first
    apart: np.ndarray  # float64 (u, m)
    listed: np.ndarray  # int32[u]: how many
    bound: np.ndarray  # float64[u]
    nearest: np.ndarray  # int32[u]
    lowest: np.ndarray  # float64[u]
    head: np.ndarray  # int32[2 u]: who has it as nearest: a list by number, -1 ends it
    after: np.ndarray  # int32[2 u]
    seen: np.ndarray  # int64[2 u]: scratch, stamped by the clock
    clock: np.ndarray  # int64[1]


class Merges(NamedTuple):
    """Merges in the order in which they were made. OUT."""

    left: np.ndarray  # int32[u - 1]
    right: np.ndarray  # int32[u - 1]
    height: np.ndarray  # float64[u - 1]


@jit(inline="always")
def tie_key(i, j):
    """What decides between pairs that are equally near: scattered, so that no slot is in all of them."""
    low, high = np.uint64(min(i, j)), np.uint64(max(i, j))
    h = (low * np.uint64(0x9E3779B97F4A7C15)) ^ (high * np.uint64(0xC2B2AE3D27D4EB4F))
    h = (h ^ (h >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return h ^ (h >> np.uint64(32))


@jit
def slots_apart(front, ward, i, j):
    """How far two clusters are apart: the same bits whichever comes first."""
    square = apart_square(front.centers[i], front.centers[j])
    if ward:
        return square / (1.0 / front.weight[i] + 1.0 / front.weight[j])
    return square + (front.spread[i] + front.spread[j])


@jit
def joined_in(front, c):
    """The cluster that now holds cluster `c`, halving the way."""
    joined = front.joined
    while joined[c] != c:
        joined[c] = joined[joined[c]]
        c = joined[c]
    return c


@jit
def list_put(front, i, c, gap):
    """Into the list of slot i, nearest first; what finds no room lowers the bound."""
    m, k = front.near.shape[1], front.listed[i]
    if k == m:
        if gap >= front.apart[i, m - 1]:
            front.bound[i] = min(front.bound[i], gap)
            return
        front.bound[i] = min(front.bound[i], front.apart[i, m - 1])
        k -= 1
    at = k
    while at > 0 and front.apart[i, at - 1] > gap:
        front.apart[i, at] = front.apart[i, at - 1]
        front.near[i, at] = front.near[i, at - 1]
        at -= 1
    front.apart[i, at] = gap
    front.near[i, at] = c
    front.listed[i] = k + 1


@jit
def list_choose(front, i):
    """Take the nearest of the list of slot i, if nothing outside can be as near. Returns whether it could."""
    if front.listed[i] == 0 or front.apart[i, 0] >= front.bound[i]:
        return False
    best, t = front.near[i, 0], 1
    key = tie_key(i, front.slot[best])
    while t < front.listed[i] and front.apart[i, t] == front.apart[i, 0]:
        other = tie_key(i, front.slot[front.near[i, t]])
        if other < key:
            best, key = front.near[i, t], other
        t += 1
    nearest_set(front, i, best, front.apart[i, 0])
    return True


@jit
def nearest_set(front, i, c, gap):
    """Slot i has cluster `c` as its nearest."""
    own = front.cluster[i]
    front.nearest[i], front.lowest[i] = c, gap
    front.after[own] = front.head[c]
    front.head[c] = own


@jit
def pairs_mutual(front, fresh, n_fresh, taken, pairs):
    """Pairs that have each other as nearest, one of them in `fresh` (numbers). Returns how many.

    SCRATCH taken bool[2 u], False. OUT pairs int32 (u, 2): slots, the lower one first.
    """
    found = 0
    for t in range(n_fresh):
        c = fresh[t]
        if front.joined[c] != c or taken[c]:
            continue
        other = front.nearest[front.slot[c]]
        if front.nearest[front.slot[other]] == c:
            taken[c] = taken[other] = True
            a, b = front.slot[c], front.slot[other]
            pairs[found, 0], pairs[found, 1] = min(a, b), max(a, b)
            found += 1
    return found


@jit
def pairs_tied(front, alive, pairs):
    """The same where ties leave no mutual pair: a side may have another nearest that is as near.

    IN alive intp: slots. OUT pairs. Of the pairs of a cluster the one of lowest key; at least one is found.
    """
    u = front.cluster.shape[0]
    key, choice = np.full(u, np.uint64(0xFFFFFFFFFFFFFFFF)), np.full(u, -1, np.int32)
    for i in alive:
        j = front.slot[front.nearest[i]]
        if front.lowest[i] == front.lowest[j]:
            own = tie_key(i, j)
            if own < key[i]:
                key[i], choice[i] = own, j
            if own < key[j]:
                key[j], choice[j] = own, i
    found = 0
    for i in alive:
        j = choice[i]
        if j > i and choice[j] == i:
            pairs[found, 0], pairs[found, 1] = i, j
            found += 1
    return found


@jit
def pairs_join(front, ward, pairs, n_pairs, made, merges, weight_low):
    """Join pairs of slots; numbers of merges go on from `made`.

    INOUT front. OUT merges, weight_low float64[n_pairs] (of the lower side).
    """
    u, d = front.centers.shape
    for p in range(n_pairs):
        a, b = pairs[p, 0], pairs[p, 1]
        step, own = made + p, u + made + p
        merges.left[step], merges.right[step] = front.cluster[a], front.cluster[b]
        merges.height[step] = front.lowest[a]
        front.joined[front.cluster[a]] = front.joined[front.cluster[b]] = own
        weight_low[p] = front.weight[a]
        share = front.weight[b] / (front.weight[a] + front.weight[b])
        if not ward:
            square = apart_square(front.centers[a], front.centers[b])
            mean = front.spread[a] + share * (front.spread[b] - front.spread[a])
            front.spread[a] = mean + share * (1.0 - share) * square
        for j in range(d):
            front.centers[a, j] += share * (front.centers[b, j] - front.centers[a, j])
        front.weight[a] += front.weight[b]
        front.cluster[a], front.cluster[b] = own, -1
        front.slot[own] = a


@jit
def merge_bound(ward, weight_a, weight_b, bound_a, bound_b, height):
    """What no cluster outside the lists of both sides is nearer to their merge than."""
    mean = (weight_a * bound_a + weight_b * bound_b) / (weight_a + weight_b)
    if bound_a == np.inf or bound_b == np.inf:
        return np.inf
    if ward:
        mean = min(mean, bound_a + bound_b - height)
    return mean * _KEPT if mean > 0.0 else mean


@jit
def clock_tick(front):
    """A stamp that was not used before."""
    front.clock[0] += 1
    return front.clock[0]


@jit
def lists_join(front, ward, pairs, n_pairs, made, merges, weight_low, near, apart):
    """Lists of new merges from those of their sides.

    INOUT front. SCRATCH near int32[2 m], apart float64[2 m].
    """
    u, seen = front.centers.shape[0], front.seen
    for p in range(n_pairs):
        a, b = pairs[p, 0], pairs[p, 1]
        own, listed, stamp = u + made + p, 0, clock_tick(front)
        for side in (a, b):
            for t in range(front.listed[side]):
                c = joined_in(front, front.near[side, t])
                if c != own and seen[c] != stamp:
                    seen[c] = stamp
                    near[listed], apart[listed] = c, slots_apart(front, ward, a, front.slot[c])
                    listed += 1
        front.bound[a] = merge_bound(
            ward, weight_low[p], front.weight[b], front.bound[a], front.bound[b], merges.height[made + p]
        )
        front.listed[a] = 0
        for t in range(listed):
            list_put(front, a, near[t], apart[t])


@jit
def list_refresh(front, ward, i):
    """Bring the list of slot i up to date with merges of others."""
    listed, stamp = front.listed[i], clock_tick(front)
    front.listed[i] = 0
    for t in range(listed):
        old, gap = front.near[i, t], front.apart[i, t]
        c = joined_in(front, old)
        if front.seen[c] != stamp:
            front.seen[c] = stamp
            list_put(front, i, c, gap if c == old else slots_apart(front, ward, i, front.slot[c]))


@jit
def round_close(front, ward, pairs, n_pairs, made, merges, fresh, lost):
    """Choose anew for the merges of a round, and for all who had a side of them as nearest.

    OUT fresh int32[u] (numbers of those who could), lost int32[u] (slots of those to look for again).
    Returns how many of each.
    """
    u = front.centers.shape[0]
    n_fresh = n_lost = 0
    for p in range(n_pairs):
        if list_choose(front, pairs[p, 0]):
            fresh[n_fresh] = u + made + p
            n_fresh += 1
        else:
            lost[n_lost] = pairs[p, 0]
            n_lost += 1
    for p in range(n_pairs):
        for side in (merges.left[made + p], merges.right[made + p]):
            c = front.head[side]
            while c >= 0:
                following = front.after[c]
                # A tie may have joined it with another than its nearest.
                if front.joined[c] == c:
                    i = front.slot[c]
                    list_refresh(front, ward, i)
                    if list_choose(front, i):
                        fresh[n_fresh] = c
                        n_fresh += 1
                    else:
                        lost[n_lost] = i
                        n_lost += 1
                c = following
            front.head[side] = -1
    return n_fresh, n_lost


@jit
def rounds_run(front, ward, made, merges, fresh, n_fresh, lost):
    """Rounds until clusters must be looked for again, or all are one.

    INOUT front, merges, fresh int32[u] (numbers of clusters that chose anew). OUT lost int32[u] (slots).
    Returns how many merges there are now, and how many are fresh and lost.
    """
    u, m = front.near.shape
    taken, pairs = np.zeros(2 * u, np.bool_), np.empty((u // 2 + 1, 2), np.int32)
    near, apart, weight_low = np.empty(2 * m, np.int32), np.empty(2 * m), np.empty(u // 2 + 1)
    while made < u - 1:
        n_pairs = pairs_mutual(front, fresh, n_fresh, taken, pairs)
        if n_pairs == 0:
            n_pairs = pairs_tied(front, np.flatnonzero(front.cluster >= 0), pairs)
        pairs_join(front, ward, pairs, n_pairs, made, merges, weight_low)
        lists_join(front, ward, pairs, n_pairs, made, merges, weight_low, near, apart)
        n_fresh, n_lost = round_close(front, ward, pairs, n_pairs, made, merges, fresh, lost)
        made += n_pairs
        if n_lost > 0:
            return made, n_fresh, n_lost
    return made, 0, 0
