"""The nearest of all centres without meeting all: by bounds, so that labels are those of ``rows_find``.

Two ways. *Neighbours*: a row whose distance to some centre is u has its nearest centre within 2 u of that
one. *Projections*: by the inequality of Cauchy and Schwarz, a product is at most that of the projections to a
few directions plus that of the lengths of what is left. Either leaves few centres to each row; those within
rounding errors of the best are decided in float64, in fixed order, lowest number first. Called by the makers
of points.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.assign import distance_exact, frame_row, frame_rows, slack_of
from partita.kernels.jit import jit
from partita.kernels.near import lowest_place, scores_within

_TILE = 256
_RUN = 64
_SAFE = 1e37
_UNIT = 2.0**-24
_MARGIN = 1e-9


@jit
def neighbours_measure(near, centers, start, stop, numbers, distances):
    """Neighbours of centres `start` to `stop` in the order of their distances.

    IN near intp (k, m) (in any order), centers float64 (k, d). OUT numbers int32 (k, m), distances float64
    (k, m) (ascending, not squared).
    """
    m = near.shape[1]
    apart = np.empty(m)
    for c in range(start, stop):
        for j in range(m):
            apart[j] = distance_exact(centers[c], centers[near[c, j]])
        order = np.argsort(apart)
        for j in range(m):
            numbers[c, j] = near[c, order[j]]
            distances[c, j] = np.sqrt(apart[order[j]])


@jit
def neighbours_decide(
    X, rows, shift, scale, unit, centers, numbers, apart, horizon, labels, distances, undecided
):
    """Move each row of a block from a centre near it to the nearest of all; how many were compared.

    IN X float (n, d), rows intp[b], shift, scale, unit (the frame), centers float64 (k, d), numbers int32
    (k, m), apart float64 (k, m) (``neighbours_measure``), horizon float64[k] (centres beyond those are
    farther).
    INOUT labels int32[n], distances float64[n] (squared), at `rows`.
    OUT undecided bool[b]: rows that the neighbours don't suffice for.
    """
    d, m = X.shape[1], numbers.shape[1]
    exact, compared = np.empty(d), 0
    for i in range(rows.shape[0]):
        row = rows[i]
        first, label, best = labels[row], labels[row], distances[row]
        frame_row(X[row], shift, scale, unit, exact)
        radius = np.sqrt(best)
        reach, place = 2.0 * radius * (1.0 + _MARGIN), 0
        # Not `apart > reach`: NaN must not decide anything.
        while place < m and apart[first, place] <= reach:
            c = numbers[first, place]
            place += 1
            total = 0.0
            for j in range(d):
                total += (exact[j] - centers[c, j]) * (exact[j] - centers[c, j])
            if total <= best * (1.0 + _MARGIN):
                distance = distance_exact(exact, centers[c])
                if distance < best or (distance == best and c < label):
                    best, label = distance, c
                    reach = (radius + np.sqrt(best)) * (1.0 + _MARGIN)
        compared += place
        undecided[i] = not (horizon[first] > reach and (place == m or apart[first, place] > reach))
        labels[row], distances[row] = label, best
    return compared


@jit(fastmath={"reassoc", "contract", "nsz"})
def _product(row, center):
    total = np.float32(0.0)
    for j in range(row.shape[0]):
        total += row[j] * center[j]
    return total


@jit
def projection_see(framed, norms, basis, error, seen):
    """Rows as their projections, the length of what is left (at least that), and a 1.

    IN framed float32 (b, d), norms float64[b], basis float32 (d, p), error (of a projection, as a share of
    the row's length). OUT seen float32 (b, p + 2).
    """
    p = basis.shape[1]
    projected = np.dot(framed, basis)
    for i in range(framed.shape[0]):
        total = 0.0
        for j in range(p):
            seen[i, j] = projected[i, j]
            total += np.float64(projected[i, j]) * np.float64(projected[i, j])
        squared = norms[i] * norms[i]
        left = np.sqrt(max(0.0, squared - total) + 4.0 * error * squared)
        seen[i, p], seen[i, p + 1] = np.nextafter(np.float32(left), np.float32(np.inf)), 1.0


@jit
def projection_decide(
    X, rows, shift, scale, unit, basis, error, table, center_rows, half, longest, centers, labels, distances,
    undecided,
):  # fmt: skip
    """Decide the nearest of all centres for each row of a block; how many products were completed.

    IN X float (n, d), rows intp[b], shift, scale, unit (the frame), basis float32 (d, p), error
    (``projection_see``), table float32 (k, p + 2) (of a centre, so that the product with what is seen of a
    row is a lower bound of the score), center_rows float32 (k, d), half float32[k] (half squared lengths),
    longest (of the centres), centers float64 (k, d).
    OUT labels int32[n], distances float64[n] (squared), at `rows`; undecided bool[b]: rows too far out.
    """
    b, d, p, k = rows.shape[0], X.shape[1], basis.shape[1], centers.shape[0]
    framed, norms = np.empty((b, d), np.float32), np.empty(b)
    frame_rows(X, rows, shift, scale, unit, framed, norms)
    seen, exact = np.empty((_TILE, p + 2), np.float32), np.empty(d)
    bounds, scores = np.empty((_TILE, k), np.float32), np.empty(k, np.float32)
    places, completed = np.empty(k, np.intp), 0
    for base in range(0, b, _TILE):
        stop = min(base + _TILE, b)
        projection_see(framed[base:stop], norms[base:stop], basis, error, seen)
        np.dot(seen[: stop - base], table.T, bounds[: stop - base])
        for i in range(base, stop):
            undecided[i] = not (norms[i] * longest < _SAFE and longest * longest < _SAFE)
            if undecided[i]:
                continue
            slack = slack_of(d, norms[i], longest)
            loose = slack + 3.0 * error * norms[i] * longest
            loose += (p + 8) * _UNIT * (norms[i] * longest + longest * longest)
            count = _survivors_complete(bounds[i - base], framed[i], center_rows, half, loose, places, scores)
            completed += count
            lowest = scores[lowest_place(scores[:count])]
            limit = np.nextafter(np.float32(np.float64(lowest) + slack), np.float32(np.inf))
            frame_row(X[rows[i]], shift, scale, unit, exact)
            best, label = np.inf, k
            for j in range(count):
                if scores[j] <= limit:
                    distance = distance_exact(exact, centers[places[j]])
                    if distance < best or (distance == best and places[j] < label):
                        best, label = distance, places[j]
            labels[rows[i]], distances[rows[i]] = label, best
    return completed


@jit
def _survivors_complete(bounds, row, center_rows, half, loose, places, scores):
    """Scores of centres whose bounds lie within `loose` of the best score; the centre of lowest bound first.

    OUT places intp[k], scores float32[k]. Returns how many.
    """
    k, inf = bounds.shape[0], np.float32(np.inf)
    first = lowest_place(bounds)
    places[0], scores[0], count = first, half[first] - _product(row, center_rows[first]), 1
    bounds[first] = inf
    limit = np.nextafter(np.float32(np.float64(scores[0]) + loose), inf)
    for base in range(0, k, _RUN):
        run = bounds[base : min(base + _RUN, k)]
        if scores_within(run, limit)[0] == 0:
            continue
        for j in range(run.shape[0]):
            if run[j] <= limit:
                c = base + j
                places[count], scores[count] = c, half[c] - _product(row, center_rows[c])
                tighter = np.nextafter(np.float32(np.float64(scores[count]) + loose), inf)
                limit = min(limit, tighter)
                count += 1
    return count
