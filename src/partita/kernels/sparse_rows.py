"""Sparse rows (CSR) by content: unit lengths, hashes, ties, duplicates. Called by the makers of points.

The twins of `canonical` for rows of which only the non-zero values are stored. Rows come with ascending,
distinct columns and without stored zeros, so that equal rows are equal arrays.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def csr_nonfinite(first, value, start, stop):
    """Position in `value` of the first NaN or infinity of rows `start` to `stop`, -1 if there is none."""
    for p in range(first[start], first[stop]):
        if not np.isfinite(value[p]):
            return p
    return -1


@jit
def csr_unit(first, value, start, stop, out):
    """Rows `start` to `stop` of length 1. IN first int64[n + 1], value float[nnz]. OUT out float64[nnz].

    Scaled by the largest value first, so that neither 1e-200 nor 1e200 is lost, and exact multiples of a row
    give the same bits. Values that are lost beside the largest one become zeros.
    """
    for i in range(start, stop):
        largest = 0.0
        for p in range(first[i], first[i + 1]):
            largest = max(largest, abs(np.float64(value[p])))
        total = 0.0
        for p in range(first[i], first[i + 1]):
            out[p] = value[p] / largest
            total += out[p] * out[p]
        length = np.sqrt(total)
        for p in range(first[i], first[i + 1]):
            out[p] /= length


@jit
def csr_hash(first, column, value, start, stop, keys, out):
    """64-bit hashes of rows `start` to `stop`: what ``rows_hash`` gives for the same rows stored densely.

    IN first int64[n + 1], column int32[nnz], value float64[nnz], keys uint64[d]. OUT out uint64[n].
    """
    one = np.empty(1, np.float64)
    bits = one.view(np.uint64)
    for i in range(start, stop):
        h = np.uint64(keys.shape[0])
        for p in range(first[i], first[i + 1]):
            one[0] = value[p] + 0.0
            h += (bits[0] ^ (bits[0] >> np.uint64(32))) * keys[column[p]]
        h = (h ^ (h >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
        h = (h ^ (h >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
        out[i] = h ^ (h >> np.uint64(33))


@jit
def csr_compare(first, column, value, a, b):
    """-1, 0 or 1 as row `a` stands before, equals or stands after row `b`: by length, columns, values."""
    n_a, n_b = first[a + 1] - first[a], first[b + 1] - first[b]
    if n_a != n_b:
        return -1 if n_a < n_b else 1
    for t in range(n_a):
        p, q = first[a] + t, first[b] + t
        if column[p] != column[q]:
            return -1 if column[p] < column[q] else 1
        if value[p] != value[q]:
            return -1 if value[p] < value[q] else 1
    return 0


@jit
def csr_settle(first, column, value, hashes, order):
    """Turn an order by hash into the content order: equal hashes by value, equal rows by position.

    INOUT order intp[n], sorted by hash.
    """
    n = order.shape[0]
    start = 0
    while start < n:
        stop = start + 1
        while stop < n and hashes[order[stop]] == hashes[order[start]]:
            stop += 1
        if stop - start > 1:
            order[start:stop] = np.sort(order[start:stop])
            for i in range(start + 1, stop):
                item = order[i]
                j = i
                while j > start and csr_compare(first, column, value, item, order[j - 1]) < 0:
                    order[j] = order[j - 1]
                    j -= 1
                order[j] = item
        start = stop


@jit
def csr_merge(first, column, value, hashes, order, head, inverse):
    """Merge equal rows that follow one another in `order`; returns how many distinct rows there are.

    OUT head intp[n] (a row of each distinct value), inverse intp[n] (distinct row of each row).
    """
    distinct = 0
    for item in order:
        if distinct > 0:
            before = head[distinct - 1]
            if hashes[before] == hashes[item] and csr_compare(first, column, value, before, item) == 0:
                inverse[item] = distinct - 1
                continue
        head[distinct] = item
        inverse[item] = distinct
        distinct += 1
    return distinct


@jit
def csr_take(first, column, value, rows, place, out_first, out_column, out_value):
    """Copy `rows` with columns renamed, those with ``place == -1`` left out; columns ascending again.

    IN place int32[d]. OUT out_first int64[len(rows) + 1], out_column int32, out_value float64 (room for all
    entries of `rows`); ``out_first[-1]`` says how many were kept.
    """
    q = 0
    out_first[0] = 0
    for t in range(rows.shape[0]):
        begin = q
        for p in range(first[rows[t]], first[rows[t] + 1]):
            if place[column[p]] >= 0:
                out_column[q] = place[column[p]]
                out_value[q] = value[p]
                q += 1
        order = np.argsort(out_column[begin:q])
        out_column[begin:q] = out_column[begin:q][order]
        out_value[begin:q] = out_value[begin:q][order]
        out_first[t + 1] = q
