"""The nearest rows of each row of a batch, exactly, cell by cell. Called by the spine and by ``predict``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.cells import (
    WIDE,
    Cells,
    block_estimate,
    bounds_fill,
    bounds_order,
    cells_order,
    limit_of,
    scratch_make,
)
from partita.kernels.jit import jit
from partita.kernels.near import scores_best, scores_within
from partita.kernels.spanning import nearest_reach, square_apart

_BATCH = 256
_TOGETHER = 128
_NEIGHBOURS = 4


@jit
def cell_look(cells, c, exact, queries, own, some, near, number, limit, limit2, scratch):
    """Offer the rows of cell `c` to the lists of some queries.

    IN exact float (b, d), queries float32 (b, d), own intp[b] (a row to leave out, -1 for none), some
    intp[s]. INOUT near float64 (b, k), number intp (b, k) (places among the rows of cells), limit, limit2
    float32[b].
    """
    k = near.shape[1]
    for start in range(cells.first[c], cells.first[c + 1], WIDE):
        stop = min(start + WIDE, cells.first[c + 1])
        scores = block_estimate(cells, c, start, stop, queries, some, scratch)
        for t in range(some.shape[0]):
            i = some[t]
            if scores_within(scores[t], limit2[i])[0] == 0:
                continue
            for row in range(start, stop):
                if scores[t, row - start] <= limit2[i] and row != own[i]:
                    square = square_apart(exact[i], cells.rows[row])
                    if _offer(cells, near[i], number[i], square, row):
                        limit[i], limit2[i] = limit_of(cells, near[i, k - 1])


@jit
def _offer(cells, near, number, square, row):
    """Put a row into an ascending list, unless it is beyond its end; equal distances stand by content.

    INOUT near float64[k], number intp[k] (places in the cells). Returns whether it is in now.
    """
    p = near.shape[0] - 1
    if square > near[p] or (square == near[p] and number[p] >= 0 and cells.ids[row] > cells.ids[number[p]]):
        return False
    while p > 0 and (
        near[p - 1] > square
        or (near[p - 1] == square and (number[p - 1] < 0 or cells.ids[number[p - 1]] > cells.ids[row]))
    ):
        near[p], number[p] = near[p - 1], number[p - 1]
        p -= 1
    near[p], number[p] = square, row
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
    order = np.empty(cells.center.shape[0], np.intp)
    found, _ = cells_order(cells, queries, limit.max(), order)
    bounds = np.empty((found, b), np.float32)
    bounds_fill(cells, queries, home[0], order[:found], bounds)
    for p in bounds_order(bounds):
        n_some = 0
        for i in range(b):
            if bounds[p, i] <= limit[i] and order[p] != home[i]:
                some[n_some] = i
                n_some += 1
        if n_some > 0:
            cell_look(
                cells, order[p], exact, queries, own, some[:n_some], near, number, limit, limit2, scratch
            )


@jit
def cells_neighbours(cells, start, stop, framed, near, number):
    """The k nearest other rows of each row of cells `start` to `stop`. IN framed float32 (m, d), by cell.

    OUT near float64 (m, k), number intp (m, k), by place in the cells.
    """
    c = start
    while c < stop:
        last = c + 1
        # Halves that stand together are near to each other; cells of means are not.
        while cells.boxed and last < stop and cells.first[last + 1] - cells.first[c] <= _TOGETHER:
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
def _reach_offer(cells, exact, core, query, row, square, found):
    """Keep a row, if its reach, distance and content stand before those of the row found. INOUT found."""
    reach = max(core[row], max(found.core[query], square))
    known = found.row[query]
    if square == 0.0 and _is_equal(exact[query], cells.rows[row]):
        square = -1.0
    if (
        known < 0
        or reach < found.reach[query]
        or (
            reach == found.reach[query]
            and (
                square < found.apart[query]
                or (square == found.apart[query] and cells.ids[row] < cells.ids[known])
            )
        )
    ):
        found.reach[query], found.apart[query], found.row[query] = reach, square, row


@jit
def _is_equal(row, other):
    unequal = 0
    for j in range(row.shape[0]):
        unequal += row[j] != other[j]
    return unequal == 0


class Found(NamedTuple):
    """The row of least mutual reachability of each query: core, reach, apart float64[b], row intp[b]."""

    core: np.ndarray
    reach: np.ndarray
    apart: np.ndarray
    row: np.ndarray


@jit
def batch_reach(cells, exact, queries, home, wanted, core, lowest_core, near, number, found):
    """The row of least mutual reachability of each query, among all rows; of equal ones the nearest.

    IN exact float (b, d), queries float32 (b, d), home intp[b], wanted (items within a core distance), core
    float64[m], lowest_core float64[c] (squared). SCRATCH near float64 (b, k), number intp (b, k), with k long
    enough for core distances. OUT found.
    """
    b = queries.shape[0]
    batch_neighbours(cells, exact, queries, np.full(b, -1), home, near, number)
    found.row[:], found.reach[:], found.apart[:] = -1, np.inf, np.inf
    n_open, is_open = 0, np.zeros(b, np.bool_)
    for i in range(b):
        found.core[i] = nearest_reach(near[i], number[i], cells.counts, 0.0, wanted)
        for p in range(near.shape[1]):
            if number[i, p] >= 0:
                _reach_offer(cells, exact, core, i, number[i, p], near[i, p], found)
        # Rows that are not in the list are at least as far as its last.
        is_open[i] = found.reach[i] > near[i, -1]
        n_open += is_open[i]
    if n_open > 0:
        _reach_search(cells, exact, queries, home[0], is_open, core, lowest_core, found)


@jit
def _reach_search(cells, exact, queries, home, is_open, core, lowest_core, found):
    b = queries.shape[0]
    limit, limit2 = np.full(b, np.float32(-1.0)), np.full(b, np.float32(-1.0))
    for i in range(b):
        if is_open[i]:
            limit[i], limit2[i] = limit_of(cells, found.reach[i])
    order, scratch = np.empty(cells.center.shape[0], np.intp), scratch_make(b, queries.shape[1])
    n_cells, _ = cells_order(cells, queries, limit.max(), order)
    bounds, some = np.empty((n_cells, b), np.float32), np.empty(b, np.intp)
    bounds_fill(cells, queries, home, order[:n_cells], bounds)
    for p in bounds_order(bounds):
        c, n_some = order[p], 0
        for i in range(b):
            if is_open[i] and bounds[p, i] <= limit[i] and lowest_core[c] <= found.reach[i]:
                some[n_some] = i
                n_some += 1
        if n_some > 0:
            _cell_reach(cells, c, exact, queries, some[:n_some], core, limit, limit2, scratch, found)


@jit
def _cell_reach(cells, c, exact, queries, some, core, limit, limit2, scratch, found):
    """Offer the rows of cell `c` to some queries. INOUT limit, limit2 float32[b], found."""
    for start in range(cells.first[c], cells.first[c + 1], WIDE):
        stop = min(start + WIDE, cells.first[c + 1])
        scores = block_estimate(cells, c, start, stop, queries, some, scratch)
        for t in range(some.shape[0]):
            i = some[t]
            if scores_within(scores[t], limit2[i])[0] == 0:
                continue
            for row in range(start, stop):
                if scores[t, row - start] <= limit2[i] and core[row] <= found.reach[i]:
                    square = square_apart(exact[i], cells.rows[row])
                    _reach_offer(cells, exact, core, i, row, square, found)
                    limit[i], limit2[i] = limit_of(cells, found.reach[i])


@jit
def rows_home(cells, queries, home):
    """OUT home intp[b]: the cell of the nearest centre of each framed query, as estimated."""
    half = np.empty(cells.center.shape[0], np.float32)
    for c in range(half.shape[0]):
        half[c] = 0.5 * (cells.center[c] * cells.center[c]).sum()
    for base in range(0, queries.shape[0], _BATCH):
        products = np.dot(queries[base : base + _BATCH], cells.center.T)
        for i in range(products.shape[0]):
            home[base + i] = scores_best(products[i], half)


@jit
def queries_reach(cells, exact, framed, home, start, stop, wanted, core, lowest_core, length, row, reach):
    """The row of least mutual reachability of queries `start` to `stop`, which are sorted by `home`.

    IN exact float (b, d), framed float32 (b, d), home intp[b], wanted, core, lowest_core (``batch_reach``),
    length (of the lists for core distances). OUT row intp[b] (content numbers), reach float64[b] (squared).
    """
    most = min(_BATCH, stop - start)
    near, number = np.empty((most, length)), np.empty((most, length), np.intp)
    found = Found(np.empty(most), np.empty(most), np.empty(most), np.empty(most, np.intp))
    first = start
    while first < stop:
        last, group = first + 1, _NEIGHBOURS if cells.boxed else 1
        while last < stop and last - first < most and home[last] // group == home[first] // group:
            last += 1
        b = last - first
        some = Found(found.core[:b], found.reach[:b], found.apart[:b], found.row[:b])
        batch_reach(
            _widened(cells, framed[first:last]), exact[first:last], framed[first:last], home[first:last],
            wanted, core, lowest_core, near[:b], number[:b], some,
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
            square += np.float64(framed[i, j]) * framed[i, j]
        longest = max(longest, square)
    slack = cells.slack + 4.0 * 2.0**-24 * np.sqrt(longest)
    return Cells(
        cells.rows, cells.ids, cells.counts, cells.first, cells.columns, cells.squares, cells.center,
        cells.radius, cells.outward, cells.halves, cells.leaf, cells.boxed, slack, cells.scale,
    )  # fmt: skip
