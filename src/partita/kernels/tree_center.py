"""Sums over the rows of each part that are the same in any order of rows. Called by ``hierarchy.covering``.

Adding floats in another order changes the last digits. Here each value is cut into a multiple of a coarse
quantum and a multiple of a fine one, such that sums of either kind are exact; what is left is dropped row by
row (after J. Demmel and H. D. Nguyen, Fast reproducible floating-point summation, ARITH 2013,
doi:10.1109/ARITH.2013.9).
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def rows_largest(X):
    """The largest absolute value of X float (b, d); -1 when a value is not finite."""
    largest = 0.0
    finite = True
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            value = abs(np.float64(X[i, j]))
            finite &= value - value == 0.0
            largest = value if value > largest else largest
    return largest if finite else -1.0


def quanta(n):
    """Numbers whose last digits are quanta for exact sums of `n` values below 16 (coarse, fine)."""
    digits = max(int(n).bit_length(), 2)
    return 1.5 * 2.0 ** (digits + 4), 1.5 * 2.0 ** (2 * digits - 50)


@jit
def rows_add_exactly(X, labels, scale, coarse, fine, high, low):
    """Add rows, times `scale`, to the sums of their parts.

    IN X float (b, d), labels intp[b] (-1: in none), scale (a power of two), coarse, fine (from ``quanta``).
    INOUT high, low float64 (k, d): the sums of multiples of either quantum.
    """
    for i in range(X.shape[0]):
        part = labels[i]
        if part < 0:
            continue
        for j in range(X.shape[1]):
            value = X[i, j] * scale
            most = (value + coarse) - coarse
            high[part, j] += most
            low[part, j] += ((value - most) + fine) - fine
