"""What every solver of transport does first: check costs and masses, and order them by their content."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from partita._core.errors import InfeasibleError, InvalidDataError, InvalidTypeError
from partita._core.threads import map_blocks
from partita.kernels.plan_order import pairs_hash, values_hash

_PAIRS_A_BLOCK = 1 << 20
_EQUAL_SUMS = 1e-6


@dataclass(frozen=True)
class Problem:
    """Costs and masses as given, checked; `rows` and `columns` have mass, and stand in content order.

    Attributes
    ----------
    C : float64 (n, m)
    a, b : float64[n], float64[m], of equal sums
    rows, columns : intp arrays
    """

    C: np.ndarray
    a: np.ndarray
    b: np.ndarray
    rows: np.ndarray
    columns: np.ndarray

    @property
    def total(self) -> float:
        """The mass to move."""
        return math.fsum(self.a)

    def block(self) -> int:
        """Rows a block, so that blocks have about equal work."""
        return block_of(self.C.shape[1])


def block_of(n_columns: int) -> int:
    """Rows of a matrix that one worker takes at a time."""
    return max(1, _PAIRS_A_BLOCK // max(1, n_columns))


def check_problem(C: Any, a: Any, b: Any) -> Problem:
    """Costs and masses that can be solved.

    Raises
    ------
    InvalidDataError
        For empty, sparse or textual costs, wrong shapes, NaN, infinities, negative masses: with the place.
    InfeasibleError
        For sums of `a` and `b` that differ by more than a millionth.
    """
    C = check_costs(C)
    n, m = C.shape
    masses_a, masses_b = check_masses(a, n, "a"), check_masses(b, m, "b")
    if masses_a is None:
        masses_a = np.full(n, (1.0 if masses_b is None else math.fsum(masses_b)) / n)
    if masses_b is None:
        masses_b = np.full(m, math.fsum(masses_a) / m)
    masses_b = _balanced(masses_a, masses_b)
    rows, columns = _content_order(C, masses_a, masses_b)
    return Problem(C, masses_a, masses_b, rows, columns)


def check_costs(C: Any) -> np.ndarray:
    """The costs as a C-contiguous float64 matrix; no copy when they are that already."""
    if hasattr(C, "tocsr"):
        raise InvalidTypeError(
            "Sparse costs were passed, but a cost is needed for every pair.",
            name="C",
            hint="pass a dense array; a forbidden pair can have a cost above all others",
        )
    return _finite_matrix(C, "C", hint="a forbidden pair can have a cost above all others")


def check_rows(X: Any) -> np.ndarray:
    """The points of a client as a C-contiguous float64 matrix."""
    return _finite_matrix(X, "X", hint="leave rows with missing values out")


def _finite_matrix(values: Any, name: str, hint: str) -> np.ndarray:
    array = _as_numbers(values, name)
    if array.ndim != 2 or 0 in array.shape:
        raise InvalidDataError(
            f"{name!r} has the wrong shape.",
            name=name,
            allowed="two dimensions, both at least 1",
            got=array.shape,
        )
    flat = map_blocks(
        lambda start, stop: _first_bad(array, start, stop), len(array), block_of(array.shape[1])
    )
    found = next((position for position in flat if position >= 0), -1)
    if found >= 0:
        row, column = divmod(found, array.shape[1])
        raise InvalidDataError(
            f"{name!r} has a value that is not finite, in row {row}, column {column}.",
            name=name,
            got=float(array[row, column]),
            hint=hint,
        )
    return array


def check_masses(masses: Any, n: int, name: str) -> np.ndarray | None:
    """Masses as float64[n]; None stays None.

    Raises
    ------
    InvalidDataError
        For the wrong shape, NaN, infinite or negative masses (with the place), or a sum of 0.
    """
    if masses is None:
        return None
    values = _as_numbers(masses, name)
    if values.shape != (n,):
        raise InvalidDataError(
            f"{name!r} has the wrong shape.", name=name, allowed=f"shape ({n},)", got=values.shape
        )
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0.0)))
    if bad.size:
        raise InvalidDataError(
            f"The mass {name}[{bad[0]}] is not valid.",
            name=name,
            allowed="finite numbers of at least 0",
            got=float(values[bad[0]]),
        )
    if not 0.0 < values.sum() < np.inf:
        raise InvalidDataError(
            f"The masses of {name!r} add up to {values.sum():g}.", name=name, allowed="a finite sum above 0"
        )
    return values


def check_few(problem: Problem, few: int) -> int:
    """How many sources a sink can have: `few`, or all there are.

    Raises
    ------
    InfeasibleError
        When there are more sources than all sinks can take from, or a sink needs more than so many hold.
    """
    a, b = problem.a[problem.rows], problem.b[problem.columns]
    held = np.cumsum(np.sort(a)[::-1])
    largest = float(b.max()) * (1.0 - _EQUAL_SUMS)
    least = max(math.ceil(len(a) / len(b)), int(np.searchsorted(held, min(largest, held[-1]))) + 1)
    if few < least:
        raise InfeasibleError(
            f"With {few} sources a sink, {len(a):,} sources can't be emptied into {len(b):,} sinks.",
            f"max_nonzeros={least}",
            name="max_nonzeros",
            got=few,
        )
    return min(few, len(a))


def _as_numbers(values: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biuf" and array.dtype.kind != "O":
            raise TypeError(f"its values are of type {array.dtype}")
        return np.ascontiguousarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(f"{name!r} can't be read as numbers: {error}", name=name) from error


def _first_bad(C: np.ndarray, start: int, stop: int) -> int:
    good = np.isfinite(C[start:stop])
    return -1 if good.all() else start * C.shape[1] + int(np.argmin(good))


def _balanced(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`b` with the sum of `a`, if they differ by rounding only."""
    have, want = math.fsum(a), math.fsum(b)
    if abs(have - want) > _EQUAL_SUMS * max(have, want):
        raise InfeasibleError(
            f"The masses of a add up to {have:.9g} and those of b to {want:.9g}, so no plan has both.",
            f"scale b by {have / want:.9g}, or add a {'sink' if have > want else 'source'} of mass "
            f"{abs(have - want):.9g} at cost 0 for what stays behind",
            name="b",
            got=want,
        )
    return b * (have / want)


def _content_order(C: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns that have mass, by hashes of what they hold: the same for any order of either.

    A row's hash is made of its mass and of its costs, each with the hash of its column, and so for columns.
    Ties keep their order; then rows are equal, or hold the same values in places that look the same.
    """
    row_key, column_key = np.empty(len(a), np.uint64), np.empty(len(b), np.uint64)
    values_hash(a, row_key)
    values_hash(b, column_key)
    for _ in range(2):
        row_key, column_key = _pair_keys(C, row_key, column_key)
    by_row, by_column = np.argsort(row_key, kind="stable"), np.argsort(column_key, kind="stable")
    return by_row[a[by_row] > 0.0], by_column[b[by_column] > 0.0]


def _pair_keys(C: np.ndarray, row_key: np.ndarray, column_key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows = np.empty_like(row_key)

    def work(start: int, stop: int) -> np.ndarray:
        columns = np.empty_like(column_key)
        pairs_hash(C, row_key, column_key, start, stop, rows, columns)
        return columns

    parts = map_blocks(work, len(row_key), block_of(len(column_key)))
    return rows, np.add.reduce(np.stack(parts), axis=0)
