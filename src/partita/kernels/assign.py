"""What a decision between centres rests on: rows in their frame, exact distances, bounds of rounding errors.

Every row is seen in the frame ``row * scale - shift``, of length 1 beforehand for cosine. Called by the
searches for the nearest centre.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_UNIT = 2.0**-24


@jit
def frame_row(row, shift, scale, unit, out):
    """OUT out float64[d]: `row` in the frame. IN row float[d], shift float64[d], scale float64, unit bool."""
    if not unit:
        for j in range(row.shape[0]):
            out[j] = row[j] * scale - shift[j]
        return
    largest = 0.0
    for j in range(row.shape[0]):
        largest = max(largest, abs(np.float64(row[j])))
    if largest == 0.0:
        largest = 1.0
    total = 0.0
    for j in range(row.shape[0]):
        value = row[j] / largest
        total += value * value
    factor = 1.0 / np.sqrt(total) if total > 0.0 else 1.0
    for j in range(row.shape[0]):
        out[j] = ((row[j] / largest) * factor) * scale - shift[j]


@jit
def frame_rows(X, rows, shift, scale, unit, out, norms):
    """Rows of X in the frame as float32, with their lengths.

    IN X float (n, d), rows intp[b], shift, scale, unit. OUT out float32 (b, d), norms float64[b].
    """
    d = X.shape[1]
    whole = d - d % 8
    framed, sums = np.empty(d), np.empty(8)
    for i in range(rows.shape[0]):
        frame_row(X[rows[i]], shift, scale, unit, framed)
        sums[:] = 0.0
        for j in range(0, whole, 8):
            for lane in range(8):
                sums[lane] += framed[j + lane] * framed[j + lane]
        for j in range(whole, d):
            sums[j - whole] += framed[j] * framed[j]
        for j in range(d):
            out[i, j] = framed[j]
        norms[i] = np.sqrt(
            ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]))
        )


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
def slack_of(d, norm, longest):
    """How far two scores of a row can be wrong together, by Higham's bound for dot products in any order."""
    return 2.0 * (d + 6) * _UNIT * (norm * longest + longest * longest)
