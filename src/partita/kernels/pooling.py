"""Vectors of one document after another, pooled: clusters, centroids, what is lost. Called by search.

A document is a run of rows. Everything of a document depends on its own rows alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.ward import (
    apart_square,
    lanes_up,
    roots_number,
    slots_number,
    ward_cut,
    ward_distances,
    ward_link,
)


@jit
def rows_unit(X, start, stop, out):
    """OUT out float64 (stop - start, d): rows of length 1, zeros stay zeros. IN X float (n, d)."""
    nothing = np.zeros(X.shape[1])
    for i in range(start, stop):
        row = out[i - start]
        for j in range(len(row)):
            row[j] = X[i, j]
        total = apart_square(row, nothing)
        if not 1e-200 < total < 1e200:  # too small or too large to be squared: scaled first
            largest = np.max(np.abs(row))
            if largest == 0.0:
                continue
            row /= largest
            total = apart_square(row, nothing)
        scale = 1.0 / np.sqrt(total)
        for j in range(len(row)):
            row[j] *= scale


class Room(NamedTuple):
    """Memory for one document after another: to ask the system anew for each takes longer than the work."""

    rows: np.ndarray
    others: np.ndarray
    panels: np.ndarray
    square: np.ndarray


@jit
def room_for(m, d, for_linkage):
    """Room for documents of up to `m` rows of `d` columns."""
    wide = lanes_up(m) if for_linkage else 0
    return Room(np.empty((m, d)), np.empty((m, d)), np.empty(d * wide), np.empty(m * wide))


@jit
def document_rows(X, start, stop, unit, room):
    """The rows of a document as float64 (m, d), of length 1 if `unit`; in ``room.rows``."""
    out = room.rows[: stop - start]
    if unit:
        rows_unit(X, start, stop, out)
    else:
        out[:] = X[start:stop]
    return out


@jit
def centroids_fill(points, weight, labels, k, unit, out, mass):
    """OUT out float64 (k, d): weighted means of the clusters, of length 1 if `unit`; mass float64[k]."""
    out[:] = 0.0
    mass[:] = 0.0
    nothing = np.zeros(points.shape[1])
    for i in range(points.shape[0]):
        row, some, w = out[labels[i]], points[i], weight[i]
        mass[labels[i]] += w
        for j in range(len(some)):
            row[j] += w * some[j]
    for c in range(k):
        row, scale = out[c], 1.0 / mass[c]
        for j in range(len(row)):
            row[j] *= scale
        squares = apart_square(row, nothing) if unit else 0.0
        if squares > 1e-28:
            scale = 1.0 / np.sqrt(squares)
            for j in range(len(row)):
                row[j] *= scale


@jit
def rows_center(points, out):
    """OUT out float64 (m, d): the rows less their mean, in a scale that can be squared."""
    largest, mean = 0.0, np.zeros(points.shape[1])
    for row in points:
        for value in row:
            largest = max(largest, abs(value))
    scale = 1.0 if largest == 0.0 or 1e-100 < largest < 1e100 else largest
    for i in range(len(points)):
        out[i] = points[i] / scale
        mean += out[i]
    mean /= len(points)
    for i in range(len(points)):
        out[i] -= mean


@jit
def ward_linkage_of(points, unit, room):
    """Slots and squared heights of all merges of the rows of `points`; rows of length 1 can be squared."""
    m = points.shape[0]
    square = room.square[: m * lanes_up(m)].reshape(m, lanes_up(m))
    if unit:
        ward_distances(points, room.panels, square)
    else:
        rows_center(points, room.others[:m])
        ward_distances(room.others[:m], room.panels, square)
    lower, upper, height = np.empty(m - 1, np.uint32), np.empty(m - 1, np.uint32), np.empty(m - 1)
    ward_link(square, lower, upper, height)
    return lower, upper, height


@jit
def cluster_reach(points, members, unit):
    """The largest squared distance of rows `members` to their centroid."""
    some = points[members]
    center, mass = np.empty((1, points.shape[1])), np.empty(1)
    none = np.zeros(len(members), np.int32)
    centroids_fill(some, np.ones(len(members)), none, 1, unit, center, mass)
    reach = 0.0
    for i in range(len(members)):
        reach = max(reach, apart_square(some[i], center[0]))
    return reach


@jit
def ward_cut_reach(points, lower, upper, height, bound, unit, labels):
    """The highest parts of the tree in which no row is further than `bound` from the centroid.

    OUT labels int32[m]. Returns the number of clusters. From the top: a part that is too wide is divided.
    """
    m = points.shape[0]
    order = np.argsort(height, kind="mergesort")
    node, left, right = np.arange(m), np.empty(m, np.intp), np.empty(m, np.intp)
    size = np.ones(2 * m, np.intp)
    for step in range(m - 1):
        merge = order[step]
        left[step], right[step] = node[lower[merge]], node[upper[merge]]
        node[upper[merge]] = m + step
        size[m + step] = size[left[step]] + size[right[step]]
    rows, first = np.empty(m, np.intp), np.zeros(2 * m, np.intp)
    for v in range(2 * m - 2, m - 1, -1):
        first[left[v - m]] = first[v]
        first[right[v - m]] = first[v] + size[left[v - m]]
    for i in range(m):
        rows[first[i]] = i
    above = np.arange(m).astype(np.int32)
    waiting = np.empty(2 * m, np.intp)
    waiting[0], n_waiting = 2 * m - 2, 1
    while n_waiting > 0:
        n_waiting -= 1
        v = waiting[n_waiting]
        if v < m:
            continue
        members = rows[first[v] : first[v] + size[v]]
        if cluster_reach(points, members, unit) <= bound * bound:
            for i in members:
                above[i] = members[0]
        else:
            waiting[n_waiting], waiting[n_waiting + 1] = left[v - m], right[v - m]
            n_waiting += 2
    return slots_number(above, labels)


@jit
def refine_centroids(points, unit, max_iter, labels, k):
    """Lloyd's iterations from the clusters `labels` (INOUT int32[m]); a cluster never loses its last row."""
    m = points.shape[0]
    centers, mass, ones = np.empty((k, points.shape[1])), np.empty(k), np.ones(m)
    for _ in range(max_iter):
        centroids_fill(points, ones, labels, k, unit, centers, mass)
        moved = False
        for i in range(m):
            best, label = apart_square(points[i], centers[labels[i]]), labels[i]
            for c in range(k):
                distance = apart_square(points[i], centers[c])
                if distance < best:
                    best, label = distance, c
            if label != labels[i] and mass[labels[i]] > 1.0:
                mass[labels[i]] -= 1.0
                mass[label] += 1.0
                labels[i] = label
                moved = True
        if not moved:
            break


@jit
def document_divide(X, start, stop, protected, unit, factor, bound, n_queries, labels, stays, room):
    """Clusters of the rows `start` to `stop`, numbered by their earliest row. OUT labels, stays.

    IN protected bool[n]: rows that stay alone. Of `factor` (rows per cluster; else 0), `bound` (the largest
    distance to a centroid; else -1) and `n_queries` (clusters; else 0) one counts. Returns how many clusters.
    """
    free = np.flatnonzero(~protected[start:stop])
    m = len(free)
    above = np.arange(stop - start).astype(np.int32)
    if m > 0:
        points = document_rows(X, start, stop, unit, room)
        for i in range(m):
            if free[i] > i:
                points[i] = points[free[i]]
        points = points[:m]
        own = np.zeros(m, np.int32)
        wanted = n_queries if n_queries > 0 else np.intp(np.ceil(m / factor)) if factor > 0.0 else 1
        if wanted >= m and bound < 0.0:
            own[:] = np.arange(m)
        elif m > 1:
            lower, upper, height = ward_linkage_of(points, unit, room)
            if bound >= 0.0:
                ward_cut_reach(points, lower, upper, height, bound, unit, own)
            else:
                k = ward_cut(lower, upper, height, wanted, own)
                if n_queries > 0:
                    refine_centroids(points, unit, 100, own, k)
        earliest = np.full(m, -1, np.int32)
        for i in range(m):
            if earliest[own[i]] < 0:
                earliest[own[i]] = free[i]
            above[free[i]] = earliest[own[i]]
    return roots_number(above, labels[start:stop], stays[start:stop])


@jit
def documents_divide(
    X, offsets, begin, end, protected, unit, factor, bound, n_queries, labels, stays, counts
):
    """Clusters of documents `begin` to `end`.

    OUT labels int32[n] (within a document), stays bool[n] (the earliest rows of clusters), counts int64[b].
    """
    room = room_for(np.max(np.diff(offsets[begin : end + 1])), X.shape[1], True)
    for b in range(begin, end):
        counts[b] = document_divide(
            X, offsets[b], offsets[b + 1], protected, unit, factor, bound, n_queries, labels, stays, room
        )


@jit
def documents_average(X, offsets, begin, end, weight, labels, new_offsets, unit, pooled, mass, square):
    """Centroids of documents `begin` to `end`, and the squared distance of every row to its own.

    IN weight float64[n], labels int32[n] (within a document). OUT pooled float (n_pooled, d), mass
    float64[n_pooled], square float64[n].
    """
    room = room_for(np.max(np.diff(offsets[begin : end + 1])), X.shape[1], False)
    for b in range(begin, end):
        start, stop = offsets[b], offsets[b + 1]
        first, last = new_offsets[b], new_offsets[b + 1]
        points = document_rows(X, start, stop, unit, room)
        centers = room.others[: last - first]
        own = labels[start:stop]
        centroids_fill(points, weight[start:stop], own, last - first, unit, centers, mass[first:last])
        pooled[first:last] = centers
        for i in range(stop - start):
            square[start + i] = apart_square(points[i], centers[own[i]])


@jit
def chunk_match(points, start, stop, free, n_merges, above):
    """Soft matching within rows `start` to `stop`: the `n_merges` most similar links from even to odd.

    The free rows alternate between two sides; each of the even one is linked with the most similar of the
    odd one. INOUT above int32[m]: rows that are merged point at the row that stays.
    """
    places = start + np.flatnonzero(free[start:stop])
    even, odd = places[::2], places[1::2]
    if len(odd) == 0 or n_merges <= 0:
        return
    best, partner = np.full(len(even), -np.inf), np.zeros(len(even), np.intp)
    for a in range(len(even)):
        for b in range(len(odd)):
            similar = 0.0
            for j in range(points.shape[1]):
                similar += points[even[a], j] * points[odd[b], j]
            if similar > best[a]:
                best[a], partner[a] = similar, b
    for a in np.argsort(-best, kind="mergesort")[:n_merges]:
        above[even[a]] = odd[partner[a]]


@jit
def documents_match(X, offsets, begin, end, free, chunk, ratio, labels, stays, counts):
    """Chunked soft matching of documents `begin` to `end`, numbered by the rows that stay.

    IN free bool[n], chunk, ratio (merges per free row of a chunk). OUT labels int32[n] (within a document),
    stays bool[n], counts int64[b].
    """
    room = room_for(np.max(np.diff(offsets[begin : end + 1])), X.shape[1], False)
    for b in range(begin, end):
        start, stop = offsets[b], offsets[b + 1]
        points = document_rows(X, start, stop, True, room)
        above = np.arange(stop - start).astype(np.int32)
        own = free[start:stop]
        for begin_chunk in range(0, stop - start, chunk):
            end_chunk = min(begin_chunk + chunk, stop - start)
            n_merges = np.intp(np.floor(ratio * own[begin_chunk:end_chunk].sum()))
            chunk_match(points, begin_chunk, end_chunk, own, n_merges, above)
        counts[b] = roots_number(above, labels[start:stop], stays[start:stop])
