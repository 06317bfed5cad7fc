"""The two cheapest cells of each item under prices, and the cells near them. Called by transport.

An adjusted cost is ``offset[j] + sign * rows[i, j]``: for a matrix of costs the offset is the price and the
sign is 1; for products of points and centres it is half of squared length plus price, and the sign is -1.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.assign import distance_exact, frame_row
from partita.kernels.jit import jit

_LANES = 32


@jit
def _row_lows(row, offset, sign, lows, seconds):
    """The two lowest adjusted costs among every 32nd cell, in OUT lows, seconds (32 each)."""
    k = row.shape[0]
    whole = k - k % _LANES
    lows[:] = np.inf
    seconds[:] = np.inf
    for base in range(0, whole, _LANES):
        some, others = row[base : base + _LANES], offset[base : base + _LANES]
        for lane in range(_LANES):
            value = others[lane] + sign * some[lane]
            low = lows[lane]
            above = value if value > low else low
            seconds[lane] = above if above < seconds[lane] else seconds[lane]
            lows[lane] = value if value < low else low
    for j in range(whole, k):
        lane = j - whole
        value = offset[j] + sign * row[j]
        low = lows[lane]
        above = value if value > low else low
        seconds[lane] = above if above < seconds[lane] else seconds[lane]
        lows[lane] = value if value < low else low


@jit
def _first_at(row, offset, sign, lane, wanted, but):
    """The first cell of a lane whose adjusted cost is `wanted`, other than `but`; -1 where there is none."""
    for j in range(lane, row.shape[0], _LANES):
        if j != but and offset[j] + sign * row[j] == wanted:
            return j
    return -1


@jit
def _lowest_in(values, halves):
    """The lowest of 32 values, by halves: a search one by one would wait for each comparison."""
    for lane in range(_LANES // 2):
        some, other = values[lane], values[lane + _LANES // 2]
        halves[lane] = some if some < other else other
    for lane in range(_LANES // 4):
        some, other = halves[lane], halves[lane + _LANES // 4]
        halves[lane] = some if some < other else other
    lowest = halves[0]
    for lane in range(1, _LANES // 4):
        lowest = halves[lane] if halves[lane] < lowest else lowest
    return lowest


@jit
def rows_cheapest(rows, offset, sign, best, second, low, margin):
    """The cheapest cell of each row, the next one, and by how much that one is dearer.

    IN rows float (b, k), offset float[k], sign of the type of both.
    OUT best, second int32[b] (`second` is `best` for k = 1), low, margin float64[b] (`margin` inf for k = 1).
    """
    k = rows.shape[1]
    lanes = min(k, _LANES)
    lows, seconds = np.empty(_LANES, rows.dtype), np.empty(_LANES, rows.dtype)
    halves = np.empty(_LANES, rows.dtype)
    for i in range(rows.shape[0]):
        _row_lows(rows[i], offset, sign, lows, seconds)
        lowest = _lowest_in(lows, halves)
        cell = k
        for lane in range(lanes):
            if lows[lane] == lowest:
                cell = min(cell, _first_at(rows[i], offset, sign, lane, lowest, -1))
        cell = cell if cell < k else 0
        lane = cell % _LANES
        lows[lane] = seconds[lane]
        next_lowest = _lowest_in(lows, halves)
        other = k
        for lane in range(lanes):
            if lows[lane] == next_lowest:
                found = _first_at(rows[i], offset, sign, lane, next_lowest, cell)
                other = min(other, found if found >= 0 else k)
        best[i], second[i] = cell, other if other < k else cell
        low[i], margin[i] = lowest, next_lowest - lowest


@jit
def rows_count_near(rows, offset, sign, limit, count):
    """How many cells of each row cost at most `limit`.

    IN rows float (b, k), offset float[k], sign, limit float[b] (all of one type). OUT count intp[b].
    A limit that is not finite means all cells.
    """
    k = rows.shape[1]
    for i in range(rows.shape[0]):
        row, bound = rows[i], limit[i]
        found = np.int32(0)
        if np.isfinite(bound):
            for j in range(k):
                found += np.int32(0) if offset[j] + sign * row[j] > bound else np.int32(1)
        else:
            found = np.int32(k)
        count[i] = found


@jit
def rows_fill_near(rows, offset, sign, limit, best, picked, first, cells):
    """The best cell and the cheapest others within the limit of each picked row, as its run has room for.

    IN as for `rows_count_near`, best int32[b], picked intp[p], first intp[p + 1] (runs). OUT cells int32.
    """
    values = np.empty(rows.shape[1], rows.dtype)
    for p in range(picked.shape[0]):
        row, bound = rows[picked[p]], limit[picked[p]]
        everything = not np.isfinite(bound)
        room, held, run = first[p + 1] - first[p], 1, cells[first[p] : first[p + 1]]
        run[0], values[0] = best[picked[p]], -np.inf
        for j in range(row.shape[0]):
            value = offset[j] + sign * row[j]
            if j == run[0]:
                continue
            if not everything and (value > bound or (held == room and value >= values[room - 1])):
                continue
            at = held if held < room else room - 1
            while at > 0 and values[at - 1] > value:
                if at < room:
                    values[at], run[at] = values[at - 1], run[at - 1]
                at -= 1
            values[at], run[at] = value, j
            held = min(held + 1, room)


@jit
def costs_gather(rows, picked, first, cells, costs):
    """OUT costs float64: the entries of rows (b, k) at the runs of `cells` of the picked rows."""
    for p in range(picked.shape[0]):
        for at in range(first[p], first[p + 1]):
            costs[at] = rows[picked[p], cells[at]]


@jit
def products_gather(products, half, picked, first, cells, costs):
    """OUT costs float64: squared distances less the squared length of the row, as products say.

    IN products float32 (b, k), half float32[k], picked intp[p], first intp[p + 1], cells int32.
    """
    for p in range(picked.shape[0]):
        for at in range(first[p], first[p + 1]):
            costs[at] = 2.0 * (half[cells[at]] - products[picked[p], cells[at]])


@jit
def distances_gather(X, picked, shift, scale, unit, centers, first, cells, costs):
    """OUT costs float64: squared distances of rows of X to centres in the frame, summed in fixed order.

    IN X float (n, d), picked intp[p], shift, scale, unit (the frame of kernels.assign),
    centers float64 (k, d), first intp[p + 1], cells int32.
    """
    framed = np.empty(X.shape[1])
    for p in range(picked.shape[0]):
        frame_row(X[picked[p]], shift, scale, unit, framed)
        for at in range(first[p], first[p + 1]):
            costs[at] = distance_exact(framed, centers[cells[at]])


@jit
def distances_own(X, picked, shift, scale, unit, centers, labels, out):
    """OUT out float64[p]: squared distance of each picked row to the centre `labels[p]`, in the frame."""
    framed = np.empty(X.shape[1])
    for p in range(picked.shape[0]):
        frame_row(X[picked[p]], shift, scale, unit, framed)
        out[p] = distance_exact(framed, centers[labels[p]])
