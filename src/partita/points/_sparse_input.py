"""Rows of which only non-zero values are stored: checked once, made unit, ordered by their content.

Called by SphericalKMeans. Dense rows come in by the same door, so that both give the same result.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidTypeError
from partita._core.threads import map_blocks
from partita.hierarchy.rows import check_points
from partita.kernels.canonical import column_keys, weights_merge
from partita.kernels.sparse_rows import (
    csr_hash,
    csr_merge,
    csr_nonfinite,
    csr_settle,
    csr_take,
    csr_unit,
)

_BLOCK = 1 << 13


@dataclass(frozen=True)
class SparseRows:
    """Rows as compressed runs: columns ascending and distinct, no stored zeros.

    Attributes
    ----------
    first : int64[n + 1]
    column : int32[nnz]
    value : float64[nnz]
    d : int
        Columns.
    """

    first: np.ndarray
    column: np.ndarray
    value: np.ndarray
    d: int

    def __len__(self) -> int:
        return len(self.first) - 1

    def blank(self, n: int) -> SparseRows:
        """`n` rows of zeros with the same columns."""
        return SparseRows(np.zeros(n + 1, np.int64), np.empty(0, np.int32), np.empty(0), self.d)

    def pick(self, rows: np.ndarray) -> SparseRows:
        """Some rows, with all columns."""
        return self.take(rows, np.arange(self.d, dtype=np.int32), self.d)

    def take(self, rows: np.ndarray, place: np.ndarray, d: int) -> SparseRows:
        """Some rows, with column j renamed ``place[j]`` among `d`, or left out where that is -1."""
        room = int((self.first[rows + 1] - self.first[rows]).sum())
        first = np.empty(len(rows) + 1, np.int64)
        column, value = np.empty(room, np.int32), np.empty(room)
        csr_take(self.first, self.column, self.value, rows, place, first, column, value)
        return SparseRows(first, column[: first[-1]].copy(), value[: first[-1]].copy(), d)


def check_sparse_points(estimator: Any, X: Any, *, reset: bool) -> tuple[SparseRows, bool, np.dtype]:
    """The rows of `X` as given, whether they were sparse, and their float type.

    Parameters
    ----------
    estimator : estimator
        Whose ``n_features_in_`` is set (`reset`) or compared.
    X : sparse matrix or array of any format, or what ``check_points`` takes; of shape (n, d)
        Columns may stand in any order and repeat (their values are added); stored zeros are dropped.
    reset : bool
        True in ``fit``, False in ``predict``.

    Returns
    -------
    rows : SparseRows
    is_sparse : bool
    dtype : dtype
        float32 or float64.

    Raises
    ------
    InvalidDataError
        As ``check_points``; for NaN and infinity with the row and column of the first.
    """
    if hasattr(X, "tocsr"):
        matrix = _validated_sparse(estimator, X, reset)
        dtype = np.dtype(np.float32 if matrix.dtype == np.float32 else np.float64)
        return _canonical(matrix), True, dtype
    dense = check_points(estimator, X, reset=reset)
    first = np.zeros(len(dense) + 1, np.int64)
    first[1:] = np.cumsum(np.count_nonzero(dense, axis=1))
    column = np.nonzero(dense)[1].astype(np.int32)
    return SparseRows(first, column, dense[dense != 0].astype(np.float64), dense.shape[1]), False, dense.dtype


def unit_sparse_rows(rows: SparseRows) -> SparseRows:
    """The same rows of Euclidean length 1; rows of zeros stay as they are."""
    out = np.empty_like(rows.value)
    map_blocks(lambda start, stop: csr_unit(rows.first, rows.value, start, stop, out), len(rows), _BLOCK)
    lost = np.flatnonzero(out == 0.0)
    if not len(lost):
        return SparseRows(rows.first, rows.column, out, rows.d)
    kept = np.delete(np.arange(len(out)), lost)
    first = rows.first - np.searchsorted(lost, rows.first)
    return SparseRows(first, rows.column[kept], out[kept], rows.d)


@dataclass(frozen=True)
class Directions:
    """Distinct directions (or rows) in an order that depends on their content alone.

    Attributes
    ----------
    rows : SparseRows
        All rows; as directions of length 1.
    head : intp[u]
        A row for each distinct direction, in content order.
    weight : float64[u]
        Weights of the rows of a direction, added up.
    inverse : intp[n]
        The direction of each row.
    fingerprint : str
        A hash of all directions and weights, whatever their order.
    """

    rows: SparseRows
    head: np.ndarray
    weight: np.ndarray
    inverse: np.ndarray
    fingerprint: str

    @property
    def is_zero(self) -> np.ndarray:
        """Which directions are rows of zeros, bool[u]."""
        return self.rows.first[self.head] == self.rows.first[self.head + 1]


def canonical_directions(rows: SparseRows, sample_weight: np.ndarray | None) -> Directions:
    """Merge rows of one direction and order them by their content, as ``canonical_rows`` does for dense rows.

    O(nnz + n log n) time.
    """
    return canonical_sparse(unit_sparse_rows(rows), sample_weight)


def canonical_sparse(rows: SparseRows, sample_weight: np.ndarray | None) -> Directions:
    """Merge equal rows and order them by their content. O(nnz + n log n) time."""
    n = len(rows)
    hashes, keys = np.empty(n, np.uint64), column_keys(rows.d)
    map_blocks(
        lambda start, stop: csr_hash(rows.first, rows.column, rows.value, start, stop, keys, hashes),
        n,
        _BLOCK,
    )
    order = np.argsort(hashes)
    csr_settle(rows.first, rows.column, rows.value, hashes, order)
    head, inverse = np.empty(n, np.intp), np.empty(n, np.intp)
    distinct = csr_merge(rows.first, rows.column, rows.value, hashes, order, head, inverse)
    head = head[:distinct].copy()
    weight = np.zeros(distinct)
    given = np.ones(n) if sample_weight is None else sample_weight
    weights_merge(np.lexsort((given, inverse)), inverse, given, weight)
    digest = hashlib.blake2b(hashes[head].tobytes(), digest_size=8)
    digest.update(weight.tobytes())
    return Directions(rows, head, weight, inverse, digest.hexdigest())


def _validated_sparse(estimator: Any, X: Any, reset: bool) -> Any:
    from sklearn.utils.validation import validate_data

    if X.dtype.kind == "c":
        raise InvalidTypeError("Complex data not supported: X holds complex numbers.", name="X", got=X.dtype)
    if X.dtype.kind not in "fiub":
        raise InvalidTypeError(f"X holds values of type {X.dtype}, not numbers.", name="X", got=X.dtype)
    try:
        return validate_data(
            estimator, X, reset=reset, dtype=None, accept_sparse="csr", ensure_all_finite=False
        )
    except TypeError as error:
        raise InvalidTypeError(str(error), name="X") from error
    except ValueError as error:
        raise InvalidDataError(str(error), name="X") from error


def _canonical(matrix: Any) -> SparseRows:
    """Columns ascending, repeated ones added up in float64, zeros dropped; `matrix` stays as it is."""
    if matrix.shape[1] > np.iinfo(np.int32).max:
        raise InvalidDataError(
            f"X has {matrix.shape[1]} columns.", name="X", allowed="at most 2147483647 columns"
        )
    own = matrix.astype(np.float64, copy=True)
    _refuse_nonfinite(own)
    own.sum_duplicates()
    own.eliminate_zeros()
    _refuse_nonfinite(own)
    return SparseRows(own.indptr.astype(np.int64), own.indices.astype(np.int32), own.data, own.shape[1])


def _refuse_nonfinite(matrix: Any) -> None:
    first = matrix.indptr.astype(np.int64)
    found = map_blocks(
        lambda start, stop: csr_nonfinite(first, matrix.data, start, stop), matrix.shape[0], _BLOCK
    )
    bad = [position for position in found if position >= 0]
    if bad:
        row = int(np.searchsorted(first, bad[0], side="right")) - 1
        # The first in the row by column, which needn't be the first that is stored.
        stored = np.arange(first[row], first[row + 1])
        wrong = stored[~np.isfinite(matrix.data[stored])]
        at = wrong[np.argmin(matrix.indices[wrong])]
        what = "NaN" if np.isnan(matrix.data[at]) else "infinity (or a value too large for its type)"
        raise InvalidDataError(
            f"Input X contains {what} in row {row}, column {matrix.indices[at]}.",
            name="X",
            hint="drop those rows, or set those values to 0",
        )
