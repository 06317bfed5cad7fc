"""Borůvka's rounds on lists of nearest rows, with searches only where the lists can't tell. For the spine.

Rows are named by their place in the cells. A component is joined to others by the edge that stands first
(``edge_before``) among those that leave it. An edge that a list names may be that one; if an edge that no
list names could stand before it, the rows from which it could start are searched, cell by cell.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.cells import (
    TOGETHER,
    WIDE,
    block_estimate,
    bounds_fill,
    bounds_order,
    bounds_within,
    cells_nearest,
    limit_of,
    scores_within,
    scratch_make,
)
from partita.kernels.jit import jit
from partita.kernels.merging import set_find
from partita.kernels.spanning import edge_before, rows_apart

_BATCH = 256


class Best(NamedTuple):
    """The first edge found that leaves each component: squared reach and distance, the rows at its ends."""

    reach: np.ndarray
    apart: np.ndarray
    inner: np.ndarray
    outer: np.ndarray


class Rows(NamedTuple):
    """What is known of each row.

    core float64[m]: squared core distance. component intp[m]. lowest, lowest_apart float64[m]: no edge that
    is not in a list and leaves the component stands before (lowest, lowest_apart). target intp[m], reach,
    apart float64[m]: the first edge of all that left the component when the row was searched; -1 for none.
    """

    core: np.ndarray
    component: np.ndarray
    lowest: np.ndarray
    lowest_apart: np.ndarray
    target: np.ndarray
    reach: np.ndarray
    apart: np.ndarray


@jit
def best_offer(best, c, reach, apart, inner, outer, ids):
    """Keep an edge that leaves component `c`, if it stands before the one known. Returns whether it does."""
    known = best.inner[c]
    if known < 0 or edge_before(
        reach, apart, ids[inner], ids[outer], best.reach[c], best.apart[c], ids[known], ids[best.outer[c]]
    ):
        best.reach[c], best.apart[c], best.inner[c], best.outer[c] = reach, apart, inner, outer
        return True
    return False


class Listed(NamedTuple):
    """The first edge in the list of each row that leaves its component.

    outer intp[m]: the row at its other end, -1 once all of a list are in the component of its row: they will
    not leave it again. reach, apart float64[m].
    """

    outer: np.ndarray
    reach: np.ndarray
    apart: np.ndarray


@jit
def lists_lead(near, number, ids, rows, start, stop, listed):
    """INOUT listed, of rows `start` to `stop`: lists are looked at where the edge known leaves no longer.

    IN near, number (m, k), ascending.
    """
    component, core = rows.component, rows.core
    outer, reaches, aparts = listed.outer, listed.reach, listed.apart
    for i in range(start, stop):
        c = component[i]
        if outer[i] < 0 or component[outer[i]] != c:
            continue
        known, known_reach, known_apart = -1, np.inf, np.inf
        for p in range(near.shape[1]):
            j, apart = number[i, p], near[i, p]
            if j < 0 or apart > known_reach:
                break
            if component[j] == c:
                continue
            reach = max(apart, max(core[i], core[j]))
            if known < 0 or edge_before(
                reach, apart, ids[i], ids[j], known_reach, known_apart, ids[i], ids[known]
            ):
                known, known_reach, known_apart = j, reach, apart
        outer[i], reaches[i], aparts[i] = known, known_reach, known_apart


@jit
def edges_offer(listed, ids, rows, best):
    """Offer the edges that the lists and earlier searches name, at both ends. INOUT best."""
    component = rows.component
    for i in range(component.shape[0]):
        j = listed.outer[i]
        if j >= 0:
            best_offer(best, component[i], listed.reach[i], listed.apart[i], i, j, ids)
            best_offer(best, component[j], listed.reach[i], listed.apart[i], j, i, ids)
        j = rows.target[i]
        if j >= 0 and component[j] != component[i]:
            best_offer(best, component[i], rows.reach[i], rows.apart[i], i, j, ids)
            best_offer(best, component[j], rows.reach[i], rows.apart[i], j, i, ids)


@jit
def rows_open(rows, best, is_open, count):
    """Which rows may start an edge that stands before the best known one of their component.

    OUT is_open bool[m], count intp[components]: open rows of each.
    """
    count[:] = 0
    for i in range(is_open.shape[0]):
        c, j = rows.component[i], rows.target[i]
        is_open[i] = False
        if j >= 0 and rows.component[j] != c:
            continue
        low = rows.lowest[i]
        if low < best.reach[c] or (low == best.reach[c] and rows.lowest_apart[i] <= best.apart[c]):
            is_open[i] = True
            count[c] += 1


@jit
def cells_component(first, component, out):
    """OUT out intp[c]: the component of all rows of a cell, -1 where there are several."""
    for c in range(out.shape[0]):
        out[c] = component[first[c]] if first[c + 1] > first[c] else -1
        for i in range(first[c], first[c + 1]):
            if component[i] != out[c]:
                out[c] = -1
                break


@jit
def cells_away(cells, whole, away):
    """OUT away float64[c]: how far rows of a cell are from all that may be in other components, at least.

    IN whole intp[c] (cells_component).
    """
    away[:] = 0.0
    for c in range(0 if cells.boxed else away.shape[0]):
        if whole[c] < 0:
            continue
        low = np.float32(np.inf)
        for h in range(whole.shape[0]):
            if whole[h] != whole[c] and cells.between[c, h] < low:
                low = cells.between[c, h]
        away[c] = max(low, 0.0)


@jit
def cells_lowest(first, values, out):
    """OUT out float64[c]: the lowest value in each cell."""
    for c in range(out.shape[0]):
        out[c] = np.inf
        for i in range(first[c], first[c + 1]):
            out[c] = min(out[c], values[i])


@jit
def _cell_search(cells, c, queries, places, some, rows, best, limit, limit2, scratch):
    """Offer the edges from some queries to the rows of cell `c` that lie in other components."""
    first, points, ids, component, core = cells.first, cells.rows, cells.ids, rows.component, rows.core
    reaches, hits = best.reach, scratch.places
    for start in range(first[c], first[c + 1], WIDE):
        stop = min(start + WIDE, first[c + 1])
        scores = block_estimate(cells, c, start, stop, queries, some, scratch)
        for t in range(some.shape[0]):
            own = places[some[t]]
            mine = component[own]
            for h in range(scores_within(scores, t, limit2[mine], hits)):
                row = start + hits[h]
                if scores[t, hits[h]] > limit2[mine] or component[row] == mine or core[row] > reaches[mine]:
                    continue
                apart = rows_apart(points, own, points, row)
                reach = max(apart, max(core[own], core[row]))
                if reach > reaches[mine]:
                    continue
                _row_keep(ids, rows, own, reach, apart, row)
                if best_offer(best, mine, reach, apart, own, row, ids):
                    limit[mine], limit2[mine] = limit_of(cells, reach)


@jit
def _row_keep(ids, rows, own, reach, apart, row):
    known = rows.target[own]
    if known < 0 or edge_before(
        reach, apart, ids[own], ids[row], rows.reach[own], rows.apart[own], ids[own], ids[known]
    ):
        rows.target[own], rows.reach[own], rows.apart[own] = row, reach, apart


@jit
def _batch_search(cells, home, places, framed, rows, best, limit, limit2, whole, lowest_core, probe):
    """Search from rows of one cell; with `probe`, in the nearest other cell alone."""
    b = places.shape[0]
    queries = np.empty((b, framed.shape[1]))
    furthest = np.float32(0.0)
    for i in range(b):
        queries[i] = framed[places[i]]
        furthest = max(furthest, limit[rows.component[places[i]]])
    some, scratch = np.arange(b), scratch_make(b, framed.shape[1])
    if whole[home] < 0:
        _cell_search(cells, home, queries, places, some, rows, best, limit, limit2, scratch)
    near, away = cells_nearest(cells, queries, home, True, furthest)
    near, away = _foreign(near, away, home, whole)
    if probe:
        near, away = near[:1], away[:1]
    every, start, stop = np.empty((TOGETHER, b), np.float32), 0, bounds_within(away, 0, furthest)
    while stop > start:
        some_cells, bounds = near[start:stop], every[: stop - start]
        bounds_fill(cells, queries, home, some_cells, bounds)
        for p in bounds_order(bounds, furthest):
            c, n_some = some_cells[p], 0
            for i in range(b):
                component = rows.component[places[i]]
                if (
                    bounds[p, i] <= limit[component]
                    and whole[c] != component
                    and max(lowest_core[c], rows.lowest[places[i]]) <= best.reach[component]
                ):
                    some[n_some] = i
                    n_some += 1
            if n_some > 0:
                _cell_search(cells, c, queries, places, some[:n_some], rows, best, limit, limit2, scratch)
        furthest = np.float32(0.0)
        for place in places:
            furthest = max(furthest, limit[rows.component[place]])
        start, stop = stop, bounds_within(away, stop, furthest)


@jit
def _foreign(near, away, home, whole):
    """The cells but `home` and those that lie in one component with all of it, and their bounds."""
    kept = 0
    for p in range(near.shape[0]):
        c = near[p]
        if c != home and (whole[home] < 0 or whole[c] != whole[home]):
            near[kept], away[kept] = c, away[p]
            kept += 1
    return near[:kept], away[:kept]


@jit
def cells_search(cells, some, framed, rows, is_open, best, whole, away, lowest_core, probe):
    """Search from the open rows of some cells for the first edge that leaves their component.

    IN some intp[s], framed float64 (m, d), is_open bool[m], whole intp[c] (cells_component), away float64[c]
    (cells_away), lowest_core float64[c]. INOUT best, and target, reach, apart of the open rows.
    """
    component, first = rows.component, cells.first
    limit = np.empty(best.reach.shape[0], np.float32)
    limit2 = np.empty(best.reach.shape[0], np.float32)
    for c in range(limit.shape[0]):
        limit[c], limit2[c] = limit_of(cells, best.reach[c])
    places = np.empty(_BATCH, np.intp)
    for c in some:
        count = 0
        for i in range(first[c], first[c + 1]):
            mine = component[i]
            if is_open[i] and away[c] <= limit[mine] and rows.lowest[i] <= best.reach[mine]:
                places[count] = i
                count += 1
            if count == _BATCH or (count > 0 and i == first[c + 1] - 1):
                _batch_search(
                    cells, c, places[:count], framed, rows, best, limit, limit2, whole, lowest_core, probe
                )
                count = 0


@jit
def rows_settle(rows, best, is_open):
    """Keep what the search of the open rows has proven. INOUT rows."""
    for i in range(is_open.shape[0]):
        if not is_open[i]:
            continue
        lowest = best.reach[rows.component[i]]
        if rows.target[i] >= 0 and rows.reach[i] <= lowest:
            rows.lowest[i], rows.lowest_apart[i] = rows.reach[i], rows.apart[i]
        else:
            rows.target[i] = -1
            rows.lowest[i] = max(rows.lowest[i], lowest)


@jit
def components_join(best, certain, ids, n_edges, a, b, length, apart, component):
    """Join components by their first edges. IN certain bool[components]. OUT edges from `n_edges` on.

    INOUT component intp[m], renumbered. Returns the number of edges and of components.
    """
    count = certain.shape[0]
    above = np.arange(count)
    for c in range(count):
        if not certain[c]:
            continue
        i, j = best.inner[c], best.outer[c]
        x, y = set_find(above, c), set_find(above, component[j])
        if x == y:
            continue
        above[max(x, y)] = min(x, y)
        a[n_edges], b[n_edges] = min(ids[i], ids[j]), max(ids[i], ids[j])
        length[n_edges], apart[n_edges] = best.reach[c], best.apart[c]
        n_edges += 1
    number, kept = np.empty(count, np.intp), 0
    for c in range(count):
        if above[c] == c:
            number[c] = kept
            kept += 1
    for i in range(component.shape[0]):
        component[i] = number[set_find(above, component[i])]
    return n_edges, kept


@jit
def best_merge(best, other, ids):
    """Keep what stands first. IN other. INOUT best."""
    for c in range(best.reach.shape[0]):
        if other.inner[c] >= 0:
            best_offer(best, c, other.reach[c], other.apart[c], other.inner[c], other.outer[c], ids)
