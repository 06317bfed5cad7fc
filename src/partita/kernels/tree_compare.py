"""The expected mutual information of two partitions with given sizes. Called by ``hierarchy.compare``."""

from __future__ import annotations

import math

from partita.kernels.jit import jit

_NEGLIGIBLE = 1e-18


@jit
def expected_information(sizes_a, counts_a, sizes_b, counts_b, n):
    """The mean mutual information, in nats, over all pairs of partitions with these part sizes.

    IN sizes_a, sizes_b float64: the distinct sizes; counts_a, counts_b float64: how many parts have each.
    For each pair of sizes the hypergeometric law is summed from its mode outwards by the ratio of
    neighbouring terms, so that no logarithm of a factorial, which would lose digits at large n, is needed.
    Nguyen, Epps & Bailey, JMLR 11 (2010) 2837-2854.
    """
    total = 0.0
    for i in range(sizes_a.shape[0]):
        a = sizes_a[i]
        row = 0.0
        for j in range(sizes_b.shape[0]):
            row += counts_b[j] * _expected_term(a, sizes_b[j], n)
        total += counts_a[i] * row
    return total


@jit
def _expected_term(a, b, n):
    low, high = max(1.0, a + b - n), min(a, b)
    mode = math.floor((a + 1.0) * (b + 1.0) / (n + 2.0))
    mode = min(max(mode, max(0.0, a + b - n)), high)
    scale = math.log(n) - math.log(a) - math.log(b)
    mass, information = 0.0, 0.0
    weight, k = 1.0, mode
    while weight > _NEGLIGIBLE and k <= high:
        mass += weight
        if k >= low:
            information += weight * k * (math.log(k) + scale)
        weight *= (a - k) * (b - k) / ((k + 1.0) * (n - a - b + k + 1.0))
        k += 1.0
    weight, k = 1.0, mode
    while k > max(0.0, a + b - n):
        weight *= k * (n - a - b + k) / ((a - k + 1.0) * (b - k + 1.0))
        k -= 1.0
        if weight <= _NEGLIGIBLE:
            break
        mass += weight
        if k >= low:
            information += weight * k * (math.log(k) + scale)
    return information / (mass * n)
