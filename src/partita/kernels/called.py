"""Distances by a compiled function of the user. Called by dissimilarities."""

from __future__ import annotations

from partita.kernels.jit import jit


@jit(cache=False)  # the user's function is part of it
def called_block(metric, rows, others, out):
    """Distances of rows to others by `metric`. IN rows, others float (., d). OUT out float (rows, others)."""
    for i in range(rows.shape[0]):
        for j in range(others.shape[0]):
            out[i, j] = metric(rows[i], others[j])
