"""Rows in cells that stand together in memory, and bounds of distances to cells. Called by the searches.

Rows are held twice: as they are, for distances in float64, and in a frame, as float32 less the centre of
their cell and column by column, from which distances are estimated first: by a product of small matrices
where columns are many. Differences are taken in float64 before they are rounded, so that estimates tell
apart what lies close together far from everything else. An estimate only rules out; what it can't rule out
is measured. So every result is that of the exact distances.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.halving import Halves, boxes_apart, halves_near
from partita.kernels.jit import jit

WIDE = 256
TOGETHER = 32
_FEW_COLUMNS = 8
_UNIT = 2.0**-24
_NEARLY = 2.0**-60


class Cells(NamedTuple):
    """Rows grouped by cell. All of them in the frame but `rows`.

    rows float (m, d): as they are, by cell. ids intp[m]: their numbers in content order. counts float64[m]:
    items equal to each. first intp[c + 1]: where the rows of each cell begin. columns float32[m * d]: rows
    less the centre of their cell, in blocks of at most ``WIDE`` of a cell, of each block column by column.
    squares float32[m]: their squared lengths. center float64 (c, d), radius float64[c]. outward float32 (c,
    c): how far rows of a cell stand out from its centre toward each other centre, at most; not where `boxed`.
    halves: the tree of boxes, where `boxed`; else without nodes. leaf intp[c]: the node of each cell. slack:
    how far a framed distance can be wrong. scale: framed by actual lengths.
    """

    rows: np.ndarray
    ids: np.ndarray
    counts: np.ndarray
    first: np.ndarray
    columns: np.ndarray
    squares: np.ndarray
    center: np.ndarray
    radius: np.ndarray
    outward: np.ndarray
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
def slack_of(longest, d):
    """How far framed distances can be wrong where no framed row is longer than `longest`."""
    return 2.0**-51 * (d + 8.0) ** 1.5 * longest


@jit
def cells_measure(framed, first, start, stop, center, radius):
    """OUT center float64 (c, d), means of the framed rows of cells `start` to `stop`; radius float64[c]."""
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
                square += (framed[i, j] - center[c, j]) ** 2
            widest = max(widest, square)
        radius[c] = np.sqrt(widest) * (1.0 + 1e-9)


@jit
def cells_fill(framed, first, center, start, stop, columns, squares):
    """OUT columns float32[m * d], squares float32[m] (Cells), of cells `start` to `stop`."""
    d = framed.shape[1]
    for c in range(start, stop):
        for base in range(first[c], first[c + 1], WIDE):
            end = min(base + WIDE, first[c + 1])
            block = columns[base * d : end * d].reshape(d, end - base)
            squares[base:end] = np.float32(0.0)
            for j in range(d):
                for i in range(end - base):
                    block[j, i] = framed[base + i, j] - center[c, j]
                    squares[base + i] += block[j, i] * block[j, i]


class Scratch(NamedTuple):
    """Room for estimates: local float32 (b, d), scores float32[b * WIDE], error float64[b]."""

    local: np.ndarray
    scores: np.ndarray
    error: np.ndarray


@jit
def scratch_make(b, d):
    """Room for `b` queries."""
    return Scratch(np.empty((b, d), np.float32), np.empty(b * WIDE, np.float32), np.empty(b))


@jit(fastmath={"contract", "reassoc", "nsz"})
def block_estimate(cells, c, start, stop, queries, some, scratch):
    """Squared distances of some queries to rows `start` to `stop`, a block of cell `c`: never too large.

    IN queries float64 (b, d), framed, some intp[s]. Returns float32 (s, stop - start), in `scratch`, where
    also stands by how much they may be too small.
    """
    d, wide, s = queries.shape[1], stop - start, some.shape[0]
    block = cells.columns[start * d : stop * d].reshape(d, wide)
    scores = scratch.scores[: s * wide].reshape(s, wide)
    local, squares, center = scratch.local[:s], cells.squares[start:stop], cells.center[c]
    for t in range(s):
        query = queries[some[t]]
        for j in range(d):
            local[t, j] = query[j] - center[j]
    if d > _FEW_COLUMNS:
        np.dot(local, block, scores)
    for t in range(s):
        length, own, mine = np.float32(0.0), scores[t], local[t]
        for j in range(d):
            length += mine[j] * mine[j]
        far = np.sqrt(np.float64(length)) + cells.radius[c]
        error = (d + 8) * 4.0 * _UNIT * far * far
        scratch.error[t] = 2.0 * error
        if d > _FEW_COLUMNS:
            rest = np.float32(length - error)
            for i in range(wide):
                own[i] = rest + (squares[i] - (own[i] + own[i]))
            continue
        own[:] = np.float32(-error)
        for j in range(d):
            at, column = mine[j], block[j]
            for i in range(wide):
                own[i] += (at - column[i]) * (at - column[i])
    return scores


@jit
def limit_of(cells, square):
    """The framed distance that no row within a squared distance exceeds, and its square as estimated."""
    far = np.sqrt(square) * cells.scale * (1.0 + 1e-12) + cells.slack
    lifted = far * far * (1.0 + (cells.rows.shape[1] + 10) * 2.0 * _UNIT)
    return np.float32(far * (1.0 + 4.0 * _UNIT)), np.float32(lifted)


@jit
def limit_first(cells, scores, error, lowest, least):
    """Limits as ``limit_of`` within which as many rows lie as `lowest` has room for, by their estimates.

    IN scores float32 (estimates, by at most `error` too small), least (an estimate to be within as well).
    SCRATCH lowest float32.
    """
    lowest[:], last = np.float32(np.inf), lowest.shape[0] - 1
    for score in scores:
        if score < lowest[last]:
            p = last
            while p > 0 and lowest[p - 1] > score:
                lowest[p] = lowest[p - 1]
                p -= 1
            lowest[p] = score
    far = (np.sqrt(max(max(np.float64(lowest[last]), least) + error, 0.0)) + cells.slack) * (1.0 + 1e-12)
    return limit_of(cells, (far / cells.scale) ** 2)


@jit(fastmath={"contract", "reassoc", "nsz"})
def centers_apart(center, other):
    """The distance of two centres. IN float64[d]."""
    total = 0.0
    for j in range(center.shape[0]):
        total += (center[j] - other[j]) ** 2
    return np.sqrt(total)


@jit
def cells_near(cells, queries, limit, near):
    """Cells that may hold rows within `limit` of some query.

    IN queries float64 (b, d), framed. OUT near intp[c]. Returns how many, and a bound for each, float64.
    """
    n_cells, d = cells.center.shape
    center, low, high = np.zeros(d), queries[0].copy(), queries[0].copy()
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
    return found, bounds[:found]


@jit
def cells_lean_near(cells, home, near, bounds):
    """Raise bounds of what rows of cell `home` are away from some cells, by how both lean to each other.

    IN near intp[k]. INOUT bounds float64[k].
    """
    for p in range(near.shape[0]):
        c = near[p]
        apart = centers_apart(cells.center[home], cells.center[c])
        if apart > _NEARLY:
            lean = apart * (1.0 - 8.0 * _UNIT) - cells.outward[home, c] - cells.outward[c, home]
            bounds[p] = max(bounds[p], lean - 1e-9 * apart)


@jit
def cells_nearest(cells, queries, home, inside, limit):
    """Cells that may hold rows within `limit` of some query, nearest first, and a bound for each, float64.

    IN queries float64 (b, d), home (a cell), inside (whether the queries are rows of it).
    """
    near = np.empty(cells.center.shape[0], np.intp)
    found, bounds = cells_near(cells, queries, limit, near)
    if inside and not cells.boxed:
        cells_lean_near(cells, home, near[:found], bounds)
    order = np.argsort(bounds, kind="mergesort")
    return near[order], bounds[order]


@jit
def bounds_within(bounds, start, limit):
    """Where to stop among ascending bounds: after at most ``TOGETHER``, before the first above `limit`."""
    stop = start
    while stop < min(start + TOGETHER, bounds.shape[0]) and bounds[stop] <= limit:
        stop += 1
    return stop


@jit
def bounds_fill(cells, queries, home, near, bounds):
    """OUT bounds float32 (k, b): what each query is away from each of the k cells, at least.

    IN queries float64 (b, d), home (a cell not far from them), near intp[k].
    """
    if not cells.boxed:
        _bounds_lean(cells, queries, home, near, bounds)
        return
    for p in range(near.shape[0]):
        low, high = cells.halves.low[cells.leaf[near[p]]], cells.halves.high[cells.leaf[near[p]]]
        for i in range(queries.shape[0]):
            bounds[p, i] = boxes_apart(queries[i], queries[i], low, high) * (1.0 - 2.0 * _UNIT)


@jit
def _bounds_lean(cells, queries, home, near, bounds):
    """Two bounds: by the radius of the cell, and by how far it leans toward the centre of `home`."""
    b, d = queries.shape
    axes, apart = centers_axes(cells.center, home, near)
    local, length = np.empty((b, d), np.float32), np.zeros(b)
    for i in range(b):
        for j in range(d):
            local[i, j] = queries[i, j] - cells.center[home, j]
            length[i] += np.float64(local[i, j]) ** 2
        length[i] = np.sqrt(length[i])
    toward, error = np.dot(axes, local.T), np.float32((d + 8) * 2.0 * _UNIT)
    two, sure, lengths = np.float32(2.0), np.float32(1.0 - 4.0 * _UNIT), length.astype(np.float32)
    for p in range(near.shape[0]):
        along, own, apart_one = toward[p], bounds[p], max(apart[p], _NEARLY)
        far, inverse = np.float32(apart_one), np.float32(1.0 / apart_one)
        radius = np.float32(cells.radius[near[p]] * (1.0 + 4.0 * _UNIT))
        slab = np.float32(apart_one * (1.0 - 8.0 * _UNIT) - cells.outward[near[p], home])
        slab = slab if apart[p] > _NEARLY else np.float32(-np.inf)
        for i in range(b):
            total = far + lengths[i]
            square = far * far + lengths[i] * lengths[i] - two * along[i] - two * error * total * total
            ball = np.sqrt(square if square > 0 else np.float32(0)) - radius
            lean = slab - along[i] * inverse - error * lengths[i]
            own[i] = (ball if ball > lean else lean) * sure


@jit(fastmath={"contract", "reassoc", "nsz"})
def centers_axes(center, home, near):
    """From the centre of `home` to those of `near`: differences float32 (k, d), their lengths float64[k].

    IN center float64 (c, d).
    """
    k, d = near.shape[0], center.shape[1]
    axes, apart = np.empty((k, d), np.float32), np.zeros(k)
    own = center[home]
    for p in range(k):
        other, axis, total = center[near[p]], axes[p], 0.0
        for j in range(d):
            axis[j] = other[j] - own[j]
            total += np.float64(axis[j]) * axis[j]
        apart[p] = np.sqrt(total)
    return axes, apart


@jit
def cells_lean(framed, first, center, radius, start, stop, outward):
    """OUT outward float32 (c, c): how far rows of cells `start` to `stop` are toward other centres, at most.

    Measured from the centre of the cell along the line to the other centre. IN framed float64 (m, d), by
    cell, radius float64[c].
    """
    n_cells, d = center.shape
    every = np.arange(n_cells)
    for c in range(start, stop):
        axes, apart = centers_axes(center, c, every)
        local = np.empty((first[c + 1] - first[c], d), np.float32)
        for i in range(local.shape[0]):
            for j in range(d):
                local[i, j] = framed[first[c] + i, j] - center[c, j]
        along, most = np.dot(local, axes.T), np.full(n_cells, np.float32(-np.inf))
        for i in range(local.shape[0]):
            for h in range(n_cells):
                most[h] = along[i, h] if along[i, h] > most[h] else most[h]
        for h in range(n_cells):
            lean = np.float64(most[h]) / apart[h] if apart[h] > _NEARLY else radius[c]
            outward[c, h] = (lean + (d + 8) * 2.0 * _UNIT * radius[c]) * (1.0 + _side(lean) * 4.0 * _UNIT)


@jit
def _side(value):
    return 1.0 if value > 0.0 else -1.0


@jit
def bounds_order(bounds, limit):
    """Places of cells that may be within `limit` of some query, nearest first. IN bounds float32 (k, b)."""
    places, lowest, found = np.empty(bounds.shape[0], np.intp), np.empty(bounds.shape[0], np.float32), 0
    for p in range(bounds.shape[0]):
        own, low = bounds[p], np.float32(np.inf)
        for i in range(own.shape[0]):
            low = own[i] if own[i] < low else low
        if low <= limit:
            places[found], lowest[found] = p, low
            found += 1
    return places[:found][np.argsort(lowest[:found], kind="mergesort")]
