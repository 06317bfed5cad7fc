"""Posterior membership of rows in Gaussians over a background. Called by ``points.tree_mixture``."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def memberships_fill(Z, start, stop, constant, mean, whitener, background, out):
    """OUT out float64 (n, k + 1): memberships of rows `start` to `stop`, each a function of its row alone.

    IN Z float (n, r); constant float64[k], mean (k, r), whitener (k, r, r), lower triangular: the log density
    is ``constant - |whitener (z - mean)|^2 / 2``; background: the log density of the last column where that
    is even, NaN where the last of the Gaussians is the background.
    """
    k, r = mean.shape
    even = not np.isnan(background)
    columns = k + 1 if even else k
    for i in range(start, stop):
        if not np.isfinite(Z[i]).all():
            # So far away that its coordinates overflow: of no cluster.
            out[i, :] = 0.0
            out[i, columns - 1] = 1.0
            continue
        best = background if even else -np.inf
        for c in range(k):
            square = 0.0
            for p in range(r):
                value = 0.0
                for q in range(p + 1):
                    value += whitener[c, p, q] * (Z[i, q] - mean[c, q])
                square += value * value
            out[i, c] = constant[c] - 0.5 * square
            best = max(best, out[i, c])
        if even:
            out[i, k] = background
        total = 0.0
        for c in range(columns):
            out[i, c] = np.exp(out[i, c] - best)
            total += out[i, c]
        for c in range(columns):
            out[i, c] /= total
