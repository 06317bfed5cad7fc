"""Rows far from one another: greedy k-means++ on a fixed sequence. Called by the makers of points."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.lloyd import cells_mean, labels_group
from partita.kernels.near import rows_gather, scores_argmin

_TILE = 512
_TINY = np.finfo(np.float64).tiny
_GOLDEN_RATIO = 0.6180339887498949


@jit
def seeds_choose(points, weight, squares, trials, chosen):
    """Rows for centres, each the best of some drawn in proportion to weight times squared distance.

    The draws are a golden-ratio sequence on the cumulated distances, as good as random where rows stand in
    the order of their hashes.
    IN points float32 (n, d), weight float64[n], squares float32[n] (squared lengths), trials.
    OUT chosen intp[k].
    """
    n, d = points.shape
    lowest, mass = np.full(n, np.inf), np.cumsum(weight)
    drawn = np.empty((trials, d), np.float32)
    products = np.empty((n, trials), np.float32)
    lengths, costs = np.empty(trials), np.empty(trials)
    rows = np.empty(trials, np.intp)
    for c in range(chosen.shape[0]):
        for t in range(trials):
            turn = 0.5 if c == 0 else ((c * trials + t) * _GOLDEN_RATIO) % 1.0
            rows[t] = min(n - 1, np.searchsorted(mass, turn * mass[n - 1], side="right"))
            for j in range(d):
                drawn[t, j] = points[rows[t], j]
            lengths[t] = squares[rows[t]]
        np.dot(points, drawn.T, products)
        costs[:] = 0.0
        for i in range(n):
            for t in range(trials):
                apart = max(0.0, squares[i] + lengths[t] - 2.0 * np.float64(products[i, t]))
                costs[t] += weight[i] * min(apart, lowest[i])
        best = np.argmin(costs)
        chosen[c] = rows[best]
        running = 0.0
        for i in range(n):
            apart = max(0.0, squares[i] + lengths[best] - 2.0 * np.float64(products[i, best]))
            lowest[i] = min(apart, lowest[i])
            running += weight[i] * lowest[i]
            mass[i] = running


@jit
def shares_deal(shares, most, given, total):
    """Deal `total` seats among parties by Sainte-Laguë. INOUT given intp (at most `most` each)."""
    for _ in range(total - given.sum()):
        best, quotient = -1, -1.0
        for c in range(shares.shape[0]):
            if given[c] < most[c] and shares[c] / (given[c] + 0.5) > quotient:
                best, quotient = c, shares[c] / (given[c] + 0.5)
        given[best] += 1


@jit
def block_assign(points, squares, centers, labels, distances):
    """The nearest of few centres for each row of a block.

    IN points float32 (m, d), squares float32[m], centers float64 (f, d). OUT labels intp[m], distances
    float64[m].
    """
    f, d = centers.shape
    columns, half = np.empty((d, f), np.float32), np.empty(f, np.float32)
    for c in range(f):
        total = 0.0
        for j in range(d):
            columns[j, c] = centers[c, j]
            total += centers[c, j] * centers[c, j]
        half[c] = 0.5 * total
    products = np.empty((min(_TILE, points.shape[0]), f), np.float32)
    for start in range(0, points.shape[0], _TILE):
        stop = min(start + _TILE, points.shape[0])
        np.dot(points[start:stop], columns, products[: stop - start])
        scores_argmin(
            products[: stop - start], half, squares[start:stop], labels[start:stop], distances[start:stop]
        )


@jit
def block_move(points, weight, unit, labels, distances, centers, mass):
    """Put each centre at the mean of its rows; an empty cell takes the row farthest from its own.

    INOUT labels, distances, centers. OUT mass float64[f]. Others as in ``block_assign``.
    """
    f = centers.shape[0]
    first, members = np.empty(f + 1, np.intp), np.empty(labels.shape[0], np.intp)
    labels_group(labels, first, members)
    cells_mean(points, weight, first, members, 0, f, centers, mass)
    for c in range(f):
        if mass[c] == 0.0:
            row = np.argmax(weight * distances)
            for j in range(centers.shape[1]):
                centers[c, j] = points[row, j]
            labels[row], distances[row] = c, 0.0
        length = np.sqrt((centers[c] * centers[c]).sum())
        if unit and length > 0.0:
            centers[c] /= length


@jit
def block_split(points, weight, squares, unit, n_seeds, n_learnt, n_iter, centers, labels, distances):
    """Centres of a block, learnt on its first rows, and the cells of all its rows.

    IN n_seeds, n_learnt (rows that seeds, means come from), n_iter (of Lloyd's iterations).
    OUT centers float64 (f, d), labels intp[m], distances float64[m]. Others as in ``seeds_choose``.
    """
    f = centers.shape[0]
    chosen, mass = np.empty(f, np.intp), np.empty(f)
    seeds_choose(points[:n_seeds], weight[:n_seeds], squares[:n_seeds], 2 + int(np.log(f)), chosen)
    for c in range(f):
        for j in range(centers.shape[1]):
            centers[c, j] = points[chosen[c], j]
    points_, weight_, squares_ = points[:n_learnt], weight[:n_learnt], squares[:n_learnt]
    for _ in range(n_iter):
        block_assign(points_, squares_, centers, labels[:n_learnt], distances[:n_learnt])
        block_move(points_, weight_, unit, labels[:n_learnt], distances[:n_learnt], centers, mass)
    block_assign(points, squares, centers, labels, distances)


@jit
def shares_of_cells(weight, labels, distances, first, by_size, given, total):
    """How many of `total` centres each cell receives, none where it is empty. OUT given intp[f]."""
    f = given.shape[0]
    shares, most = np.zeros(f), np.empty(f, np.intp)
    for i in range(labels.shape[0]):
        shares[labels[i]] += weight[i] if by_size else weight[i] * distances[i]
    for c in range(f):
        most[c] = first[c + 1] - first[c]
        given[c] = min(1, most[c])
        shares[c] = max(shares[c], _TINY)
    shares_deal(shares, most, given, total)


@jit
def block_grow(
    points, weight, squares, unit, rows, k, fanout, seed_rows, learn_rows, n_iter, by_size, center, centers,
    labels,
):  # fmt: skip
    """`k` centres of some rows: cells within cells, each divided into at most `fanout` until it has one.

    IN points float32 (n, d), weight float64[n], squares float32[n], seed_rows, learn_rows (for each centre of
    a division), n_iter, by_size (whether cells receive centres by weight rather than inertia), center
    float64[d] (of all these rows). INOUT rows intp[m] (put in the order of cells). OUT centers float64 (k, d)
    and, at `rows`, labels intp[n] from 0 on.
    """
    d = points.shape[1]
    low, high = np.empty(k, np.intp), np.empty(k, np.intp)
    begin, count = np.empty(k, np.intp), np.empty(k, np.intp)
    low[0], high[0], begin[0], count[0], held = 0, rows.shape[0], 0, k, 1
    centers[0] = center
    while held > 0:
        held -= 1
        own, at, n_centers = rows[low[held] : high[held]], begin[held], count[held]
        base, m = low[held], high[held] - low[held]
        f = min(fanout, n_centers)
        if n_centers == 1:
            labels[own] = at
            continue
        block, means = np.empty((m, d), np.float32), np.empty((f, d))
        cells, distances = np.empty(m, np.intp), np.empty(m)
        rows_gather(points, own, block)
        n_learnt = min(m, learn_rows * f)
        block_split(
            block, weight[own], squares[own], unit, min(m, seed_rows * f), n_learnt, n_iter, means, cells,
            distances,
        )  # fmt: skip
        first, members = np.empty(f + 1, np.intp), np.empty(m, np.intp)
        labels_group(cells, first, members)
        if first[cells[0] + 1] - first[cells[0]] == m:
            # Too close for float32 to tell apart: one centre each in turn; exact distances settle them.
            for i in range(m):
                labels[own[i]] = at + i * n_centers // m
            for c in range(1, n_centers):
                centers[at + c] = centers[at]
            continue
        given = np.empty(f, np.intp)
        shares_of_cells(weight[own], cells, distances, first, by_size, given, n_centers)
        rows[base : base + m] = own[members]
        for c in range(f):
            if given[c]:
                centers[at] = means[c]
                low[held], high[held], begin[held] = base + first[c], base + first[c + 1], at
                count[held] = given[c]
                at += given[c]
                held += 1
