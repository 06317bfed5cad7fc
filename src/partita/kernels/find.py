"""Nearest centre as a pure function of row and centres: guides first, then the centres that a guide lists.

Products of float32 matrices only filter, since their last digits depend on the block and the BLAS. Centres
within the rounding error of the best are decided anew in float64, in fixed order, lowest number first. Every
row is seen in the frame ``row * scale - shift``, of length 1 beforehand for cosine. Called by the makers of
points.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.assign import distance_exact, frame_row, frame_rows, slack_of
from partita.kernels.jit import jit
from partita.kernels.lloyd import labels_group
from partita.kernels.near import rows_gather, scores_best, scores_within

_TILE = 256
_SAFE = 1e37


@jit
def place_settle(products, half, norm, longest, row, shift, scale, unit, centers, prices, numbers, exact):
    """The place, in a list of centres, of the one nearest to a row; of equally near ones the first.

    IN half float32[m] (of the centres listed), norm (length of the row), longest (of the centres), row
    float[d], shift, scale, unit (the frame), centers float64 (k, d), prices float64[k] (added to squared
    distances), numbers intp[m] (those listed).
    INOUT products float32[m] (become scores). SCRATCH exact float64[d].
    """
    m = half.shape[0]
    if m == 1:
        return 0
    limit = np.float32(np.inf)
    # Beyond this, products overflow, and say nothing.
    trusted = norm * longest < _SAFE and longest * longest < _SAFE
    if trusted:
        lowest = products[scores_best(products, half)]
        slack = slack_of(row.shape[0], norm, longest)
        limit = np.nextafter(np.float32(np.float64(lowest) + slack), np.float32(np.inf))
        count, place = scores_within(products, limit)
        if count == 1:
            return place
    frame_row(row, shift, scale, unit, exact)
    best, place = np.inf, 0
    for j in range(m):
        if trusted and products[j] > limit:
            continue
        distance = distance_exact(exact, centers[numbers[j]]) + prices[numbers[j]]
        if distance < best:
            best, place = distance, j
    return place


@jit
def guides_ask(
    X, rows, shift, scale, unit, framed, norms, guides, guide_rows, guide_half, guide_longest, asked
):
    """The nearest guide of each row, decided exactly. Parameters as in ``rows_find``. OUT asked intp[b]."""
    b, g = rows.shape[0], guides.shape[0]
    asked[:] = 0
    if g == 1:
        return
    every, free, exact = np.arange(g), np.zeros(g), np.empty(X.shape[1])
    products = np.empty((_TILE, g), np.float32)
    for base in range(0, b, _TILE):
        stop = min(base + _TILE, b)
        np.dot(framed[base:stop], guide_rows.T, products[: stop - base])
        for i in range(base, stop):
            asked[i] = place_settle(
                products[i - base], guide_half, norms[i], guide_longest, X[rows[i]], shift, scale, unit,
                guides, free, every, exact,
            )  # fmt: skip


@jit
def guides_recall(rows, guide_of, asked):
    """Which guides are nearest, as an earlier search found. IN guide_of int32[n]. OUT asked intp[b]."""
    for i in range(rows.shape[0]):
        asked[i] = guide_of[rows[i]]


@jit
def rows_find(
    X, rows, shift, scale, unit, guides, guide_rows, guide_half, guide_longest, first, numbers, listed_rows,
    listed_half, longest, centers, prices, guide_of, labels, distances
):  # fmt: skip
    """Decide the nearest listed centre of each row of a block.

    IN X float (n, d), rows intp[b], shift, scale, unit (the frame), guides float64 (g, d), guide_rows float32
    (g, d), guide_half float32[g] (half squared lengths), guide_longest, first intp[g + 1], numbers intp[l]
    (guide c lists ``numbers[first[c]:first[c + 1]]``, ascending), listed_rows float32 (l, d) and listed_half
    float32[l] (of the centres listed, prices included), longest float64[g] (of the centres of each list),
    centers float64 (k, d), prices float64[k] (added to squared distances where centres are compared).
    guide_of int32[n] (the guide of each row; of length 0: not known yet; may be `labels`).
    OUT labels int32[n], distances float64[n] (squared), at `rows`.
    """
    b, d, g = rows.shape[0], X.shape[1], guides.shape[0]
    framed, norms = np.empty((b, d), np.float32), np.empty(b)
    frame_rows(X, rows, shift, scale, unit, framed, norms)
    asked, exact = np.empty(b, np.intp), np.empty(d)
    if guide_of.shape[0]:
        guides_recall(rows, guide_of, asked)
    else:
        guides_ask(
            X, rows, shift, scale, unit, framed, norms, guides, guide_rows, guide_half, guide_longest, asked
        )
    group_first, members = np.empty(g + 1, np.intp), np.empty(b, np.intp)
    labels_group(asked, group_first, members)
    gathered = np.empty((_TILE, d), np.float32)
    for c in range(g):
        own, half = numbers[first[c] : first[c + 1]], listed_half[first[c] : first[c + 1]]
        products = np.empty((min(_TILE, group_first[c + 1] - group_first[c]), own.shape[0]), np.float32)
        for base in range(group_first[c], group_first[c + 1], _TILE):
            tile = members[base : min(base + _TILE, group_first[c + 1])]
            t = tile.shape[0]
            rows_gather(framed, tile, gathered)
            np.dot(gathered[:t], listed_rows[first[c] : first[c + 1]].T, products[:t])
            for p in range(t):
                i = tile[p]
                row = X[rows[i]]
                place = place_settle(
                    products[p],
                    half,
                    norms[i],
                    longest[c],
                    row,
                    shift,
                    scale,
                    unit,
                    centers,
                    prices,
                    own,
                    exact,
                )
                frame_row(row, shift, scale, unit, exact)
                labels[rows[i]] = own[place]
                distances[rows[i]] = distance_exact(exact, centers[own[place]])


@jit
def rows_tally(
    X, rows, weight, shift, scale, unit, guides, guide_rows, guide_half, guide_longest, first, numbers,
    listed_rows, listed_half, longest, centers, prices, known, guide_of, steps, sums, mass, squares
):  # fmt: skip
    """Add each row of a block to its nearest listed centre, as the products say, in whole steps.

    Whole numbers add up to the same sum in any order, hence for any order of rows and number of threads.
    IN weight float64[n] (or of length 0: all 1), steps float64[3] (how many make 1 of a coordinate, of a
    weight, of a squared length), known (whether `guide_of` tells the guides); others as in ``rows_find``.
    INOUT guide_of int32[n] (the guides found; of length 0: they are not kept), sums int64 (k, d), mass
    int64[k], squares int64[k]. Returns the largest coordinate.
    """
    b, d, g = rows.shape[0], X.shape[1], guides.shape[0]
    framed, norms = np.empty((b, d), np.float32), np.empty(b)
    frame_rows(X, rows, shift, scale, unit, framed, norms)
    asked = np.empty(b, np.intp)
    if known:
        guides_recall(rows, guide_of, asked)
    else:
        guides_ask(
            X, rows, shift, scale, unit, framed, norms, guides, guide_rows, guide_half, guide_longest, asked
        )
        if guide_of.shape[0]:
            for i in range(b):
                guide_of[rows[i]] = asked[i]
    group_first, members = np.empty(g + 1, np.intp), np.empty(b, np.intp)
    labels_group(asked, group_first, members)
    gathered = np.empty((_TILE, d), np.float32)
    largest = np.zeros(16, np.float32)
    for c in range(g):
        own, half = numbers[first[c] : first[c + 1]], listed_half[first[c] : first[c + 1]]
        products = np.empty((min(_TILE, group_first[c + 1] - group_first[c]), own.shape[0]), np.float32)
        for base in range(group_first[c], group_first[c + 1], _TILE):
            tile = members[base : min(base + _TILE, group_first[c + 1])]
            t = tile.shape[0]
            rows_gather(framed, tile, gathered)
            np.dot(gathered[:t], listed_rows[first[c] : first[c + 1]].T, products[:t])
            for p in range(t):
                label = own[scores_best(products[p], half)]
                w = weight[rows[tile[p]]] if weight.shape[0] else 1.0
                mass[label] += np.int64(np.rint(w * steps[1]))
                squares[label] += np.int64(np.rint(w * np.rint(norms[tile[p]] * norms[tile[p]] * steps[2])))
                row_add(gathered[p], w, steps[0], sums[label], largest)
    return largest.max()


@jit
def row_add(row, w, steps, total, largest):
    """Add a weighted row in whole steps. IN row float32[d]. INOUT total int64[d], largest float32[16]."""
    d = row.shape[0]
    for j in range(d):
        lane = j & 15
        size = abs(row[j])
        largest[lane] = size if size > largest[lane] else largest[lane]
    if w == 1.0:
        for j in range(d):
            total[j] += np.int64(np.rint(row[j] * steps))
    else:
        for j in range(d):
            total[j] += np.int64(np.rint(w * np.rint(row[j] * steps)))


@jit
def rows_measure(X, rows, shift, scale, unit, centers, labels, distances):
    """The squared distance of each row of a block to the centre of its label. As in ``rows_find``."""
    exact = np.empty(X.shape[1])
    for i in rows:
        frame_row(X[i], shift, scale, unit, exact)
        distances[i] = distance_exact(exact, centers[labels[i]])
