"""Exact assignment under bounds: shortest paths over the residual graph of the cells. Called by transport.

Cells are nodes; an arc from cell a to cell b is the item of a that moves to b at the least extra cost, kept
on top of a heap for each ordered pair. One more node, the *rest*, takes what the bounds leave open: the flow
from a cell to it is the size the cell is to have. Items that are over go along cheapest paths to cells that
lack some; prices keep all reduced costs at 0 or above, which proves the result.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from partita.kernels.jit import jit

DONE, BLOCKED, BEYOND = 0, 1, 2

# Skew heaps in one pool: key float64, item, left, right int32 of each slot, `free` int32 (a stack of slots,
# its height first), roots int32 (k, k), and the key on top of each heap, tops float64 (k, k).
Heaps = namedtuple("Heaps", "key item left right free roots tops")
# Where each item may go, and for what: runs `first` intp[p + 1] of cells int32 and costs float64; own intp[p]
# is the position in them where the item is.
Choices = namedtuple("Choices", "first cells costs own")
# Of each cell: price float64[k + 1] (the rest last), size, flow, lower, upper intp[k], surplus intp[k + 1];
# up, down float64[k]: all choices are listed by which an item is dearer by up[its cell] + down[other].
Cells = namedtuple("Cells", "price size flow lower upper surplus up down")
# A search, all [k + 1]: dist float64, above, branch intp, settled, taken bool, ends, items intp.
# `branch` is the node below the root over which a node is reached; `taken` marks branches that have an end.
Search = namedtuple("Search", "dist above branch settled taken ends items")

_PATIENCE = 16


@jit
def heaps_make(k, room):
    """Empty heaps for k cells with room for so many entries."""
    free = np.empty(room + 1, np.int32)
    free[0] = room
    for slot in range(room):
        free[room - slot] = slot
    return Heaps(
        np.empty(room), np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32),
        free, np.full((k, k), -1, np.int32), np.full((k, k), np.inf),
    )  # fmt: skip


@jit
def heaps_grown(heaps):
    """The same heaps with room for twice as many entries."""
    room = heaps.key.shape[0]
    larger = heaps_make(1, 2 * room)
    larger.key[:room] = heaps.key
    larger.item[:room] = heaps.item
    larger.left[:room] = heaps.left
    larger.right[:room] = heaps.right
    free, height = larger.free, heaps.free[0]
    free[0] = height + room
    free[1 : height + 1] = heaps.free[1 : height + 1]
    for slot in range(room):
        free[height + 1 + slot] = room + slot
    return Heaps(larger.key, larger.item, larger.left, larger.right, free, heaps.roots, heaps.tops)


@jit
def _stands_before(heaps, a, b):
    key, item = heaps.key, heaps.item
    return key[a] < key[b] or (key[a] == key[b] and item[a] < item[b])


@jit
def _meld(heaps, a, b):
    """The root of two skew heaps melded (-1 for two empty ones)."""
    if a < 0:
        return b
    if b < 0:
        return a
    left, right = heaps.left, heaps.right
    if _stands_before(heaps, b, a):
        a, b = b, a
    root = a
    while True:
        other = right[a]
        right[a] = left[a]
        if other < 0:
            left[a] = b
            return root
        if _stands_before(heaps, b, other):
            other, b = b, other
        left[a] = other
        a = other


@jit
def heaps_push(heaps, choices, item):
    """Enter an item into the heaps of its cell, one for each other cell where it may go."""
    own = choices.own[item]
    here = choices.cells[own]
    for at in range(choices.first[item], choices.first[item + 1]):
        if at == own:
            continue
        slot = heaps.free[heaps.free[0]]
        heaps.free[0] -= 1
        heaps.key[slot], heaps.item[slot] = choices.costs[at] - choices.costs[own], item
        heaps.left[slot], heaps.right[slot] = -1, -1
        there = choices.cells[at]
        heaps.roots[here, there] = _meld(heaps, heaps.roots[here, there], slot)


@jit
def heaps_fill(heaps, choices):
    """Enter all items, sorted by pair of cells first: each heap then lies in one piece of memory."""
    k, p = heaps.roots.shape[0], choices.own.shape[0]
    ends = np.zeros(k * k + 1, np.intp)
    for item in range(p):
        here = choices.cells[choices.own[item]]
        for at in range(choices.first[item], choices.first[item + 1]):
            ends[here * k + choices.cells[at] + 1] += 1
        ends[here * k + here + 1] -= 1
    for pair in range(k * k):
        ends[pair + 1] += ends[pair]
    filled = ends[k * k]
    for item in range(p):
        own = choices.own[item]
        here = choices.cells[own]
        for at in range(choices.first[item], choices.first[item + 1]):
            if at != own:
                pair = here * k + choices.cells[at]
                slot = ends[pair]
                ends[pair] += 1
                heaps.key[slot], heaps.item[slot] = choices.costs[at] - choices.costs[own], item
                heaps.left[slot], heaps.right[slot] = -1, -1
    start = 0
    for pair in range(k * k):
        root = -1
        for slot in range(start, ends[pair]):
            root = _meld(heaps, root, slot)
        heaps.roots[pair // k, pair % k] = root
        heaps.tops[pair // k, pair % k] = heaps.key[root] if root >= 0 else np.inf
        start = ends[pair]
    heaps.free[0] -= filled


@jit
def heaps_clean(heaps, choices, cell):
    """Drop what is on top of the heaps of `cell` and is in it no more."""
    for other in range(heaps.roots.shape[0]):
        root = heaps.roots[cell, other]
        while root >= 0 and choices.cells[choices.own[heaps.item[root]]] != cell:
            gone = root
            root = _meld(heaps, heaps.left[root], heaps.right[root])
            heaps.free[0] += 1
            heaps.free[heaps.free[0]] = gone
        heaps.roots[cell, other] = root
        heaps.tops[cell, other] = heaps.key[root] if root >= 0 else np.inf


@jit
def _next_node(search):
    """The nearest node that is not settled, or -1."""
    v, nearest = -1, np.inf
    for w in range(search.dist.shape[0]):
        if not search.settled[w] and search.dist[w] < nearest:
            v, nearest = w, search.dist[w]
    return v


@jit
def _search_make(k):
    return Search(
        np.empty(k + 1), np.empty(k + 1, np.intp), np.empty(k + 1, np.intp), np.empty(k + 1, np.bool_),
        np.empty(k + 1, np.bool_), np.empty(k + 1, np.intp), np.empty(k + 1, np.intp),
    )  # fmt: skip


@jit
def _offer(search, v, w, there):
    there = max(there, search.dist[v])
    if there < search.dist[w]:
        search.dist[w], search.above[w] = there, v


@jit
def _look_from(heaps, cells, search, v):
    """Offer the neighbours of a node the way over it."""
    k = cells.flow.shape[0]
    price, dist, above = cells.price, search.dist, search.above
    nearest = dist[v]
    base = nearest - price[v]
    if v == k:
        for w in range(k):
            if cells.flow[w] > cells.lower[w]:
                _offer(search, v, w, base + price[w])
        return
    row = heaps.tops[v]
    for w in range(k):
        there = base + row[w] + price[w]
        there = there if there > nearest else nearest
        if there < dist[w]:
            dist[w], above[w] = there, v
    if cells.flow[v] < cells.upper[v]:
        _offer(search, v, k, base + price[k])


@jit
def paths_find(heaps, cells, search):
    """Cheapest paths from nodes with a surplus to nodes that lack items, no two with an arc in common.

    One search from all surpluses grows a tree from each. Paths of two trees have no node in common, those of
    two branches of a tree the root alone. OUT search; search.ends: where the paths end, the nearest first.
    Returns how many there are.
    """
    n_short = 0
    for v in range(search.dist.shape[0]):
        search.dist[v] = 0.0 if cells.surplus[v] > 0 else np.inf
        search.above[v], search.branch[v] = -1, v
        search.settled[v] = search.taken[v] = False
        n_short += cells.surplus[v] < 0
    n_ends, n_settled, patience = 0, 0, search.dist.shape[0]
    while n_short > 0 and n_settled < patience:
        v = _next_node(search)
        if v < 0:
            break
        above = search.above[v]
        if above >= 0 and search.above[above] >= 0:
            search.branch[v] = search.branch[above]
        if cells.surplus[v] < 0:
            n_short -= 1
            if not search.taken[search.branch[v]]:
                search.taken[search.branch[v]] = True
                search.ends[n_ends] = v
                n_ends += 1
                patience = 2 * n_settled + _PATIENCE
        search.settled[v] = True
        n_settled += 1
        _look_from(heaps, cells, search, v)
    return n_ends


@jit
def _prices_raise(cells, search, end):
    """Raise the prices on this side of the farthest end, so that the paths cost nothing."""
    for v in range(search.dist.shape[0]):
        if search.settled[v] and search.dist[v] < search.dist[end]:
            cells.price[v] += search.dist[end] - search.dist[v]


@jit
def _first_item(heaps, search, end):
    """The item that moves along the first arc of a path: -1 where it passes the rest, -2 if there is none."""
    v = end
    while search.above[search.above[v]] >= 0:
        v = search.above[v]
    u, k = search.above[v], heaps.roots.shape[0]
    if u == k or v == k:
        return -1
    slot = heaps.roots[u, v]
    return np.intp(heaps.item[slot]) if slot >= 0 else -2


@jit
def _path_walk(heaps, choices, cells, search, end, moved):
    """Move one item along each arc of the path; OUT moved: the items. Returns how many there are."""
    rest, n_moved, v = cells.flow.shape[0], 0, end
    cells.surplus[end] += 1
    while search.above[v] >= 0:
        u = search.above[v]
        if u == rest:
            cells.flow[v] -= 1
        elif v == rest:
            cells.flow[u] += 1
        else:
            item = heaps.item[heaps.roots[u, v]]
            for at in range(choices.first[item], choices.first[item + 1]):
                if choices.cells[at] == v:
                    choices.own[item] = at
            cells.size[u] -= 1
            cells.size[v] += 1
            moved[n_moved] = item
            n_moved += 1
        v = u
    cells.surplus[v] -= 1
    return n_moved


@jit
def _root_of(search, end):
    v = end
    while search.above[v] >= 0:
        v = search.above[v]
    return v


@jit
def prices_reach(price, began, up, down):
    """Whether no choice that is not listed can have become the better one since prices were `began`.

    Only differences of prices matter, so that there may be a rise common to all cells.
    """
    most, least = -np.inf, np.inf
    for v in range(up.shape[0]):
        rise = price[v] - began[v]
        most, least = max(most, rise - up[v]), min(least, rise + down[v])
    return most <= least


@jit
def _heaps_follow(heaps, choices, moved):
    """Enter the items that moved into the heaps of their new cells; returns the heaps."""
    for item in moved:
        while heaps.free[0] < choices.first[item + 1] - choices.first[item]:
            heaps = heaps_grown(heaps)
        heaps_push(heaps, choices, item)
    return heaps


@jit
def cells_balance(choices, cells):
    """Move items until every cell has as many as its flow says, at the least total cost.

    IN choices.first, cells, costs; cells.lower, upper, up, down.
    INOUT choices.own, cells.price (reduced costs are not negative at first), size, flow, surplus.
    Returns the number of paths, and DONE, BLOCKED (there is no path) or BEYOND (prices left their reach).
    """
    k, p = cells.size.shape[0], choices.own.shape[0]
    began = cells.price.copy()
    heaps = heaps_make(k, max(64, choices.cells.shape[0] - p + 1))
    heaps_fill(heaps, choices)
    search, moved = _search_make(k), np.empty(k + 1, np.intp)
    n_paths = 0
    while cells.surplus.max() > 0:
        n_ends = paths_find(heaps, cells, search)
        if n_ends == 0:
            return n_paths, BLOCKED
        _prices_raise(cells, search, search.ends[n_ends - 1])
        for e in range(n_ends):
            search.items[e] = _first_item(heaps, search, search.ends[e])
        for e in range(n_ends):
            end = search.ends[e]
            if cells.surplus[_root_of(search, end)] <= 0:
                continue
            if search.items[e] != _first_item(heaps, search, end):
                continue
            n_moved = _path_walk(heaps, choices, cells, search, end, moved)
            n_paths += 1
            heaps = _heaps_follow(heaps, choices, moved[:n_moved])
            v = end
            while v >= 0:
                if v < k:
                    heaps_clean(heaps, choices, v)
                v = search.above[v]
        if not prices_reach(cells.price, began, cells.up, cells.down):
            return n_paths, BEYOND
    return n_paths, DONE


@jit
def choices_cheapest(first, cells, costs, price, own):
    """OUT own intp[p]: where in its run of `cells` each item costs least, price included."""
    for item in range(own.shape[0]):
        at = first[item]
        lowest = costs[at] + price[cells[at]]
        own[item] = at
        for other in range(at + 1, first[item + 1]):
            value = costs[other] + price[cells[other]]
            if value < lowest:
                lowest, own[item] = value, other
