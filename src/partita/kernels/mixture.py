"""Gaussian mixtures: joining cells by likelihood, placing rows. Called by ``points.ppp*``.

A Gaussian is its weight, its mean and the packed upper triangle of a symmetric matrix, row by row.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_ENOUGH = 10.0


@jit
def log_det(matrix, scratch):
    """Logarithm of the determinant of a positive definite matrix, NaN if it is none. OUT: scratch (d, d)."""
    d = matrix.shape[0]
    total = 0.0
    for i in range(d):
        for j in range(i + 1):
            value = matrix[i, j]
            for k in range(j):
                value -= scratch[i, k] * scratch[j, k]
            if i == j:
                if value <= 0.0:
                    return np.nan
                scratch[i, i] = np.sqrt(value)
                total += np.log(scratch[i, i])
            else:
                scratch[i, j] = value / scratch[j, j]
    return 2.0 * total


@jit
def part_cost(weight, scatter, prior, prior_weight, round_parts, scratch):
    """Twice the negative log likelihood of one Gaussian at its posterior mode, less what all parts share.

    With `round_parts`, the sum of squared distances to the mean instead (Ward's criterion).
    """
    d = scatter.shape[0]
    if round_parts:
        trace = 0.0
        for i in range(d):
            trace += scatter[i, i]
        return trace
    held = np.empty((d, d))
    for i in range(d):
        for j in range(d):
            held[i, j] = (scatter[i, j] + prior[i, j]) / (weight + prior_weight)
    return weight * log_det(held, scratch) - 2.0 * weight * np.log(weight)


@jit
def joined_cost(weight, mean, scatter, a, b, prior, prior_weight, round_parts, scratch, joined):
    """The cost of parts `a` and `b` as one. OUT: joined (d, d), their common scatter."""
    d = mean.shape[1]
    factor = weight[a] * weight[b] / (weight[a] + weight[b])
    for i in range(d):
        for j in range(d):
            apart = (mean[a, i] - mean[b, i]) * (mean[a, j] - mean[b, j])
            joined[i, j] = scatter[a, i, j] + scatter[b, i, j] + factor * apart
    return part_cost(weight[a] + weight[b], joined, prior, prior_weight, round_parts, scratch)


@jit
def gaussian_linkage(weight, mean, scatter, prior, prior_weight, round_parts, left, right):
    """Join parts, two at a time, where a single Gaussian costs least likelihood.

    INOUT: weight float64[c], mean (c, d), scatter (c, d, d) of the parts, overwritten by the joined ones.
    IN: prior (d, d), prior_weight, round_parts (bool). OUT: left, right intp[c - 1] (slots joined; the result
    stays in `left`). O(c^2 d^3) time (d for round parts), O(c^2) memory.
    """
    c, d = mean.shape
    scratch, joined = np.empty((d, d)), np.empty((d, d))
    own = np.empty(c)
    for i in range(c):
        own[i] = part_cost(weight[i], scatter[i], prior, prior_weight, round_parts, scratch)
    rise = np.full((c, c), np.inf)
    best = np.zeros(c, np.intp)
    for i in range(c):
        best[i] = i
        for j in range(i + 1, c):
            both = joined_cost(weight, mean, scatter, i, j, prior, prior_weight, round_parts, scratch, joined)
            rise[i, j] = both - own[i] - own[j]
            if best[i] == i or rise[i, j] < rise[i, best[i]]:
                best[i] = j
    alive = np.ones(c, np.bool_)
    for step in range(c - 1):
        a = -1
        for i in range(c):
            if alive[i] and best[i] != i and (a < 0 or rise[i, best[i]] < rise[a, best[a]]):
                a = i
        b = best[a]
        left[step], right[step] = a, b
        own[a] = joined_cost(weight, mean, scatter, a, b, prior, prior_weight, round_parts, scratch, joined)
        total = weight[a] + weight[b]
        for i in range(d):
            mean[a, i] = (weight[a] * mean[a, i] + weight[b] * mean[b, i]) / total
            for j in range(d):
                scatter[a, i, j] = joined[i, j]
        weight[a] = total
        alive[b] = False
        _refresh(
            a,
            b,
            alive,
            rise,
            best,
            own,
            weight,
            mean,
            scatter,
            prior,
            prior_weight,
            round_parts,
            scratch,
            joined,
        )


@jit
def _refresh(
    a, b, alive, rise, best, own, weight, mean, scatter, prior, prior_weight, round_parts, scratch, joined
):
    """The rises of part `a` after it swallowed `b`, and the best partner of every part."""
    c = weight.shape[0]
    for i in range(c):
        if alive[i] and i != a:
            low, high = min(i, a), max(i, a)
            both = joined_cost(
                weight, mean, scatter, low, high, prior, prior_weight, round_parts, scratch, joined
            )
            rise[low, high] = both - own[low] - own[high]
    for i in range(c):
        if not alive[i]:
            continue
        if i == a or best[i] == a or best[i] == b:
            best[i] = i
            for j in range(i + 1, c):
                if alive[j] and (best[i] == i or rise[i, j] < rise[i, best[i]]):
                    best[i] = j
        elif i < a and rise[i, a] < rise[i, best[i]]:
            best[i] = a


@jit
def overlap_linkage(log_overlap, weight, left, right, log_strength, cost):
    """Join components, two at a time, where least evidence keeps them apart.

    The evidence is the nats of separation, ``log(1 + 1 / s)`` with s the density of the overlap of two parts
    (average linkage; beyond 10 only their logarithm counts, lest far outliers outweigh parts), times the
    harmonic mean of the weights.

    INOUT: log_overlap (k, k), shared posterior mass, symmetric; weight float64[k].
    OUT, float64[k - 1] but for left, right intp[k - 1] (slots; the result stays in `left`): log_strength, the
    log of s at each join; cost, the evidence given up.
    """
    k = weight.shape[0]
    total = np.log(weight.sum())
    alive = np.ones(k, np.bool_)
    for step in range(k - 1):
        a, b = -1, -1
        least, strength = np.inf, 0.0
        for i in range(k):
            if alive[i]:
                for j in range(i + 1, k):
                    if alive[j]:
                        density = log_overlap[i, j] - np.log(weight[i]) - np.log(weight[j]) + total
                        harmonic = weight[i] * weight[j] / (weight[i] + weight[j])
                        nats = np.logaddexp(0.0, -density)
                        if nats > _ENOUGH:
                            nats = _ENOUGH * (1.0 + np.log(nats / _ENOUGH))
                        evidence = harmonic * nats
                        if a < 0 or evidence < least:
                            a, b, least, strength = i, j, evidence, density
        left[step], right[step], log_strength[step], cost[step] = a, b, strength, least
        alive[b] = False
        weight[a] += weight[b]
        for i in range(k):
            if alive[i] and i != a:
                both = np.logaddexp(log_overlap[a, i], log_overlap[b, i])
                log_overlap[a, i] = both
                log_overlap[i, a] = both


@jit
def rows_project(X, rows, start, stop, unit, center, basis, out):
    """Coordinates of rows in a subspace, each a function of its row alone (fixed order, no BLAS).

    IN: X float (n, d), rows intp[m] (which to take), unit (scale each to length 1), center float64[d],
    basis (d, r). OUT: out float32 (m, r), rows `start` to `stop`.
    """
    d, r = basis.shape
    sums = np.empty(r)
    for i in range(start, stop):
        row = X[rows[i]]
        largest, length = 1.0, 1.0
        if unit:
            largest, length = _row_length(row)
        sums[:] = 0.0
        for j in range(d):
            value = np.float64(row[j])
            if unit:
                value = value / largest / length
            value -= center[j]
            for q in range(r):
                sums[q] += value * basis[j, q]
        out[i] = sums


@jit
def _row_length(row):
    largest = 0.0
    for j in range(row.shape[0]):
        largest = max(largest, abs(np.float64(row[j])))
    if largest == 0.0:
        return 1.0, 1.0
    total = 0.0
    for j in range(row.shape[0]):
        total += (row[j] / largest) ** 2
    return largest, np.sqrt(total)


@jit
def mixture_descend(Z, start, stop, common, constant, mean, whitener, child, out):
    """Walk rows down a tree of components, at each part to the child of greater posterior mass.

    IN: Z float32 (n, r); common: lower triangular (r, r), applied to the rows first; constant float64[k],
    mean (k, r) in those coordinates, whitener: (k, r, r) lower triangular, or (k, 1, 1) for factors. The log
    density is ``constant - |whitener (common z - mean)|^2 / 2``. child intp (k - 1, 2): part k + i joins two
    earlier numbers. OUT: out intp[n], the component of each row.
    """
    k, r = mean.shape
    log_density, mass, row = np.empty(k), np.empty(2 * k - 1), np.empty(r)
    for i in range(start, stop):
        for p in range(r):
            value = 0.0
            for q in range(p + 1):
                value += common[p, q] * Z[i, q]
            row[p] = value
        best = -np.inf
        for c in range(k):
            log_density[c] = constant[c] - 0.5 * _white_square(row, mean[c], whitener[c])
            best = max(best, log_density[c])
        for c in range(k):
            mass[c] = np.exp(log_density[c] - best)
        for v in range(k, 2 * k - 1):
            mass[v] = mass[child[v - k, 0]] + mass[child[v - k, 1]]
        v = 2 * k - 2
        while v >= k:
            low, high = child[v - k]
            v = low if mass[low] >= mass[high] else high
        out[i] = v


@jit
def _white_square(row, mean, whitener):
    r = mean.shape[0]
    total = 0.0
    if whitener.shape[0] == 1:
        for p in range(r):
            total += (row[p] - mean[p]) ** 2
        return total * whitener[0, 0] ** 2
    for p in range(r):
        value = 0.0
        for q in range(p + 1):
            value += whitener[p, q] * (row[q] - mean[q])
        total += value * value
    return total
