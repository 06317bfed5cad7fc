"""Distances between all rows of vectors, as a square matrix. For ``ExcisiveClustering``."""

from __future__ import annotations

import numpy as np

from partita._core.memory import check_memory
from partita._core.threads import map_blocks
from partita.hierarchy.rows import unit_rows

METRICS = ("euclidean", "sqeuclidean", "cosine", "cityblock", "chebyshev")
_VALUES = 1 << 21


def square_of(X: np.ndarray, metric: str) -> np.ndarray:
    """Distances between all rows of `X`, float64 (n, n); each a function of its two rows alone.

    Raises
    ------
    BudgetError
        When n^2 numbers of 8 bytes are more than the memory budget.
    """
    from scipy.spatial.distance import cdist

    n = len(X)
    check_memory(
        8 * n * n,
        what=f"A matrix of {n:,} x {n:,} distances",
        alternative="take a sample of the items, or set PARTITA_MEMORY",
    )
    rows = (unit_rows(X) if metric == "cosine" else X).astype(np.float64)
    named = {"cosine": "sqeuclidean"}.get(metric, metric)
    D = np.empty((n, n))

    def block(start: int, stop: int) -> None:
        D[start:stop] = cdist(rows[start:stop], rows, named)

    map_blocks(block, n, max(1, _VALUES // max(1, n)))
    return D * 0.5 if metric == "cosine" else D
