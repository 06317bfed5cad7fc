"""A second look for rows that lie far from the nearest centre of their list: the lists of the next guides.

Called by the makers of points.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.assign import distance_exact, frame_row, frame_rows
from partita.kernels.find import place_settle
from partita.kernels.jit import jit
from partita.kernels.lloyd import labels_group
from partita.kernels.near import rows_gather

_TILE = 256


@jit
def guides_next(row, columns, distances, asked):
    """The nearest guides of a row but the first, in sums of fixed order.

    IN row float32[d], columns float32 (d, g), the guides. SCRATCH distances float32[g]. OUT asked intp[p].
    """
    distances[:] = 0.0
    for j in range(row.shape[0]):
        for g in range(distances.shape[0]):
            apart = row[j] - columns[j, g]
            distances[g] += apart * apart
    distances[np.argmin(distances)] = np.inf
    for p in range(asked.shape[0]):
        asked[p] = np.argmin(distances)
        distances[asked[p]] = np.inf


@jit
def rows_far(rows, far, labels, distances):
    """Those of `rows` whose squared distance is above what `far` says of their cell, intp."""
    found, count = np.empty(rows.shape[0], np.intp), 0
    for row in rows:
        if distances[row] > far[labels[row]]:
            found[count] = row
            count += 1
    return found[:count]


@jit
def rows_probe(
    X, rows, far, n_probes, shift, scale, unit, guide_rows, first, numbers, listed_rows, listed_half, longest,
    centers, free, labels, distances
):  # fmt: skip
    """Let far rows of a block look at the lists of their next guides too.

    IN far float64[k] (squared distances above which a row of the cell looks again), n_probes (guides, fewer
    than there are), free float64[k] (zeros); others as in ``kernels.find.rows_find``.
    INOUT labels int32[n], distances float64[n], at `rows`.
    """
    again = rows_far(rows, far, labels, distances)
    b, d, g = again.shape[0], X.shape[1], guide_rows.shape[0]
    framed, norms = np.empty((b, d), np.float32), np.empty(b)
    frame_rows(X, again, shift, scale, unit, framed, norms)
    asked, apart, exact = np.empty((b, n_probes), np.intp), np.empty(g, np.float32), np.empty(d)
    columns = guide_rows.T.copy()
    for i in range(b):
        guides_next(framed[i], columns, apart, asked[i])
    group_first, members = np.empty(g + 1, np.intp), np.empty(b * n_probes, np.intp)
    labels_group(asked.ravel(), group_first, members)
    gathered, tile = np.empty((_TILE, d), np.float32), np.empty(_TILE, np.intp)
    for c in range(g):
        span = slice(first[c], first[c + 1])
        own, half = numbers[span], listed_half[span]
        products = np.empty((min(_TILE, group_first[c + 1] - group_first[c]), own.shape[0]), np.float32)
        for base in range(group_first[c], group_first[c + 1], _TILE):
            t = min(_TILE, group_first[c + 1] - base)
            for p in range(t):
                tile[p] = members[base + p] // n_probes
            rows_gather(framed, tile[:t], gathered)
            np.dot(gathered[:t], listed_rows[span].T, products[:t])
            for p in range(t):
                i = tile[p]
                row = again[i]
                place = place_settle(
                    products[p], half, norms[i], longest[c], X[row], shift, scale, unit, centers, free, own,
                    exact,
                )  # fmt: skip
                frame_row(X[row], shift, scale, unit, exact)
                distance = distance_exact(exact, centers[own[place]])
                nearer = distance < distances[row]
                if nearer or (distance == distances[row] and own[place] < labels[row]):
                    labels[row], distances[row] = own[place], distance
