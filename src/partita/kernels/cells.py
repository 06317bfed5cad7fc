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
_SMALL_PRODUCT = 1_000_000
_FEWEST_TOGETHER = 24
_RUN = 32
_COLUMNS = 16


class Cells(NamedTuple):
    """Rows grouped by cell. All of them in the frame but `rows`.

    rows float (m, d): as they are, by cell. ids intp[m]: their numbers in content order. counts float64[m]:
    items equal to each. first intp[c + 1]: where the rows of each cell begin. columns float32[m * d]: rows
    less the centre of their cell, in blocks of at most ``WIDE`` of a cell, of each block column by column.
    squares float32[m]: their squared lengths. center float64 (c, d), radius float64[c]. outward float32 (c,
    c): how far rows of a cell stand out from its centre toward each other centre, at most; between float32
    (c, c): how far rows of two cells are apart, at least; neither where `boxed`. halves: the tree of boxes,
    where `boxed`; else without nodes. leaf intp[c]: the node of each cell. slack: how far a framed distance
    can be wrong. scale: framed by actual lengths.
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
    between: np.ndarray
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
    """Room for estimates: local float32 (b, d), scores float32[b * WIDE], error float64[b].

    For choosing among them: places intp[WIDE], lowest float32[WIDE].
    """

    local: np.ndarray
    scores: np.ndarray
    error: np.ndarray
    places: np.ndarray
    lowest: np.ndarray


@jit
def scratch_make(b, d):
    """Room for `b` queries."""
    return Scratch(
        np.empty((b, d), np.float32), np.empty(b * WIDE, np.float32), np.empty(b), np.empty(WIDE, np.intp),
        np.empty(WIDE, np.float32),
    )  # fmt: skip


@jit(fastmath={"contract", "reassoc", "nsz"})
def block_estimate(cells, c, start, stop, queries, some, scratch):
    """Squared distances of some queries to rows `start` to `stop`, a block of cell `c`: never too large.

    IN queries float64 (b, d), framed, some intp[s]. Returns float32 (s, stop - start), in `scratch`, where
    also stands by how much they may be too small.
    """
    d, wide, s = queries.shape[1], stop - start, some.shape[0]
    block = cells.columns[start * d : stop * d].reshape(d, wide)
    scores = scratch.scores[: s * wide].reshape(s, wide)
    local, center, errors = scratch.local, cells.center, scratch.error
    squares, radius = cells.squares[start:stop], cells.radius[c]
    for t in range(s):
        i = some[t]
        for j in range(d):
            local[t, j] = queries[i, j] - center[c, j]
    if d > _FEW_COLUMNS:
        _products(local[:s], block, scores)
    for t in range(s):
        length = np.float32(0.0)
        for j in range(d):
            length += local[t, j] * local[t, j]
        far = np.sqrt(np.float64(length)) + radius
        error = (d + 8) * 4.0 * _UNIT * far * far
        errors[t] = 2.0 * error
        if d > _FEW_COLUMNS:
            rest = np.float32(length - error)
            for i in range(wide):
                scores[t, i] = rest + (squares[i] - (scores[t, i] + scores[t, i]))
            continue
        for i in range(wide):
            scores[t, i] = np.float32(-error)
        for j in range(d):
            at = local[t, j]
            for i in range(wide):
                scores[t, i] += (at - block[j, i]) * (at - block[j, i])
    return scores


@jit
def _products(local, block, scores):
    """OUT scores = local @ block. In few rows at a time: small products need no packing."""
    some = _SMALL_PRODUCT // (block.shape[0] * block.shape[1])
    if some < _FEWEST_TOGETHER:
        some = local.shape[0]
    for base in range(0, local.shape[0], some):
        end = min(base + some, local.shape[0])
        np.dot(local[base:end], block, scores[base:end])


@jit(fastmath={"nnan", "nsz"})
def scores_within(scores, t, limit, places):
    """Places in row `t` of the scores that are not above a limit, ascending. OUT places. Returns how many."""
    wide, count, total = scores.shape[1], 0, 0
    for j in range(wide):
        low = scores[t, j] <= limit
        count += 1 if low else 0
        total += j if low else 0
    if count <= 1:
        places[0] = total
        return count
    found, t = np.uintp(0), np.uintp(t)
    for base in range(0, wide, _RUN):
        end, some = min(base + _RUN, wide), 0
        for j in range(np.uintp(base), np.uintp(end)):
            some += 1 if scores[t, j] <= limit else 0
        if some > 0:
            for j in range(np.uintp(base), np.uintp(end)):
                places[found] = j
                found += np.uintp(1) if scores[t, j] <= limit else np.uintp(0)
            if found == np.uintp(count):
                break
    return count


@jit
def limit_of(cells, square):
    """The framed distance that no row within a squared distance exceeds, and its square as estimated."""
    far = np.sqrt(square) * cells.scale * (1.0 + 1e-12) + cells.slack
    lifted = far * far * (1.0 + (cells.rows.shape[1] + 10) * 2.0 * _UNIT)
    return np.float32(far * (1.0 + 4.0 * _UNIT)), np.float32(lifted)


@jit
def limit_first(cells, scores, t, count, least, scratch):
    """Limits as ``limit_of`` within which `count` rows of a block lie, by the estimates in row `t`.

    IN scores float32 (by at most ``scratch.error[t]`` too small), least (an estimate to be within as well).
    """
    if count > scores.shape[1]:
        return np.float32(np.inf), np.float32(np.inf)
    lowest = scratch.lowest
    # In each column of a table of the scores one lies within the lowest of it: few are within most of these.
    ceiling, some = _lowest_of_columns(scores, t, count, lowest), np.uintp(0)
    for j in range(scores.shape[1]):
        lowest[some] = scores[t, j]
        some += np.uintp(1) if scores[t, j] <= ceiling else np.uintp(0)
    _lowest_first(lowest, some, count)
    estimate = max(np.float64(lowest[count - 1]), least) + scratch.error[t]
    far = (np.sqrt(max(estimate, 0.0)) + cells.slack) * (1.0 + 1e-12)
    return limit_of(cells, (far / cells.scale) ** 2)


@jit(fastmath={"nnan", "nsz"})
def _lowest_of_columns(scores, t, count, lowest):
    """A score that at least `count` of row `t` are not above. SCRATCH lowest float32."""
    wide = scores.shape[1]
    if count > _COLUMNS or wide < 2 * _COLUMNS:
        return np.float32(np.inf)
    for j in range(_COLUMNS):
        lowest[j] = scores[t, j]
    for base in range(_COLUMNS, wide - _COLUMNS + 1, _COLUMNS):
        some = scores[t, base : base + _COLUMNS]
        for j in range(_COLUMNS):
            lowest[j] = some[j] if some[j] < lowest[j] else lowest[j]
    _lowest_first(lowest, _COLUMNS, count)
    return lowest[count - 1]


@jit
def _lowest_first(values, size, count):
    """Put the lowest `count` of the first `size` values first, ascending. INOUT values float32."""
    for j in range(1, size):
        value, p = values[j], min(j, count)
        if p == count and value >= values[p - 1]:
            continue
        p = min(p, count - 1)
        while p > 0 and values[p - 1] > value:
            values[p] = values[p - 1]
            p -= 1
        values[p] = value


@jit(fastmath={"contract", "reassoc", "nsz"})
def centers_apart(centers, i, others, k):
    """The distance of centre `i` of some and centre `k` of others. IN float64 (centres, d)."""
    total = 0.0
    for j in range(centers.shape[1]):
        total += (centers[i, j] - others[k, j]) ** 2
    return np.sqrt(total)


@jit
def cells_near(cells, queries, limit, near):
    """Cells that may hold rows within `limit` of some query.

    IN queries float64 (b, d), framed. OUT near intp[c]. Returns how many, and a bound for each, float64.
    """
    n_cells, d = cells.center.shape
    center, low, high = np.zeros((1, d)), queries[:1].copy(), queries[:1].copy()
    centers, radii, radius = cells.center, cells.radius, 0.0
    for j in range(d):
        total = 0.0
        for i in range(queries.shape[0]):
            total += queries[i, j]
            low[0, j], high[0, j] = min(low[0, j], queries[i, j]), max(high[0, j], queries[i, j])
        center[0, j] = total / queries.shape[0]
    for i in range(queries.shape[0]):
        radius = max(radius, centers_apart(center, 0, queries, i))
    found, bounds = 0, np.empty(n_cells)
    if cells.boxed:
        found = halves_near(cells.halves, low, high, limit, near, bounds)
    else:
        for c in range(n_cells):
            apart = centers_apart(center, 0, centers, c)
            apart = apart - radius - radii[c] - 1e-9 * (apart + radius)
            if apart <= limit:
                near[found], bounds[found] = c, apart
                found += 1
    return found, bounds[:found]


@jit
def ascending(values):
    """Places of a few values, ascending, of equal ones the first first; by Shell: quick to compile."""
    order, gap = np.arange(values.shape[0]), 1
    while gap < values.shape[0] // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, values.shape[0]):
            place, p = order[i], i
            while p >= gap:
                before = order[p - gap]
                if values[before] < values[place] or (values[before] == values[place] and before < place):
                    break
                order[p] = before
                p -= gap
            order[p] = place
        gap //= 3
    return order


@jit
def cells_nearest(cells, queries, home, inside, limit):
    """Cells that may hold rows within `limit` of some query, nearest first, and a bound for each, float64.

    IN queries float64 (b, d), home (a cell), inside (whether the queries are rows of it).
    """
    near = np.empty(cells.center.shape[0], np.intp)
    if inside and not cells.boxed:
        found, bounds = 0, np.empty(near.shape[0])
        for c in range(near.shape[0]):
            if cells.between[home, c] <= limit:
                near[found], bounds[found] = c, cells.between[home, c]
                found += 1
        bounds = bounds[:found]
    else:
        found, bounds = cells_near(cells, queries, limit, near)
    order = ascending(bounds)
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
    lows, highs, leaf = cells.halves.low, cells.halves.high, cells.leaf
    for p in range(near.shape[0]):
        v = leaf[near[p]]
        for i in range(queries.shape[0]):
            bounds[p, i] = boxes_apart(queries, queries, i, lows, highs, v) * (1.0 - 2.0 * _UNIT)


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
    for p in range(k):
        c, total = near[p], 0.0
        for j in range(d):
            axes[p, j] = center[c, j] - center[home, j]
            total += np.float64(axes[p, j]) * axes[p, j]
        apart[p] = np.sqrt(total)
    return axes, apart


@jit
def cells_lean(framed, first, center, radius, start, stop, outward, between):
    """OUT outward float32 (c, c): how far rows of cells `start` to `stop` are toward other centres, at most.

    Measured from the centre of the cell along the line to the other centre. IN framed float64 (m, d), by
    cell, radius float64[c]. OUT between float32 (c, c): how far these centres are apart, at least.
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
            between[c, h] = apart[h] * (1.0 - 16.0 * _UNIT) if apart[h] > _NEARLY else -np.inf
            outward[c, h] = (lean + (d + 8) * 2.0 * _UNIT * radius[c]) * (1.0 + _side(lean) * 4.0 * _UNIT)


@jit
def cells_between(outward, start, stop, between):
    """INOUT between float32 (c, c): from centres apart to rows apart, of cells `start` to `stop`."""
    for c in range(start, stop):
        for h in range(outward.shape[0]):
            least = np.float64(between[c, h]) - outward[c, h] - outward[h, c]
            between[c, h] = least * (1.0 - _side(least) * 4.0 * _UNIT)


@jit
def _side(value):
    return 1.0 if value > 0.0 else -1.0


@jit
def bounds_order(bounds, limit):
    """Places of cells that may be within `limit` of some query, nearest first. IN bounds float32 (k, b)."""
    places, lowest, found = np.empty(bounds.shape[0], np.intp), np.empty(bounds.shape[0], np.float32), 0
    for p in range(bounds.shape[0]):
        low = np.float32(np.inf)
        for i in range(bounds.shape[1]):
            low = bounds[p, i] if bounds[p, i] < low else low
        if low <= limit:
            places[found], lowest[found] = p, low
            found += 1
    return places[:found][ascending(lowest[:found])]
