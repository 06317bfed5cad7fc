"""k-means among near cells: rows of a cell meet only the centres around it, by one small product each.

For passes whose last digits don't matter. Called by the makers of points.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_TILE = 128
_RUN = 64


@jit
def scores_best(products, half):
    """Turn products into scores, and find the place of the lowest, of equal ones the first.

    A score ``half[j] - products[j]`` is half the squared distance less a constant of the row.
    IN half float32[k]. INOUT products float32[k].
    """
    for j in range(half.shape[0]):
        products[j] = half[j] - products[j]
    return lowest_place(products)


@jit
def lowest_place(scores):
    """The place of the lowest of float32[k], of equal ones the first.

    Compilers vectorise the search for the lowest integer, not for the lowest float. Seen as integers, floats
    keep their order when the digits of negative ones are turned.
    """
    keys = scores.view(np.int32)
    lowest = np.int32(2147483647)
    for j in range(keys.shape[0]):
        lowest = np.int32(min(lowest, _ordered(keys[j])))
    count, places = 0, 0
    for j in range(keys.shape[0]):
        found = _ordered(keys[j]) == lowest
        count += 1 if found else 0
        places += j if found else 0
    if count == 1:
        return places
    for j in range(keys.shape[0]):
        if _ordered(keys[j]) == lowest:
            return j
    return 0


@jit(inline="always")
def _ordered(key):
    return np.int32(key ^ np.int32(np.int32(key >> 31) & 0x7FFFFFFF))


@jit(fastmath={"nnan", "nsz"})
def scores_within(scores, limit):
    """How many scores are not above a limit, and the sum of their places: the place, if it is one."""
    count, places = 0, 0
    for j in range(scores.shape[0]):
        low = scores[j] <= limit
        count += 1 if low else 0
        places += j if low else 0
    return count, places


@jit
def rows_gather(points, rows, out):
    """OUT out (b, d): rows of points (n, d). IN rows intp[b]."""
    for t in range(rows.shape[0]):
        row = rows[t]
        for j in range(points.shape[1]):
            out[t, j] = points[row, j]


@jit
def cells_search(
    points, squares, first, members, start, stop, list_first, lists, centers, half, labels, distances
):
    """The nearest centre of each row of cells `start` to `stop`, among those that its cell lists.

    IN points float32 (n, d), squares float32[n] (squared lengths), first, members (labels_group), list_first
    intp[c + 1], lists intp (cell c lists ``lists[list_first[c]:list_first[c + 1]]``), centers float32 (k, d),
    half float32[k] (half squared lengths).
    OUT labels intp[n], distances float64[n] (squared, not below 0), at the rows of those cells.
    """
    d = points.shape[1]
    rows = np.empty((_TILE, d), np.float32)
    for c in range(start, stop):
        if first[c] == first[c + 1]:
            continue
        near = lists[list_first[c] : list_first[c + 1]]
        own, own_half = _listed(centers, half, near)
        products = np.empty((_TILE, near.shape[0]), np.float32)
        for base in range(first[c], first[c + 1], _TILE):
            tile = members[base : min(base + _TILE, first[c + 1])]
            b = tile.shape[0]
            rows_gather(points, tile, rows)
            np.dot(rows[:b], own.T, products[:b])
            for t in range(b):
                place = scores_best(products[t], own_half)
                lowest = np.float64(products[t, place])
                labels[tile[t]] = near[place]
                distances[tile[t]] = max(0.0, np.float64(squares[tile[t]]) + 2.0 * lowest)


@jit
def cells_search_two(
    points, squares, first, members, start, stop, list_first, lists, centers, half, labels, distances, second,
    extra,
):  # fmt: skip
    """As ``cells_search``, and the centre that would be next. At least two are listed.

    OUT second intp[n], extra float64[n] (by how much its squared distance is larger).
    """
    d = points.shape[1]
    rows = np.empty((_TILE, d), np.float32)
    for c in range(start, stop):
        if first[c] == first[c + 1]:
            continue
        near = lists[list_first[c] : list_first[c + 1]]
        own, own_half = _listed(centers, half, near)
        products = np.empty((_TILE, near.shape[0]), np.float32)
        for base in range(first[c], first[c + 1], _TILE):
            tile = members[base : min(base + _TILE, first[c + 1])]
            b = tile.shape[0]
            rows_gather(points, tile, rows)
            np.dot(rows[:b], own.T, products[:b])
            for t in range(b):
                row = tile[t]
                place = scores_best(products[t], own_half)
                lowest = np.float64(products[t, place])
                labels[row] = near[place]
                distances[row] = max(0.0, np.float64(squares[row]) + 2.0 * lowest)
                products[t, place] = np.inf
                place = lowest_place(products[t])
                second[row] = near[place]
                extra[row] = 2.0 * (np.float64(products[t, place]) - lowest)


@jit
def _listed(centers, half, near):
    own, own_half = (
        np.empty((near.shape[0], centers.shape[1]), np.float32),
        np.empty(near.shape[0], np.float32),
    )
    rows_gather(centers, near, own)
    for j in range(near.shape[0]):
        own_half[j] = half[near[j]]
    return own, own_half


@jit
def scores_argmin(products, half, squares, labels, distances):
    """The nearest centre of each row as the products say.

    IN half float32[k], squares float32[b] (squared lengths of rows). INOUT products float32 (b, k).
    OUT labels intp[b], distances float64[b] (squared, not below 0).
    """
    for i in range(labels.shape[0]):
        labels[i] = scores_best(products[i], half)
        distances[i] = max(0.0, np.float64(squares[i]) + 2.0 * np.float64(products[i, labels[i]]))


@jit
def centers_near(centers, half, some, others, near):
    """The m nearest of `others` for each of `some` centres, which are among them, ascending by number.

    IN centers float32 (k, d), half float32[k] (half squared lengths), some, others intp (ascending).
    OUT near intp (k, m), the rows of `some`.
    """
    m, d = near.shape[1], centers.shape[1]
    rows, columns = np.empty((some.shape[0], d), np.float32), np.empty((others.shape[0], d), np.float32)
    rows_gather(centers, some, rows)
    rows_gather(centers, others, columns)
    scores = np.dot(rows, columns.T)
    heap, places = np.empty(m, np.float32), np.empty(m, np.intp)
    for i in range(some.shape[0]):
        score = scores[i]
        for j in range(score.shape[0]):
            score[j] = half[others[j]] - score[j] if others[j] != some[i] else -np.inf
        _select(score, heap, places)
        near[some[i]] = others[np.sort(places)]


@jit
def _select(score, heap, places):
    """Places of the lowest scores, as many as there is room for; of equal ones the first."""
    heap[:] = np.inf
    m, k = heap.shape[0], score.shape[0]
    for j in range(m):
        places[j] = j
    for j in range(m):
        _heap_put(heap, places, np.float32(np.inf) if np.isnan(score[j]) else score[j], j, j + 1)
    for base in range(m, k, _RUN):
        run = score[base : min(base + _RUN, k)]
        if scores_within(run, heap[0])[0] > 0:
            for j in range(run.shape[0]):
                if run[j] < heap[0]:
                    _heap_replace(heap, places, run[j], base + j)


@jit
def _heap_put(heap, places, value, place, size):
    at = size - 1
    while at > 0 and heap[(at - 1) // 2] < value:
        heap[at], places[at] = heap[(at - 1) // 2], places[(at - 1) // 2]
        at = (at - 1) // 2
    heap[at], places[at] = value, place


@jit
def _heap_replace(heap, places, value, place):
    at, m = 0, heap.shape[0]
    while 2 * at + 1 < m:
        low = 2 * at + 1
        if low + 1 < m and heap[low + 1] > heap[low]:
            low += 1
        if heap[low] <= value:
            break
        heap[at], places[at] = heap[low], places[low]
        at = low
    heap[at], places[at] = value, place
