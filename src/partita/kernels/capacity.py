"""Exact assignment under capacities: shortest paths over the residual graph of the cells. Called by transport.

Cells are nodes; an arc from cell a to cell b is the item of a that moves to b at the least extra cost, kept on
top of a heap for each ordered pair. One more node, the *rest*, takes what the bounds leave open: the flow from
a cell to it is the size the cell is to have. Items that are over go along cheapest paths to cells that lack
some; prices keep all reduced costs at 0 or above, which proves the result.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

DONE, BLOCKED, BEYOND = 0, 1, 2


@jit
def _heap_meld(key, item, left, right, a, b):
    """Meld two skew heaps of the pool; the new root (-1 for two empty ones)."""
    if a < 0:
        return b
    if b < 0:
        return a
    if key[b] < key[a] or (key[b] == key[a] and item[b] < item[a]):
        a, b = b, a
    root = a
    while True:
        other = right[a]
        right[a] = left[a]
        if other < 0:
            left[a] = b
            return root
        if key[b] < key[other] or (key[b] == key[other] and item[b] < item[other]):
            other, b = b, other
        left[a] = other
        a = other


@jit
def _heap_clean(key, item, left, right, free, root, cells, own, cell):
    """Drop the items at the top that are in `cell` no more; returns the new root. INOUT free (a stack)."""
    while root >= 0:
        i = item[root]
        if cells[own[i]] == cell:
            return root
        gone = root
        root = _heap_meld(key, item, left, right, left[root], right[root])
        free[0] += 1
        free[free[0]] = gone
    return root


@jit
def _grown(array, size):
    larger = np.empty(size, array.dtype)
    larger[: array.shape[0]] = array
    return larger


@jit
def _nearest_lack(tops, prices, surplus, flow, lower, upper, dist, above, settled):
    """Cheapest path from any cell with a surplus to any that lacks items: its end, or -1.

    IN tops float64 (k, k), prices float64[k + 1], surplus intp[k + 1], flow, lower, upper intp[k].
    OUT dist float64[k + 1], above intp[k + 1] (the node before), settled bool[k + 1].
    """
    k = flow.shape[0]
    rest = k
    for v in range(k + 1):
        dist[v] = 0.0 if surplus[v] > 0 else np.inf
        above[v] = -1
        settled[v] = False
    while True:
        v, nearest = -1, np.inf
        for w in range(k + 1):
            if not settled[w] and dist[w] < nearest:
                v, nearest = w, dist[w]
        if v < 0:
            return -1
        if surplus[v] < 0:
            return v
        settled[v] = True
        base = nearest - prices[v]
        if v == rest:
            for w in range(k):
                if flow[w] > lower[w]:
                    there = max(nearest, base + prices[w])
                    if there < dist[w]:
                        dist[w], above[w] = there, v
            continue
        row = tops[v]
        for w in range(k):
            there = base + row[w] + prices[w]
            there = there if there > nearest else nearest
            if there < dist[w]:
                dist[w], above[w] = there, v
        if flow[v] < upper[v]:
            there = max(nearest, base + prices[rest])
            if there < dist[rest]:
                dist[rest], above[rest] = there, v


@jit
def cells_balance(first, cells, costs, own, prices, size, flow, lower, upper, limit):
    """Move items until every cell has as many as its flow says, at the least total cost.

    IN first intp[p + 1], cells int32, costs float64: where each item may go, and for what; lower, upper
    intp[k]; limit: stop when a price has risen by more.
    INOUT own intp[p] (position in `cells` where each item is), prices float64[k + 1] (reduced costs are not
    negative at first), size intp[k] (items in each cell), flow intp[k] (wanted sizes).
    Returns the number of paths, and DONE, BLOCKED (no path) or BEYOND (`limit`).
    """
    k, p = size.shape[0], own.shape[0]
    rest = k
    began = prices.copy()
    roots = np.full((k, k), -1, np.int32)
    tops = np.full((k, k), np.inf)
    room = max(64, cells.shape[0] - p + 1)
    key, item = np.empty(room), np.empty(room, np.int32)
    left, right = np.empty(room, np.int32), np.empty(room, np.int32)
    free = np.empty(room + 1, np.int32)
    free[0] = room
    for slot in range(room):
        free[room - slot] = slot
    for i in range(p):
        here = cells[own[i]]
        for at in range(first[i], first[i + 1]):
            if at != own[i]:
                slot = free[free[0]]
                free[0] -= 1
                key[slot], item[slot] = costs[at] - costs[own[i]], i
                left[slot], right[slot] = -1, -1
                there = cells[at]
                roots[here, there] = _heap_meld(key, item, left, right, roots[here, there], slot)
    for a in range(k):
        for b in range(k):
            if roots[a, b] >= 0:
                tops[a, b] = key[roots[a, b]]
    surplus = np.empty(k + 1, np.intp)
    surplus[rest] = -p
    total = 0
    for a in range(k):
        surplus[a] = size[a] - flow[a]
        total += surplus[a]
    surplus[rest] = -total
    dist, above = np.empty(k + 1), np.empty(k + 1, np.intp)
    settled = np.empty(k + 1, np.bool_)
    moved = np.empty(k + 1, np.intp)
    n_paths = 0
    while True:
        waiting = False
        for v in range(k + 1):
            waiting |= surplus[v] > 0
        if not waiting:
            return n_paths, DONE
        end = _nearest_lack(tops, prices, surplus, flow, lower, upper, dist, above, settled)
        if end < 0:
            return n_paths, BLOCKED
        risen = 0.0
        for v in range(k + 1):
            if settled[v]:
                prices[v] += dist[end] - dist[v]
                risen = max(risen, prices[v] - began[v])
        n_moved, v = 0, end
        surplus[end] += 1
        while above[v] >= 0:
            u = above[v]
            if u == rest:
                flow[v] -= 1
            elif v == rest:
                flow[u] += 1
            else:
                i = item[roots[u, v]]
                for at in range(first[i], first[i + 1]):
                    if cells[at] == v:
                        own[i] = at
                size[u] -= 1
                size[v] += 1
                moved[n_moved] = i
                n_moved += 1
                moved[n_moved - 1] = i
            v = u
        surplus[v] -= 1
        n_paths += 1
        for m in range(n_moved):
            i = moved[m]
            if free[0] < first[i + 1] - first[i]:
                room = key.shape[0]
                key, item = _grown(key, 2 * room), _grown(item, 2 * room)
                left, right = _grown(left, 2 * room), _grown(right, 2 * room)
                free = _grown(free, 2 * room + 1)
                for slot in range(room, 2 * room):
                    free[0] += 1
                    free[free[0]] = slot
            here = cells[own[i]]
            for at in range(first[i], first[i + 1]):
                if at != own[i]:
                    slot = free[free[0]]
                    free[0] -= 1
                    key[slot], item[slot] = costs[at] - costs[own[i]], i
                    left[slot], right[slot] = -1, -1
                    there = cells[at]
                    root = _heap_meld(key, item, left, right, roots[here, there], slot)
                    roots[here, there] = root
        # Tops of cells on the path: what came, and what left.
        v = end
        while True:
            u = v
            if u < k:
                for b in range(k):
                    if roots[u, b] >= 0:
                        root = _heap_clean(key, item, left, right, free, roots[u, b], cells, own, u)
                        roots[u, b] = root
                        tops[u, b] = key[root] if root >= 0 else np.inf
            v = above[u]
            if v < 0:
                break
        if risen > limit:
            return n_paths, BEYOND
