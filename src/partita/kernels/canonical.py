"""Rows in an order of content alone: hashes, ties, duplicates. Called by the makers of points."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_GOLDEN = 0x9E3779B97F4A7C15


def column_keys(n_columns: int) -> np.ndarray:
    """Odd 64-bit multipliers, one a column (the splitmix64 stream of fixed seed)."""
    with np.errstate(over="ignore"):
        z = np.arange(1, n_columns + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return (z ^ (z >> np.uint64(31))) | np.uint64(1)


@jit
def rows_hash(X, start, stop, keys, out):
    """64-bit hashes of rows `start` to `stop`: equal for equal values, whatever float type or sign of 0.

    IN: X float (n, d), keys uint64[d]. OUT: out uint64[n], rows `start` to `stop`.
    """
    d = X.shape[1]
    row = np.empty(d, np.float64)
    bits = row.view(np.uint64)
    for i in range(start, stop):
        for j in range(d):
            row[j] = np.float64(X[i, j]) + 0.0
        h = np.uint64(d)
        for j in range(d):
            # A float32 seen as float64 ends in 29 zeros: the fold brings its digits down before the product.
            h += (bits[j] ^ (bits[j] >> np.uint64(32))) * keys[j]
        h = (h ^ (h >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
        h = (h ^ (h >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
        out[i] = h ^ (h >> np.uint64(33))


@jit
def rows_nonfinite(X, start, stop):
    """Row-major position of the first NaN or infinity in rows `start` to `stop`, -1 if there is none."""
    d = X.shape[1]
    whole = d - d % 16
    sums = np.empty(16, X.dtype)
    for i in range(start, stop):
        # A value less itself is 0, or NaN for NaN and infinity; in lanes, so that it is one vector operation.
        sums[:] = 0.0
        for j in range(0, whole, 16):
            for lane in range(16):
                sums[lane] += X[i, j + lane] - X[i, j + lane]
        for j in range(whole, d):
            sums[j - whole] += X[i, j] - X[i, j]
        if sums.sum() != 0.0:
            for j in range(d):
                if not np.isfinite(X[i, j]):
                    return i * d + j
    return -1


@jit
def rows_compare(X, a, b):
    """-1, 0 or 1 as row `a` of X stands before, equals or stands after row `b`, column by column."""
    for j in range(X.shape[1]):
        if X[a, j] < X[b, j]:
            return -1
        if X[a, j] > X[b, j]:
            return 1
    return 0


@jit
def rows_settle(X, hashes, order):
    """Turn an order by hash into the content order: equal hashes by value, equal rows by position.

    IN: X float (n, d), hashes uint64[n]. INOUT: order intp[n], sorted by hash.
    Insertion within a run of equal hashes: linear when its rows are equal, which is the only likely case.
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
                while j > start and rows_compare(X, item, order[j - 1]) < 0:
                    order[j] = order[j - 1]
                    j -= 1
                order[j] = item
        start = stop


@jit
def rows_merge(X, hashes, order, first, inverse):
    """Merge equal rows that follow one another in `order`; returns how many distinct rows there are.

    IN: X float (n, d), hashes uint64[n], order intp[n] (the content order).
    OUT: first intp[n] (a row of each distinct value), inverse intp[n] (distinct row of each row).
    """
    distinct = 0
    for position in range(order.shape[0]):
        item = order[position]
        if distinct > 0:
            before = first[distinct - 1]
            if hashes[before] == hashes[item] and rows_compare(X, before, item) == 0:
                inverse[item] = distinct - 1
                continue
        first[distinct] = item
        inverse[item] = distinct
        distinct += 1
    return distinct


@jit
def weights_merge(sequence, inverse, sample_weight, out):
    """Sum the weights of equal rows, in the order given.

    IN: sequence intp[n] (the rows, in the order of summing), inverse intp[n], sample_weight float64[n].
    INOUT: out float64[u], zeros at first.
    """
    for item in sequence:
        out[inverse[item]] += sample_weight[item]
