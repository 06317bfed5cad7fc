"""Sparse rows, linked by the distances of all pairs. Called by Linkage."""

from __future__ import annotations

import numpy as np

from partita._core.memory import check_memory
from partita._core.threads import map_blocks
from partita.kernels.sparse_pairs import csr_condensed, csr_nearest, csr_squares
from partita.points._linkage_items import Items
from partita.points._sparse_input import (
    SparseRows,
    canonical_sparse,
    unit_sparse_rows,
)

_ROWS = 64
_DENSE_BYTES = 28
_REDUCE = "reduce the rows first (sklearn.decomposition.TruncatedSVD)"


def sparse_items(rows: SparseRows, weight: np.ndarray | None, *, unit: bool) -> Items:
    """Distinct rows, with the distances of all pairs (for `unit`: 1 - cosine).

    Raises
    ------
    BudgetError
    """
    found = canonical_sparse(unit_sparse_rows(rows) if unit else rows, weight)
    kept = np.flatnonzero(found.weight > 0.0)
    linked, u = found.rows.pick(found.head[kept]), len(kept)
    check_memory(
        4 * u * (u - 1),
        what=f"The matrix of distances between {u:,} sparse rows",
        alternative=f"{_REDUCE}: ward, single and genie need no matrix for dense rows; or set PARTITA_MEMORY",
    )
    squares, out = csr_squares(linked.first, linked.value), np.empty(u * (u - 1) // 2)
    map_blocks(
        lambda start, stop: csr_condensed(
            linked.first, linked.column, linked.value, squares, linked.d, start, stop, unit, out
        ),
        u,
        _ROWS,
    )
    place = np.empty(len(found.head), np.intp)
    place[kept] = np.arange(u)
    left_out = np.flatnonzero(found.weight == 0.0)
    if len(left_out):
        place[left_out] = _nearest(linked, found.rows.pick(found.head[left_out]))
    inverse = place[found.inverse]
    return Items(
        found.weight[kept],
        inverse,
        found.inverse,
        found.fingerprint,
        distances=out,
        sparse=linked,
        halved=unit,
    )


def worth_dense(n: int, d: int) -> bool:
    """Whether sparse rows as dense ones take less memory than the distances of all pairs."""
    return _DENSE_BYTES * d < 4 * (n - 1)


def dense_rows(rows: SparseRows) -> np.ndarray:
    """The rows, float64 (n, d).

    Raises
    ------
    BudgetError
        Where these and what is made of them don't fit.
    """
    n = len(rows)
    check_memory(
        _DENSE_BYTES * n * rows.d,
        what=f"Linking {n:,} sparse rows of {rows.d:,} columns as dense ones",
        alternative=f"{_REDUCE}; or set PARTITA_MEMORY",
    )
    out = np.zeros((n, rows.d))
    out[np.repeat(np.arange(n), np.diff(rows.first)), rows.column] = rows.value
    return out


def nearest_sparse(linked: SparseRows, rows: SparseRows, *, unit: bool) -> np.ndarray:
    """The nearest of the rows that were linked for each of `rows`, intp; of equally near ones the first."""
    return _nearest(linked, unit_sparse_rows(rows) if unit else rows)


def _nearest(linked: SparseRows, rows: SparseRows) -> np.ndarray:
    found, squares = np.empty(len(rows), np.intp), csr_squares(linked.first, linked.value)
    map_blocks(
        lambda start, stop: csr_nearest(
            linked.first, linked.column, linked.value, squares, linked.d,
            rows.first, rows.column, rows.value, start, stop, found,
        ),
        len(rows),
        _ROWS,
    )  # fmt: skip
    return found
