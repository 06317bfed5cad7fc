"""Rows in cells that stand together in memory, and bounds of distances to cells. Called by the searches.

Rows are held twice: as they are, for distances in float64, and in a frame, as float32 in panels of 16 rows
side by side, from which distances are estimated first. An estimate only rules out; what it can't rule out is
measured. So every result is that of the exact distances.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.halving import Halves, boxes_apart, halves_near
from partita.kernels.jit import jit

LANES = 16
_CHUNK = 16
_FAR = np.float32(3e18)
_UNIT = 2.0**-24


class Cells(NamedTuple):
    """Rows grouped by cell. All of them in the frame but `rows`.

    rows float (m, d): as they are, by cell. ids intp[m]: their numbers in content order. counts float64[m]:
    items equal to each. first intp[c + 1]: where the rows of each cell begin. panels float32: 16 rows side by
    side, column by column. panel intp[c + 1]: where the panels of each cell begin. center float32 (c, d),
    radius float64[c]. halves: the tree of boxes, where `boxed`; else without nodes. leaf intp[c]: the node of
    each cell. slack: how far a framed distance can be wrong. scale: framed by actual lengths.
    """

    rows: np.ndarray
    ids: np.ndarray
    counts: np.ndarray
    first: np.ndarray
    panels: np.ndarray
    panel: np.ndarray
    center: np.ndarray
    radius: np.ndarray
    halves: Halves
    leaf: np.ndarray
    boxed: bool
    slack: float
    scale: float


@jit
def rows_frame(rows, shift, scale, out):
    """OUT out float (b, d): rows less `shift`, times `scale`. IN rows float (b, d), shift float64[d]."""
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            out[i, j] = (np.float64(rows[i, j]) - shift[j]) * scale


@jit
def panels_write(framed, panels, base):
    """Put rows side by side from `base` on. IN framed float32 (b, d). OUT panels float32. Gives the end."""
    b, d = framed.shape
    for start in range(0, b, LANES):
        for j in range(d):
            for lane in range(LANES):
                at = base + j * LANES + lane
                panels[at] = framed[start + lane, j] if start + lane < b else _FAR
        base += LANES * d
    return base


@jit
def cells_measure(framed, first, start, stop, center, radius):
    """OUT center float32 (c, d), means of the framed rows of cells `start` to `stop`; radius float64[c]."""
    d = framed.shape[1]
    total = np.empty(d)
    for c in range(start, stop):
        total[:] = 0.0
        for i in range(first[c], first[c + 1]):
            for j in range(d):
                total[j] += framed[i, j]
        size = max(first[c + 1] - first[c], 1)
        for j in range(d):
            center[c, j] = total[j] / size
        widest = 0.0
        for i in range(first[c], first[c + 1]):
            square = 0.0
            for j in range(d):
                square += (np.float64(framed[i, j]) - center[c, j]) ** 2
            widest = max(widest, square)
        radius[c] = np.sqrt(widest) * (1.0 + 1e-9)


@jit
def tile_squares(a, b, c, e, panel, limits, sums):
    """OUT sums float32[64]: squared distances of four rows to the 16 of a panel, column by column.

    IN rows float32[d], limits float32[4]. Ends early where no row is within its limit any more: returns
    whether one is at the end. The columns that vary most should come first.
    """
    d = a.shape[0]
    sums[:] = np.float32(0.0)
    for start in range(0, d, _CHUNK):
        stop = min(start + _CHUNK, d)
        _tile_add(
            a[start:stop], b[start:stop], c[start:stop], e[start:stop], panel[start * LANES : stop * LANES],
            sums,
        )  # fmt: skip
        within = 0
        for j in range(LANES):
            within += (
                (sums[j] <= limits[0])
                | (sums[j + LANES] <= limits[1])
                | (sums[j + 2 * LANES] <= limits[2])
                | (sums[j + 3 * LANES] <= limits[3])
            )
        if within == 0:
            return False
    return True


@jit(fastmath={"contract", "reassoc", "nsz"})
def _tile_add(a, b, c, e, panel, sums):
    """INOUT sums float32[64]: some columns more."""
    d = a.shape[0]
    whole = d - d % 4
    for f in range(0, whole, 4):
        a0, a1, a2, a3 = a[f], a[f + 1], a[f + 2], a[f + 3]
        b0, b1, b2, b3 = b[f], b[f + 1], b[f + 2], b[f + 3]
        c0, c1, c2, c3 = c[f], c[f + 1], c[f + 2], c[f + 3]
        e0, e1, e2, e3 = e[f], e[f + 1], e[f + 2], e[f + 3]
        some = panel[f * LANES : (f + 4) * LANES]
        for j in range(LANES):
            s, t, u, v = some[j], some[j + LANES], some[j + 2 * LANES], some[j + 3 * LANES]
            sums[j] += (a0 - s) * (a0 - s) + (a1 - t) * (a1 - t) + (a2 - u) * (a2 - u) + (a3 - v) * (a3 - v)
            sums[j + LANES] += (
                (b0 - s) * (b0 - s) + (b1 - t) * (b1 - t) + (b2 - u) * (b2 - u) + (b3 - v) * (b3 - v)
            )
            sums[j + 2 * LANES] += (
                (c0 - s) * (c0 - s) + (c1 - t) * (c1 - t) + (c2 - u) * (c2 - u) + (c3 - v) * (c3 - v)
            )
            sums[j + 3 * LANES] += (
                (e0 - s) * (e0 - s) + (e1 - t) * (e1 - t) + (e2 - u) * (e2 - u) + (e3 - v) * (e3 - v)
            )
    for f in range(whole, d):
        some = panel[f * LANES : (f + 1) * LANES]
        for j in range(LANES):
            sums[j] += (a[f] - some[j]) * (a[f] - some[j])
            sums[j + LANES] += (b[f] - some[j]) * (b[f] - some[j])
            sums[j + 2 * LANES] += (c[f] - some[j]) * (c[f] - some[j])
            sums[j + 3 * LANES] += (e[f] - some[j]) * (e[f] - some[j])


@jit
def limit_of(cells, square):
    """The framed distance that no row within a squared distance exceeds, and its square as estimated."""
    far = np.sqrt(square) * cells.scale * (1.0 + 1e-12) + cells.slack
    lifted = far * far * (1.0 + (cells.rows.shape[1] + 10) * 2.0 * _UNIT)
    return np.float32(far * (1.0 + 4.0 * _UNIT)), np.float32(lifted)


@jit
def centers_apart(center, other):
    """The distance of two centres in float64. IN float32[d]."""
    total = 0.0
    for j in range(center.shape[0]):
        total += (np.float64(center[j]) - other[j]) ** 2
    return np.sqrt(total)


@jit
def cells_order(cells, queries, limit, near):
    """Cells that may hold rows within `limit` of some query, nearest first.

    IN queries float32 (b, d), framed. OUT near intp[c]. Returns how many, and a bound for each, float64.
    """
    n_cells, d = cells.center.shape
    center, low, high = np.zeros(d, np.float32), queries[0].copy(), queries[0].copy()
    radius = 0.0
    for j in range(d):
        total = 0.0
        for i in range(queries.shape[0]):
            total += queries[i, j]
            low[j], high[j] = min(low[j], queries[i, j]), max(high[j], queries[i, j])
        center[j] = total / queries.shape[0]
    for i in range(queries.shape[0]):
        radius = max(radius, centers_apart(center, queries[i]))
    found, bounds = 0, np.empty(n_cells)
    if cells.boxed:
        found = halves_near(cells.halves, low, high, limit, near, bounds)
    else:
        for c in range(n_cells):
            apart = centers_apart(center, cells.center[c])
            apart = apart - radius - cells.radius[c] - 1e-9 * (apart + radius)
            if apart <= limit:
                near[found], bounds[found] = c, apart
                found += 1
    order = np.argsort(bounds[:found], kind="mergesort")
    near[:found] = near[:found][order]
    return found, bounds[:found][order]


@jit
def bounds_fill(cells, queries, near, bounds):
    """OUT bounds float32 (k, b): what each query is away from each of the k cells, at least.

    IN queries float32 (b, d), near intp[k].
    """
    k, b = near.shape[0], queries.shape[0]
    d = queries.shape[1]
    if cells.boxed:
        for p in range(k):
            low, high = cells.halves.low[cells.leaf[near[p]]], cells.halves.high[cells.leaf[near[p]]]
            for i in range(b):
                bounds[p, i] = boxes_apart(queries[i], queries[i], low, high) * (1.0 - 2.0 * _UNIT)
        return
    panel, sums = np.empty(LANES * d, np.float32), np.empty(4 * LANES, np.float32)
    chosen = np.empty((LANES, d), np.float32)
    never, shrink, last = np.full(4, np.float32(np.inf)), 1.0 - (d + 8) * _UNIT, b - 1
    for base in range(0, k, LANES):
        some = min(LANES, k - base)
        for lane in range(some):
            chosen[lane] = cells.center[near[base + lane]]
        panels_write(chosen[:some], panel, 0)
        for i in range(0, b, 4):
            tile_squares(
                queries[i], queries[min(i + 1, last)], queries[min(i + 2, last)], queries[min(i + 3, last)],
                panel, never, sums,
            )  # fmt: skip
            for r in range(min(4, b - i)):
                for lane in range(some):
                    apart = np.sqrt(np.float64(sums[r * LANES + lane])) * shrink
                    bounds[base + lane, i + r] = apart * (1.0 - 2.0**-22) - cells.radius[near[base + lane]]
