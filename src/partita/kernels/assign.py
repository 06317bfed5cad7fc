"""Nearest centre as a pure function of row and centres, on top of BLAS products. For makers of points.

A product of float32 matrices is fast, but its last digits depend on the block and the BLAS. So it only
filters: centres within its rounding error of the best are decided anew in float64, in fixed order, lowest
index first. Every row is seen in the frame ``row * scale - shift``, of length 1 beforehand for cosine.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_UNIT = 2.0**-24
_LANES = 64


@jit
def frame_row(row, shift, scale, unit, out):
    """OUT out float64[d]: `row` in the frame. IN row float[d], shift float64[d], scale float64, unit bool."""
    factor = 1.0
    largest = 1.0
    if unit:
        largest = 0.0
        for j in range(row.shape[0]):
            largest = max(largest, abs(np.float64(row[j])))
        if largest == 0.0:
            largest = 1.0
        total = 0.0
        for j in range(row.shape[0]):
            value = row[j] / largest
            total += value * value
        if total > 0.0:
            factor = 1.0 / np.sqrt(total)
    for j in range(row.shape[0]):
        out[j] = ((row[j] / largest) * factor) * scale - shift[j] if unit else row[j] * scale - shift[j]


@jit
def frame_rows(X, rows, shift, scale, unit, out, norms):
    """Rows of X in the frame as float32, with their lengths.

    IN X float (n, d), rows intp[b], shift, scale, unit. OUT out float32 (b, d), norms float64[b].
    """
    d = X.shape[1]
    framed = np.empty(d)
    for i in range(rows.shape[0]):
        frame_row(X[rows[i]], shift, scale, unit, framed)
        total = 0.0
        for j in range(d):
            total += framed[j] * framed[j]
            out[i, j] = framed[j]
        norms[i] = np.sqrt(total)


@jit
def distance_exact(row, center):
    """Squared distance in float64: eight sums in fixed order, so that it is fast and always the same."""
    d = row.shape[0]
    sums = np.zeros(8)
    whole = d - d % 8
    for j in range(0, whole, 8):
        for lane in range(8):
            difference = row[j + lane] - center[j + lane]
            sums[lane] += difference * difference
    for j in range(whole, d):
        difference = row[j] - center[j]
        sums[j - whole] += difference * difference
    return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]))


@jit
def score_lowest(products, half, lows):
    """Lowest ``half[j] - products[j]``, which is half the squared distance less a constant of the row.

    IN products, half float32[k]. OUT lows float32[64], the lowest among every 64th.
    In 64 lanes, since compilers don't vectorise the search for one lowest float.
    """
    k = products.shape[0]
    whole = k - k % _LANES
    lows[:] = np.inf
    for base in range(0, whole, _LANES):
        some, others = products[base : base + _LANES], half[base : base + _LANES]
        for lane in range(_LANES):
            value = others[lane] - some[lane]
            lows[lane] = value if value < lows[lane] else lows[lane]
    for j in range(whole, k):
        lows[j - whole] = min(lows[j - whole], half[j] - products[j])
    lowest = lows[0]
    for lane in range(1, _LANES):
        lowest = lows[lane] if lows[lane] < lowest else lowest
    return lowest


@jit
def slack_of(d, norm, longest):
    """How far two scores of a row can be wrong together, by Higham's bound for dot products in any order."""
    return 2.0 * (d + 6) * _UNIT * (norm * longest + longest * longest)


@jit
def scores_settle(
    products, half, X, rows, shift, scale, unit, norms, centers, numbers, longest, labels, distances
):
    """Decide the nearest centre of each row of a block.

    IN products float32 (b, k) (rows times centres), half float32[k] (half squared lengths), X float (n, d),
    rows intp[b], shift, scale, unit (the frame), norms float64[b], centers float64 (k, d), numbers intp[k]
    (their labels, ascending), longest (of the centres).
    OUT labels int32[n], distances float64[n] (squared), at `rows`.
    """
    d, k = X.shape[1], half.shape[0]
    framed = np.empty(d)
    lows = np.empty(_LANES, np.float32)
    for i in range(rows.shape[0]):
        limit = score_lowest(products[i], half, lows) + slack_of(d, norms[i], longest)
        trusted = np.isfinite(limit)
        frame_row(X[rows[i]], shift, scale, unit, framed)
        best, label = np.inf, k
        for lane in range(min(k, _LANES)):
            if trusted and lows[lane] > limit:
                continue
            for j in range(lane, k, _LANES):
                if trusted and half[j] - products[i, j] > limit:
                    continue
                distance = distance_exact(framed, centers[j])
                if distance < best or (distance == best and j < label) or label == k:
                    best, label = distance, j
        labels[rows[i]] = numbers[label]
        distances[rows[i]] = best


@jit
def scores_argmin(products, half, squares, labels, distances):
    """The nearest centre of each row as the products say: for passes whose last digits don't matter.

    IN products float32 (b, k), half float32[k], squares float32[b] (squared lengths of rows).
    OUT labels intp[b], distances float64[b] (squared, not below 0).
    """
    k = half.shape[0]
    lows = np.empty(_LANES, np.float32)
    for i in range(labels.shape[0]):
        lowest = score_lowest(products[i], half, lows)
        label = k - 1
        for lane in range(min(k, _LANES)):
            if lows[lane] <= lowest:
                j = lane
                while j < k and half[j] - products[i, j] > lowest:
                    j += _LANES
                label = min(label, j)
        labels[i] = label
        distances[i] = max(0.0, np.float64(squares[i]) + 2.0 * np.float64(lowest))
