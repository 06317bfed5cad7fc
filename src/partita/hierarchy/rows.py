"""What makers do first: check rows and weights, and order the rows by their content. Called by makers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidTypeError, shorten
from partita._core.optional import is_from
from partita._core.threads import map_blocks
from partita.kernels.canonical import (
    column_keys,
    rows_hash,
    rows_merge,
    rows_nonfinite,
    rows_settle,
    weights_merge,
)

_BLOCK = 1 << 15
_EXACT_IN_FLOAT32 = 1 << 24
_SPARSE_HINT = "pass a dense array (X.toarray()), or reduce it first (sklearn.decomposition.TruncatedSVD)"


def check_points(
    estimator: Any,
    X: Any,
    *,
    reset: bool,
    dtype: tuple[Any, ...] = (np.float32, np.float64),
    min_samples: int = 1,
) -> np.ndarray:
    """The rows of `X` as a C-contiguous, read-only float array; no copy when they are that already.

    Parameters
    ----------
    estimator : estimator
        Whose ``n_features_in_`` and ``feature_names_in_`` are set (`reset`) or compared.
    X : array-like of shape (n, d)
        NumPy array, memory map, Arrow table or fixed-size-list column, pandas or polars frame, list of rows.
        float32 and float64 are kept. float16, and integers within 2**24, become float32; all else float64.
    reset : bool
        True in ``fit``, False in ``predict``.
    dtype : tuple of dtypes
        The types to return; any other is cast to the first.
    min_samples : int
        Fewest rows.

    Returns
    -------
    X : ndarray of shape (n, d)

    Raises
    ------
    InvalidDataError
        For sparse, complex, textual or empty data, the wrong number of dimensions or columns, and for NaN
        and infinity (with the row and column of the first).
    """
    if hasattr(X, "tocsr"):
        raise InvalidTypeError(
            "Sparse data was passed for X, but dense data is required.", name="X", hint=_SPARSE_HINT
        )
    if is_from(X, "pyarrow"):
        X = _from_arrow(X)
    array = _validated(estimator, X, reset, min_samples)
    _refuse_textual(array)
    try:
        array = np.ascontiguousarray(array, dtype=_float_type(array, dtype))
    except TypeError as error:
        raise InvalidTypeError(
            f"X can't be read as numbers: {error}", name="X", hint="pass numeric columns only"
        ) from error
    except (ValueError, OverflowError) as error:
        raise InvalidDataError(
            f"X can't be read as numbers: {error}", name="X", hint="pass numeric columns only"
        ) from error
    _refuse_nonfinite(array, getattr(estimator, "feature_names_in_", None))
    array = array.view()
    array.flags.writeable = False
    return array


def check_weights(sample_weight: Any, n: int) -> np.ndarray | None:
    """Weights as float64[n], or None when there are none.

    Raises
    ------
    InvalidDataError
        For the wrong shape, negative, NaN or infinite weights (with the row), or weights that are all zero.
    """
    if sample_weight is None:
        return None
    try:
        weight = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(
            f"sample_weight can't be read as numbers: {error}", name="sample_weight"
        ) from error
    if weight.ndim == 0:
        weight = np.full(n, float(weight))
    if weight.shape != (n,):
        raise InvalidDataError(
            "sample_weight has the wrong shape.",
            name="sample_weight",
            allowed=f"shape ({n},)",
            got=weight.shape,
        )
    bad = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    if bad.size:
        raise InvalidDataError(
            f"sample_weight is not valid in row {bad[0]}.",
            name="sample_weight",
            allowed="finite numbers of at least 0",
            got=float(weight[bad[0]]),
        )
    if not weight.any():
        raise InvalidDataError(
            "sample_weight is zero everywhere.", name="sample_weight", hint="give at least one row a weight"
        )
    return weight


@dataclass(frozen=True)
class CanonicalRows:
    """Distinct rows in an order that depends on their content alone.

    The first s distinct rows are a pseudo-random sample of them, the same for any order of `source`.

    Attributes
    ----------
    source : ndarray of shape (n, d)
    first : intp[u]
        A row of `source` for each distinct row, in content order.
    weight : float64[u]
        Weights of equal rows, added up (their number where there are no weights).
    inverse : intp[n]
        The distinct row of each row.
    fingerprint : str
        A hash of all rows and weights, whatever their order.
    """

    source: np.ndarray
    first: np.ndarray
    weight: np.ndarray
    inverse: np.ndarray
    fingerprint: str = ""

    @property
    def n_distinct(self) -> int:
        """How many distinct rows there are."""
        return len(self.first)

    @property
    def rank(self) -> np.ndarray:
        """The content rank of each row, intp[n]; equal rows share one."""
        return self.inverse

    @cached_property
    def points(self) -> np.ndarray:
        """The distinct rows in content order, (u, d). A copy: large inputs rather gather parts by `first`."""
        return self.source[self.first]


def canonical_rows(X: np.ndarray, sample_weight: np.ndarray | None = None) -> CanonicalRows:
    """Distinct rows of `X` in content order, with weights.

    Rows are sorted by a 64-bit hash of their values (as float64, -0.0 as 0.0), equal hashes by the values
    themselves. So neither the order of the rows nor float32 against float64 makes a difference, and a row of
    weight 2 is the same as two equal rows.

    Parameters
    ----------
    X : float array of shape (n, d), finite
    sample_weight : float64[n] or None

    Returns
    -------
    CanonicalRows

    Notes
    -----
    O(n d + n log n) time, 40 n bytes.

    Examples
    --------
    >>> import numpy as np
    >>> rows = canonical_rows(np.array([[1.0, 2.0], [0.0, 0.0], [1.0, 2.0]]))
    >>> rows.n_distinct, sorted(rows.weight.tolist())
    (2, [1.0, 2.0])
    """
    n = X.shape[0]
    hashes = hashes_of(X)
    order = np.argsort(hashes)
    rows_settle(X, hashes, order)
    first, inverse = np.empty(n, dtype=np.intp), np.empty(n, dtype=np.intp)
    n_distinct = rows_merge(X, hashes, order, first, inverse)
    first = first[:n_distinct].copy()
    weight = _merged_weight(inverse, n_distinct, sample_weight)
    return CanonicalRows(X, first, weight, inverse, _fingerprint(hashes[first], weight))


def hashes_of(X: np.ndarray) -> np.ndarray:
    """64-bit hashes of the values of rows, uint64[n]."""
    keys, hashes = column_keys(X.shape[1]), np.empty(len(X), np.uint64)
    map_blocks(lambda start, stop: rows_hash(X, start, stop, keys, hashes), len(X), _BLOCK)
    return hashes


def unit_rows(X: np.ndarray) -> np.ndarray:
    """A copy of `X` with rows of Euclidean length 1, for ``metric="cosine"``; rows of zeros stay zeros.

    Scaled by the largest value of each row first, so that neither 1e-200 nor 1e200 is lost.
    """
    largest = np.abs(X).max(axis=1, keepdims=True, initial=0.0).astype(np.float64)
    largest[largest == 0.0] = 1.0
    out = np.empty_like(X)
    for start in range(0, len(X), _BLOCK):
        block = X[start : start + _BLOCK] / largest[start : start + _BLOCK]
        length = np.sqrt(np.einsum("ij,ij->i", block, block))[:, None]
        length[length == 0.0] = 1.0
        out[start : start + _BLOCK] = block / length
    return out


def _fingerprint(hashes: np.ndarray, weight: np.ndarray) -> str:
    digest = hashlib.blake2b(hashes.tobytes(), digest_size=8)
    digest.update(weight.tobytes())
    return digest.hexdigest()


def _merged_weight(inverse: np.ndarray, n_distinct: int, sample_weight: np.ndarray | None) -> np.ndarray:
    if sample_weight is None:
        return np.bincount(inverse, minlength=n_distinct).astype(np.float64)
    weight = np.zeros(n_distinct)
    # Equal rows may carry different weights: added in order of size, their sum is the same in any row order.
    weights_merge(np.lexsort((sample_weight, inverse)), inverse, sample_weight, weight)
    return weight


def _validated(estimator: Any, X: Any, reset: bool, min_samples: int) -> np.ndarray:
    from sklearn.utils.validation import validate_data

    try:
        return validate_data(
            estimator,
            X,
            reset=reset,
            dtype=None,
            order="C",
            ensure_all_finite=False,
            ensure_min_samples=min_samples,
        )
    except TypeError as error:
        raise InvalidTypeError(str(error), name="X") from error
    except ValueError as error:
        raise InvalidDataError(str(error), name="X") from error


def _from_arrow(X: Any) -> Any:
    import pyarrow as pa

    if isinstance(X, pa.ChunkedArray):
        X = X.combine_chunks()
    if isinstance(X, pa.FixedSizeListArray):
        if X.null_count:
            row = int(np.flatnonzero(X.is_null().to_numpy(zero_copy_only=False))[0])
            raise InvalidDataError(f"Input X contains NaN: a missing list in row {row}.", name="X")
        return X.flatten().to_numpy(zero_copy_only=False).reshape(len(X), X.type.list_size)
    if isinstance(X, (pa.Table, pa.RecordBatch)):
        if X.num_columns == 1 and pa.types.is_fixed_size_list(X.schema.field(0).type):
            return _from_arrow(X.column(0))
        columns = [np.asarray(column) for column in X.columns]
        return np.column_stack(columns) if columns else np.empty((X.num_rows, 0))
    return X


def _float_type(array: np.ndarray, allowed: tuple[Any, ...]) -> np.dtype:
    wanted = array.dtype
    if wanted.kind in "iub":
        limit = max((abs(int(array.min())), abs(int(array.max()))), default=0) if array.size else 0
        wanted = np.dtype(np.float32 if limit <= _EXACT_IN_FLOAT32 else np.float64)
    elif wanted == np.float16:
        wanted = np.dtype(np.float32)
    elif wanted.newbyteorder("=") not in (np.float32, np.float64):
        wanted = np.dtype(np.float64)
    wanted = wanted.newbyteorder("=")
    return wanted if wanted in allowed else np.dtype(allowed[0])


def _refuse_textual(array: np.ndarray) -> None:
    kind = array.dtype.kind
    if kind in "SUMmV":
        raise InvalidTypeError(
            f"X holds values of type {array.dtype}, not numbers.",
            name="X",
            got=array.flat[0] if array.size else array.dtype,
            hint="pass numeric columns only; texts go to partita.text",
        )
    if kind == "O":
        for row, values in enumerate(array):
            for column, value in enumerate(values):
                if isinstance(value, (str, bytes)):
                    raise InvalidTypeError(
                        f"X holds text in row {row}, column {column}: {shorten(value)}.",
                        name="X",
                        hint="pass numeric columns only; texts go to partita.text",
                    )


def _refuse_nonfinite(array: np.ndarray, names: Any) -> None:
    found = map_blocks(lambda start, stop: rows_nonfinite(array, start, stop), len(array), _BLOCK)
    bad = [position for position in found if position >= 0]
    if not bad:
        return
    row, column = divmod(bad[0], array.shape[1])
    called = f" ({names[column]!r})" if names is not None else ""
    what = "NaN" if np.isnan(array[row, column]) else "infinity (or a value too large for its type)"
    raise InvalidDataError(
        f"Input X contains {what} in row {row}, column {column}{called}.",
        name="X",
        hint="drop those rows, or fill the gaps first (sklearn.impute.SimpleImputer)",
    )
