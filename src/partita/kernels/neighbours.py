"""The nearest rows of each row of a batch, exactly, cell by cell. Called by the spine and by ``predict``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.cells import (
    TOGETHER,
    WIDE,
    Cells,
    block_estimate,
    bounds_fill,
    bounds_order,
    bounds_within,
    cells_nearest,
    limit_first,
    limit_of,
    scores_within,
    scratch_make,
    slack_of,
)
from partita.kernels.jit import jit
from partita.kernels.near import scores_best
from partita.kernels.spanning import nearest_reach, rows_apart

_BATCH = 256
_FEW_ROWS = 128
_NEIGHBOURS = 4


@jit
def cell_look(cells, c, exact, queries, own, some, near, number, limit, limit2, scratch):
    """Offer the rows of cell `c` to the lists of some queries.

    IN exact float (b, d), queries float64 (b, d), own intp[b] (a row to leave out, -1 for none), some
    intp[s]. INOUT near float64 (b, k), number intp (b, k) (places among the rows of cells), limit, limit2
    float32[b].
    """
    k, first, rows, ids, places = near.shape[1], cells.first, cells.rows, cells.ids, scratch.places
    for start in range(first[c], first[c + 1], WIDE):
        stop = min(start + WIDE, first[c + 1])
        scores = block_estimate(cells, c, start, stop, queries, some, scratch)
        for t in range(some.shape[0]):
            i = some[t]
            if limit[i] == np.inf:
                limit[i], limit2[i] = limit_first(cells, scores, t, k + (own[i] >= 0), -np.inf, scratch)
            for h in range(scores_within(scores, t, limit2[i], places)):
                row = start + places[h]
                if row == own[i] or scores[t, places[h]] > limit2[i]:
                    continue
                square = rows_apart(exact, i, rows, row)
                if _offer(ids, near, number, i, square, row) and near[i, k - 1] < np.inf:
                    limit[i], limit2[i] = limit_of(cells, near[i, k - 1])


@jit
def _offer(ids, near, number, i, square, row):
    """Put a row into the ascending list `i`, unless it is beyond its end; equal distances stand by content.

    IN ids intp[m]. INOUT near float64 (b, k), number intp (b, k) (places in the cells). Returns whether it is
    in now.
    """
    p = near.shape[1] - 1
    if square > near[i, p] or (square == near[i, p] and number[i, p] >= 0 and ids[row] > ids[number[i, p]]):
        return False
    while p > 0 and (
        near[i, p - 1] > square
        or (near[i, p - 1] == square and (number[i, p - 1] < 0 or ids[number[i, p - 1]] > ids[row]))
    ):
        near[i, p], number[i, p] = near[i, p - 1], number[i, p - 1]
        p -= 1
    near[i, p], number[i, p] = square, row
    return True


@jit
def batch_neighbours(cells, exact, queries, own, home, near, number):
    """The k nearest rows of each query, ascending; of equally near ones those first in content order.

    IN as ``cell_look``, home intp[b] (the cell to look at first, in runs). OUT near float64 (b, k), squared
    distances, number intp (b, k), places among the rows of cells; inf and -1 where there are fewer rows.
    """
    b = near.shape[0]
    near[:], number[:] = np.inf, -1
    limit, limit2 = np.full(b, np.float32(np.inf)), np.full(b, np.float32(np.inf))
    scratch, some = scratch_make(b, queries.shape[1]), np.arange(b)
    start = 0
    while start < b:
        stop = start + 1
        while stop < b and home[stop] == home[start]:
            stop += 1
        cell_look(
            cells, home[start], exact, queries, own, some[start:stop], near, number, limit, limit2, scratch,
        )  # fmt: skip
        start = stop
    order, away = cells_nearest(cells, queries, home[0], own[0] >= 0, limit.max())
    every, start, stop = np.empty((TOGETHER, b), np.float32), 0, bounds_within(away, 0, limit.max())
    while stop > start:
        some_cells, bounds = order[start:stop], every[: stop - start]
        bounds_fill(cells, queries, home[0], some_cells, bounds)
        for p in bounds_order(bounds, limit.max()):
            n_some = 0
            for i in range(b):
                if bounds[p, i] <= limit[i] and some_cells[p] != home[i]:
                    some[n_some] = i
                    n_some += 1
            if n_some > 0:
                cell_look(
                    cells, some_cells[p], exact, queries, own, some[:n_some], near, number, limit, limit2,
                    scratch,
                )  # fmt: skip
        start, stop = stop, bounds_within(away, stop, limit.max())


@jit
def cells_neighbours(cells, start, stop, framed, near, number):
    """The k nearest other rows of each row of cells `start` to `stop`. IN framed float64 (m, d), by cell.

    OUT near float64 (m, k), number intp (m, k), by place in the cells.
    """
    c = start
    while c < stop:
        last = c + 1
        # Halves that stand together are near to each other; cells of means are not.
        while cells.boxed and last < stop and cells.first[last + 1] - cells.first[c] <= _FEW_ROWS:
            last += 1
        for base in range(cells.first[c], cells.first[last], _BATCH):
            end = min(base + _BATCH, cells.first[last])
            home = c + np.searchsorted(cells.first[c:last], np.arange(base, end), side="right") - 1
            batch_neighbours(
                cells, cells.rows[base:end], framed[base:end], np.arange(base, end), home, near[base:end],
                number[base:end],
            )  # fmt: skip
        c = last


@jit
def _is_equal(row, other):
    unequal = 0
    for j in range(row.shape[0]):
        unequal += row[j] != other[j]
    return unequal == 0


class Found(NamedTuple):
    """The row of least mutual reachability of each query: reach, apart float64[b], row intp[b].

    In a search, `reach` is the least of what is larger: the core distance of a row, or how far it is.
    """

    reach: np.ndarray
    apart: np.ndarray
    row: np.ndarray


@jit
def _found_offer(ids, found, i, row, square, reach):
    """Keep a row, if its reach, distance and content stand before those of the row found. INOUT found."""
    if reach > found.reach[i]:
        return
    known = found.row[i]
    if (
        known < 0
        or reach < found.reach[i]
        or square < found.apart[i]
        or (square == found.apart[i] and ids[row] < ids[known])
    ):
        found.reach[i], found.apart[i], found.row[i] = reach, square, row


@jit
def _cell_reach(cells, c, exact, queries, some, core, near, number, limit, limit2, scratch, found):
    """Offer the rows of cell `c` to some queries. INOUT near, number, limit, limit2 (cell_look), found."""
    k, first, rows, ids, places = near.shape[1], cells.first, cells.rows, cells.ids, scratch.places
    for start in range(first[c], first[c + 1], WIDE):
        stop = min(start + WIDE, first[c + 1])
        scores = block_estimate(cells, c, start, stop, queries, some, scratch)
        for t in range(some.shape[0]):
            i = some[t]
            if limit[i] == np.inf:
                least = np.inf
                for row in range(start, stop):
                    least = min(least, max(core[row] * cells.scale**2, scores[t, row - start]))
                limit[i], limit2[i] = limit_first(cells, scores, t, k, least, scratch)
            for h in range(scores_within(scores, t, limit2[i], places)):
                row = start + places[h]
                if scores[t, places[h]] > limit2[i]:
                    continue
                square = rows_apart(exact, i, rows, row)
                _found_offer(ids, found, i, row, square, max(core[row], square))
                if _offer(ids, near, number, i, square, row) and near[i, k - 1] < np.inf:
                    far, far2 = limit_of(cells, max(near[i, k - 1], found.reach[i]))
                    limit[i], limit2[i] = min(limit[i], far), min(limit2[i], far2)


@jit
def batch_reach(cells, exact, queries, home, wanted, core, near, number, found):
    """The row of least mutual reachability of each query, among all rows; of equal ones the nearest.

    IN exact float (b, d), queries float64 (b, d), home intp[b], wanted (items within a core distance), core
    float64[m] (squared). SCRATCH near float64 (b, k), number intp (b, k), with k long enough for core
    distances. OUT found.
    """
    b = queries.shape[0]
    near[:], number[:] = np.inf, -1
    found.row[:], found.reach[:], found.apart[:] = -1, np.inf, np.inf
    limit, limit2 = np.full(b, np.float32(np.inf)), np.full(b, np.float32(np.inf))
    scratch, some = scratch_make(b, queries.shape[1]), np.arange(b)
    start = 0
    while start < b:
        stop = start + 1
        while stop < b and home[stop] == home[start]:
            stop += 1
        _cell_reach(
            cells, home[start], exact, queries, some[start:stop], core, near, number, limit, limit2, scratch,
            found,
        )  # fmt: skip
        start = stop
    order, away = cells_nearest(cells, queries, home[0], False, limit.max())
    every, start, stop = np.empty((TOGETHER, b), np.float32), 0, bounds_within(away, 0, limit.max())
    while stop > start:
        some_cells, bounds = order[start:stop], every[: stop - start]
        bounds_fill(cells, queries, home[0], some_cells, bounds)
        for p in bounds_order(bounds, limit.max()):
            n_some = 0
            for i in range(b):
                if bounds[p, i] <= limit[i] and some_cells[p] != home[i]:
                    some[n_some] = i
                    n_some += 1
            if n_some > 0:
                _cell_reach(
                    cells, some_cells[p], exact, queries, some[:n_some], core, near, number, limit, limit2,
                    scratch, found,
                )  # fmt: skip
        start, stop = stop, bounds_within(away, stop, limit.max())
    for i in range(b):
        _found_settle(cells, exact[i], wanted, core, near[i], number[i], found, i)


@jit
def _found_settle(cells, exact, wanted, core, near, number, found, i):
    """Reckon in the core distance of a query: of the rows that reach so far, the nearest is first."""
    own, chosen = nearest_reach(near, number, cells.counts, 0.0, wanted), -1
    if found.reach[i] > own:
        return
    found.reach[i] = own
    for p in range(near.shape[0]):
        if number[p] < 0 or near[p] > own or core[number[p]] > own:
            continue
        if chosen < 0 or (near[p] == 0.0 and _is_equal(exact, cells.rows[number[p]])):
            chosen = number[p]
    if chosen >= 0:
        found.row[i] = chosen


@jit
def rows_home(cells, queries, home):
    """OUT home intp[b]: the cell of the nearest centre of each framed query, as estimated."""
    center = cells.center.astype(np.float32)
    half = np.empty(center.shape[0], np.float32)
    for c in range(half.shape[0]):
        half[c] = 0.5 * (center[c] * center[c]).sum()
    for base in range(0, queries.shape[0], _BATCH):
        products = np.dot(queries[base : base + _BATCH].astype(np.float32), center.T)
        for i in range(products.shape[0]):
            home[base + i] = scores_best(products[i], half)


@jit
def queries_reach(cells, exact, framed, home, start, stop, wanted, core, length, row, reach):
    """The row of least mutual reachability of queries `start` to `stop`, which are sorted by `home`.

    IN exact float (b, d), framed float64 (b, d), home intp[b], wanted, core (``batch_reach``), length (of the
    lists for core distances). OUT row intp[b] (content numbers), reach float64[b] (squared).
    """
    most = min(_BATCH, stop - start)
    near, number = np.empty((most, length)), np.empty((most, length), np.intp)
    found = Found(np.empty(most), np.empty(most), np.empty(most, np.intp))
    first = start
    while first < stop:
        last, group = first + 1, _NEIGHBOURS if cells.boxed else 1
        while last < stop and last - first < most and home[last] // group == home[first] // group:
            last += 1
        b = last - first
        some = Found(found.reach[:b], found.apart[:b], found.row[:b])
        batch_reach(
            _widened(cells, framed[first:last]), exact[first:last], framed[first:last], home[first:last],
            wanted, core, near[:b], number[:b], some,
        )  # fmt: skip
        for i in range(b):
            row[first + i], reach[first + i] = cells.ids[max(some.row[i], 0)], some.reach[i]
        first = last


@jit
def _widened(cells, framed):
    """The same cells, with the rounding errors of some queries reckoned in."""
    longest = 0.0
    for i in range(framed.shape[0]):
        square = 0.0
        for j in range(framed.shape[1]):
            square += framed[i, j] * framed[i, j]
        longest = max(longest, square)
    slack = cells.slack + slack_of(np.sqrt(longest), framed.shape[1])
    return Cells(
        cells.rows, cells.ids, cells.counts, cells.first, cells.columns, cells.squares, cells.center,
        cells.radius, cells.outward, cells.between, cells.halves, cells.leaf, cells.boxed, slack, cells.scale,
    )  # fmt: skip
