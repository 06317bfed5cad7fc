"""Passes over a plan ``exp((f + g - C) / reg)`` that is never stored: sums, balance, support."""

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import intrinsic

from partita.kernels.jit import jit

_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93145751953125e-1, 1.42860682030941723212e-6
_LEAST, _MOST = -700.0, 700.0  # beyond them a float64 would under- or overflow
_TINY, _HUGE = 1e-250, 1e250
_SUMS = {"reassoc", "contract", "nsz"}


@intrinsic
def _as_float(typing_context, bits):
    """The float64 with the given 64 bits."""

    def code(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(types.float64))

    return types.float64(types.int64), code


@jit(fastmath={"contract"}, inline="always")
def _exp(x):
    """``exp(x)``, within 2 ulp; 0 below -700. Without branches, so that loops over it become vector code."""
    lost = x <= _LEAST
    x = min(max(x, _LEAST), _MOST)
    k = math.floor(x * _LOG2E + 0.5)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    return 0.0 if lost else p * _as_float((np.int64(k) + 1023) << 52)  # type: ignore[call-arg]


@jit(fastmath={"contract"})
def _row_fill(cost, shift, g, inv, out):
    """OUT out[j] = exp((shift + g[j] - cost[j]) * inv)."""
    for j in range(g.shape[0]):
        out[j] = _exp((shift + g[j] - cost[j]) * inv)


@jit(fastmath=_SUMS)
def _total(values):
    total = 0.0
    for j in range(values.shape[0]):
        total += values[j]
    return total


@jit
def _row_peak(cost, g):
    """The largest ``g[j] - cost[j]``."""
    peak = g[0] - cost[0]
    for j in range(1, g.shape[0]):
        peak = max(peak, g[j] - cost[j])
    return peak


@jit
def rows_balance(C, g, reg, a, start, stop, f, columns):
    """Choose `f` so that rows `start` to `stop` of the plan sum to `a`, and add up its columns.

    IN C float64 (n, m), g float64[m], reg, a float64[n], positive. INOUT f float64[n]: a guess before.
    OUT columns float64[m]: sums over these rows. Returns how far their sums were from `a` before (L1).
    """
    inv, m = 1.0 / reg, g.shape[0]
    values = np.empty(m)
    columns[:] = 0.0
    error = 0.0
    for i in range(start, stop):
        _row_fill(C[i], f[i], g, inv, values)
        total = _total(values)
        error += abs(total - a[i])
        if not _TINY < total < _HUGE:
            f[i] = -_row_peak(C[i], g)
            _row_fill(C[i], f[i], g, inv, values)
            total = _total(values)
        f[i] += reg * (math.log(a[i]) - math.log(total))
        share = a[i] / total
        for j in range(m):
            columns[j] += values[j] * share
    return error


@jit
def columns_balance(C, f, reg, b, columns, g):
    """Choose `g` so that the columns of the plan sum to `b`, from their sums before.

    IN C float64 (n, m), f float64[n], reg, b float64[m], positive, columns float64[m]. INOUT g float64[m].
    """
    n, inv = C.shape[0], 1.0 / reg
    for j in range(g.shape[0]):
        total = columns[j]
        if not _TINY < total < _HUGE:
            peak = f[0] - C[0, j]
            for i in range(1, n):
                peak = max(peak, f[i] - C[i, j])
            g[j], total = -peak, 0.0
            for i in range(n):
                total += _exp((f[i] + g[j] - C[i, j]) * inv)
        g[j] += reg * (math.log(b[j]) - math.log(total))


@jit
def plan_sums(C, f, g, reg, start, stop, rows, columns):
    """Sums of rows `start` to `stop` of the plan, their part of the column sums, and of the cost.

    IN C float64 (n, m), f float64[n], g float64[m], reg. OUT rows float64[n] (these rows), columns
    float64[m]: sums over these rows. Returns the sum of cost times mass over these rows.
    """
    inv, m = 1.0 / reg, g.shape[0]
    values = np.empty(m)
    columns[:] = 0.0
    cost = 0.0
    for i in range(start, stop):
        _row_fill(C[i], f[i], g, inv, values)
        rows[i] = _total(values)
        for j in range(m):
            columns[j] += values[j]
        cost += _dot(values, C[i])
    return cost


@jit(fastmath=_SUMS)
def _dot(x, y):
    total = 0.0
    for j in range(x.shape[0]):
        total += x[j] * y[j]
    return total


@jit
def plan_fill(C, f, g, reg, start, stop, out):
    """OUT out float64 (n, m): rows `start` to `stop` of the plan. IN C (n, m), f, g, reg."""
    for i in range(start, stop):
        _row_fill(C[i], f[i], g, 1.0 / reg, out[i])


@jit
def support_count(C, f, g, low_row, low_column, start, stop, counts):
    """How many pairs of each row carry enough mass.

    A pair does when ``f[i] + g[j] - C[i, j]`` is at least ``min(low_row[i], low_column[j])``.
    OUT counts intp[n], rows `start` to `stop`.
    """
    for i in range(start, stop):
        found = 0
        for j in range(g.shape[0]):
            found += f[i] + g[j] - C[i, j] >= min(low_row[i], low_column[j])
        counts[i] = found


@jit
def support_fill(C, f, g, reg, low_row, low_column, start, stop, first, partner, mass):
    """The pairs that `support_count` counts, as CSR with their masses.

    IN first intp[n + 1]: the running sums of the counts. OUT partner int32[nnz], mass float64[nnz].
    """
    inv = 1.0 / reg
    for i in range(start, stop):
        position = first[i]
        for j in range(g.shape[0]):
            slack = f[i] + g[j] - C[i, j]
            if slack >= min(low_row[i], low_column[j]):
                partner[position] = j
                mass[position] = _exp(slack * inv)
                position += 1


@jit
def transform_least(C, f, start, stop, least):
    """OUT least float64[m]: the smallest ``C[i, j] - f[i]`` over rows `start` to `stop`. IN C, f."""
    least[:] = np.inf
    for i in range(start, stop):
        for j in range(least.shape[0]):
            least[j] = min(least[j], C[i, j] - f[i])
