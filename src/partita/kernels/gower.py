"""Gower's distance of rows with numbers, categories and gaps. Called by dissimilarities.

J. C. Gower, A general coefficient of similarity and some of its properties, Biometrics 27 (1971),
doi:10.2307/2528823.
"""

from __future__ import annotations

from partita.kernels.jit import jit


@jit
def gower_block(numbers_a, codes_a, rows, numbers_b, codes_b, columns, out):
    """Mean difference over the columns in which both rows have a value; 1 where there is none.

    IN numbers float64 (n, p), each column divided by its range, NaN for a gap; codes int32 (n, q), -1 for a
    gap. OUT out float (rows, columns).
    """
    p, q = numbers_a.shape[1], codes_a.shape[1]
    for i in range(rows.shape[0]):
        a = rows[i]
        for j in range(columns.shape[0]):
            b = columns[j]
            total, shared = 0.0, 0
            for t in range(p):
                apart = abs(numbers_a[a, t] - numbers_b[b, t])
                if apart == apart:
                    total += apart
                    shared += 1
            for t in range(q):
                if codes_a[a, t] >= 0 and codes_b[b, t] >= 0:
                    total += codes_a[a, t] != codes_b[b, t]
                    shared += 1
            out[i, j] = total / shared if shared > 0 else 1.0
