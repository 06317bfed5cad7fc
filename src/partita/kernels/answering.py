"""The cluster that a new row falls into, without finding the row that it reaches. Called by ``predict``.

A cluster takes what reaches one of its rows first, up to the distance at which it appears. So nothing further
away than that matters; a row that reaches no row of any cluster is noise; and where all cells that can hold
what it reaches first agree, it doesn't matter which of their rows that is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.cells import (
    bounds_fill,
    bounds_order,
    cells_near,
    centers_apart,
    limit_of,
    scratch_make,
)
from partita.kernels.jit import jit
from partita.kernels.neighbours import _BATCH, _NEIGHBOURS, Found, _cell_reach, _found_settle, _widened
from partita.kernels.spanning import nearest_reach

NONE = -1
MIXED = -2
_SURELY = 1.0 + 1e-9


@jit
def parts_top(above, labels, top):
    """The highest part of the same label above each part. IN above intp[p], parents first, labels int32[p].

    OUT top intp[p], -1 where there is no label. Returns whether nothing above a part has another label, so
    that an item has the label of its part up to the distance at which the highest one appears.
    """
    for p in range(above.shape[0]):
        a = above[p]
        if a >= p or (a >= 0 and labels[a] >= 0 and labels[a] != labels[p]):
            return False
        top[p] = NONE if labels[p] < 0 else p
        if a >= 0 and labels[p] >= 0 and labels[a] == labels[p]:
            top[p] = top[a]
    return True


class Answers(NamedTuple):
    """What rows answer: part intp[m], -1 for none; birth float64[p], up to which distance a part takes rows.

    only intp[c]: the part of all rows of a cell, ``MIXED`` where they differ. furthest float32[c]: the framed
    distance beyond which no row of a cell gives a part, -1 where none does. least float64[c]: the lowest
    squared core distance in a cell, inf where it has too few items for one. most: the largest of all births.
    factor: of distances among rows by actual ones. sifted: whether queries near enough to no row that gives a
    part are left out already (``givers_reached``).
    """

    part: np.ndarray
    birth: np.ndarray
    only: np.ndarray
    furthest: np.ndarray
    least: np.ndarray
    most: float
    factor: float
    sifted: bool


@jit
def answers_fill(cells, core, wanted, answers):
    """OUT only, furthest and least of `answers`. IN core, wanted as ``batch_reach``."""
    for c in range(answers.only.shape[0]):
        only, furthest, least, count = answers.part[cells.first[c]], -1.0, np.inf, 0.0
        for row in range(cells.first[c], cells.first[c + 1]):
            part = answers.part[row]
            only = only if only == part else MIXED
            furthest = max(furthest, answers.birth[part] if part >= 0 else -1.0)
            least, count = min(least, core[row]), count + cells.counts[row]
        answers.only[c], answers.least[c] = only, least if count >= wanted else np.inf
        answers.furthest[c] = _limits(cells, furthest, answers.factor)[0] if furthest >= 0 else -1.0


@jit
def _limits(cells, distance, factor):
    square = distance * factor
    return limit_of(cells, square * square * _SURELY)


@jit
def _takes(answers, part, square):
    return part >= 0 and np.sqrt(square) / answers.factor <= answers.birth[part]


@jit
def _is_possible(answers, core, search, i):
    """Whether one of the rows looked at for query `i` may be reached first and give its part."""
    near, number, part, row = search.near, search.number, answers.part, search.found.row[i]
    if row >= 0 and _takes(answers, part[row], search.found.reach[i]):
        return True
    for p in range(near.shape[1]):
        other = number[i, p]
        if other >= 0 and _takes(answers, part[other], max(core[other], near[i, p])):
            return True
    return False


class _Search(NamedTuple):
    """The state of a batch: lists and found as in ``batch_reach``, limits, and which queries are open."""

    near: np.ndarray
    number: np.ndarray
    found: Found
    limit: np.ndarray
    limit2: np.ndarray
    is_open: np.ndarray


@jit
def _agreed(cells, answers, seen, wanted, search, out):
    """Answer queries all of whose near cells agree. IN seen intp[b]. OUT out. Returns how many are open."""
    left = 0
    for i in range(seen.shape[0]):
        if search.is_open[i] and seen[i] != MIXED:
            answered = seen[i] == NONE
            if not answered:
                own = nearest_reach(search.near[i], search.number[i], cells.counts, 0.0, wanted)
                answered = _takes(answers, seen[i], max(own, search.found.reach[i]))
            if answered:
                out[i], search.is_open[i] = seen[i], False
        left += search.is_open[i]
    return left


@jit
def _seen_within(answers, home, who, order, bounds, limit, seen):
    """OUT seen intp[b]: the part that all cells within the limit of a query agree on, or ``MIXED``.

    IN who intp[s] (queries), bounds float32 (k, s).
    """
    of_cell = answers.only
    for i in who:
        seen[i] = of_cell[home[i]]
    for p in range(order.shape[0]):
        only = of_cell[order[p]]
        for t in range(who.shape[0]):
            i = who[t]
            if bounds[p, t] <= limit[i] and seen[i] != only:
                seen[i] = MIXED


@jit
def _seen_all(answers, home, order, seen):
    """OUT seen intp[b]: the part that the home of a query and all of some cells agree on, or ``MIXED``."""
    only = answers.only[order[0]] if order.shape[0] > 0 else answers.only[home[0]]
    for c in order:
        only = only if only == answers.only[c] else MIXED
    for i in range(home.shape[0]):
        seen[i] = only if only == answers.only[home[i]] else MIXED


@jit
def _look(cells, c, exact, queries, some, core, search, scratch):
    _cell_reach(
        cells, c, exact, queries, some, core, search.near, search.number, search.limit, search.limit2,
        scratch, search.found,
    )  # fmt: skip


@jit
def _homes_look(cells, answers, exact, queries, home, core, search, scratch):
    """Look at the home of each query. Afterwards no limit is beyond what a part takes."""
    some, start = np.arange(home.shape[0]), 0
    while start < home.shape[0]:
        stop = start + 1
        while stop < home.shape[0] and home[stop] == home[start]:
            stop += 1
        _look(cells, home[start], exact, queries, some[start:stop], core, search, scratch)
        start = stop
    far, far2 = _limits(cells, answers.most, answers.factor)
    for i in range(home.shape[0]):
        search.limit[i], search.limit2[i] = min(search.limit[i], far), min(search.limit2[i], far2)


@jit
def _givers_look(cells, answers, exact, queries, home, order, looked, core, search, scratch, possible):
    """Look at cells that may give a part, the nearest first, until one is possible.

    INOUT looked bool (k, b) (of the cells in `order`), search. OUT possible bool[b].
    """
    b, limit = home.shape[0], search.limit
    for i in range(b):
        possible[i] = _is_possible(answers, core, search, i)
    who, some = np.flatnonzero(~possible), np.empty(b, np.intp)
    at = np.flatnonzero(answers.furthest[order] >= 0)
    bounds = np.empty((at.shape[0], who.shape[0]), np.float32)
    if bounds.size == 0:
        return
    bounds_fill(cells, queries[who], home[0], order[at], bounds)
    for p in bounds_order(bounds, search.limit.max()):
        c, n_some = order[at[p]], 0
        furthest = answers.furthest[c]
        for t in range(who.shape[0]):
            i = who[t]
            near = bounds[p, t] <= min(limit[i], furthest)
            if near and not possible[i] and not looked[at[p], i]:
                some[n_some], looked[at[p], i] = i, True
                n_some += 1
        if n_some > 0:
            _look(cells, c, exact, queries, some[:n_some], core, search, scratch)
        for i in some[:n_some]:
            possible[i] = _is_possible(answers, core, search, i)


@jit
def _rest_look(cells, answers, exact, queries, home, wanted, order, looked, core, search, scratch, out):
    """Look at all cells within the limits of open queries that cells don't agree on. INOUT looked, search."""
    who, some = np.flatnonzero(search.is_open), np.empty(home.shape[0], np.intp)
    bounds, seen = np.empty((order.shape[0], who.shape[0]), np.float32), np.empty(home.shape[0], np.intp)
    bounds_fill(cells, queries[who], home[0], order, bounds)
    _seen_within(answers, home, who, order, bounds, search.limit, seen)
    if _agreed(cells, answers, seen, wanted, search, out) == 0:
        return
    limit, is_open = search.limit, search.is_open
    for p in bounds_order(bounds, limit.max()):
        n_some = 0
        for t in range(who.shape[0]):
            i = who[t]
            if bounds[p, t] <= limit[i] and is_open[i] and not looked[p, i]:
                some[n_some] = i
                n_some += 1
        if n_some > 0:
            _look(cells, order[p], exact, queries, some[:n_some], core, search, scratch)


@jit
def _is_inside(cells, answers, queries, home, room):
    """Whether all rows that queries can reach first are of one part, which takes them. SCRATCH room intp[c].

    A query is at most as far from any row of a cell as from its centre and the radius, and so is its core
    distance, if the cell has enough items.
    """
    part, furthest, centers = answers.only[home[0]], 0.0, cells.center
    if part < 0:
        return False
    for i in range(home.shape[0]):
        c = home[i]
        far = centers_apart(queries, i, centers, c) + cells.radius[c] + cells.slack
        far = far * _SURELY / cells.scale
        square = max(far * far, answers.least[c])
        if answers.only[c] != part or not _takes(answers, part, square):
            return False
        furthest = max(furthest, square)
    n_cells, _ = cells_near(cells, queries, limit_of(cells, furthest)[0], room)
    return (answers.only[room[:n_cells]] == part).all()


@jit
def _batch_answer(cells, answers, exact, queries, home, wanted, core, search, out):
    """The part of each query, as its row of least mutual reachability gives it. OUT out intp[b]."""
    b, found, room = queries.shape[0], search.found, np.empty(cells.center.shape[0], np.intp)
    if _is_inside(cells, answers, queries, home, room):
        out[:] = answers.only[home[0]]
        return
    search.near[:], search.number[:], search.is_open[:] = np.inf, -1, True
    found.row[:], found.reach[:], found.apart[:] = -1, np.inf, np.inf
    search.limit[:], search.limit2[:] = np.float32(np.inf), np.float32(np.inf)
    scratch, seen = scratch_make(b, queries.shape[1]), np.empty(b, np.intp)
    _homes_look(cells, answers, exact, queries, home, core, search, scratch)
    n_cells, _ = cells_near(cells, queries, search.limit.max(), room)
    order = room[:n_cells]
    _seen_all(answers, home, order, seen)
    if _agreed(cells, answers, seen, wanted, search, out) == 0:
        return
    looked, possible = np.empty((n_cells, b), np.bool_), np.empty(b, np.bool_)
    for p in range(n_cells):
        for i in range(b):
            looked[p, i] = order[p] == home[i]
    if not answers.sifted:
        _givers_look(cells, answers, exact, queries, home, order, looked, core, search, scratch, possible)
        left = 0
        for i in range(b):
            if search.is_open[i] and not possible[i]:
                out[i], search.is_open[i] = NONE, False
            left += search.is_open[i]
        if left == 0:
            return
    _rest_look(cells, answers, exact, queries, home, wanted, order, looked, core, search, scratch, out)
    for i in range(b):
        if search.is_open[i]:
            _found_settle(cells, exact[i], wanted, core, search.near[i], search.number[i], found, i)
            part = answers.part[max(found.row[i], 0)]
            out[i] = part if _takes(answers, part, found.reach[i]) else NONE


@jit
def queries_answer(cells, answers, exact, framed, home, start, stop, wanted, core, length, out):
    """The part that each of the queries `start` to `stop` falls into. IN as ``queries_reach``, answers.

    OUT out intp[b], -1 for none.
    """
    most = min(_BATCH, stop - start)
    near, number = np.empty((most, length)), np.empty((most, length), np.intp)
    found = Found(np.empty(most), np.empty(most), np.empty(most, np.intp))
    limit, limit2 = np.empty(most, np.float32), np.empty(most, np.float32)
    is_open, first = np.empty(most, np.bool_), start
    while first < stop:
        last, group = first + 1, _NEIGHBOURS if cells.boxed else 1
        while last < stop and last - first < most and home[last] // group == home[first] // group:
            last += 1
        b = last - first
        some = Found(found.reach[:b], found.apart[:b], found.row[:b])
        _batch_answer(
            _widened(cells, framed[first:last]), answers, exact[first:last], framed[first:last],
            home[first:last], wanted, core,
            _Search(near[:b], number[:b], some, limit[:b], limit2[:b], is_open[:b]), out[first:last],
        )  # fmt: skip
        first = last
