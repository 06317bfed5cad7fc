"""Rows of a table with numbers, categories and gaps under Gower's distance, as items. Called by KMedoids."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidTypeError
from partita._core.optional import is_from
from partita.dissimilarities._items import Items, Placer
from partita.hierarchy.rows import canonical_rows
from partita.kernels.gower import gower_block

_STRANGE = np.int32(2**31 - 1)


class Columns:
    """What the columns of a table are, learnt from its rows: ranges of numbers, names of categories.

    Parameters
    ----------
    table : Arrow table, or pandas or polars frame
    """

    def __init__(self, table: Any) -> None:
        table = as_table(table)
        self.names = list(table.column_names)
        self.numbers: dict[str, tuple[float, float]] = {}
        self.categories: dict[str, np.ndarray] = {}
        self.constant: list[str] = []
        for name in self.names:
            column = table.column(name)
            if _is_number(column.type):
                self._learn_range(name, _floats(column, name))
            else:
                known = sorted({str(value) for value in column.to_pylist() if value is not None})
                self.categories[name] = np.array(known, dtype=object)

    def _learn_range(self, name: str, values: np.ndarray) -> None:
        held = values[~np.isnan(values)]
        if len(held) and held.min() < held.max():
            self.numbers[name] = (float(held.min()), float(held.max()))
        else:
            self.constant.append(name)

    def encode(self, table: Any) -> tuple[np.ndarray, np.ndarray]:
        """Numbers float64 (n, p) from 0 to 1, NaN for gaps, and codes int32 (n, q), -1 for gaps."""
        table = as_table(table)
        if list(table.column_names) != self.names:
            raise InvalidDataError(
                "The columns are not those of the fit.",
                name="X",
                allowed=", ".join(self.names),
                got=", ".join(map(str, table.column_names)),
            )
        numbers = np.empty((table.num_rows, len(self.numbers)))
        codes = np.empty((table.num_rows, len(self.categories)), np.int32)
        for j, (name, (low, high)) in enumerate(self.numbers.items()):
            numbers[:, j] = _floats(table.column(name), name) / (high - low) - low / (high - low)
        for j, (name, known) in enumerate(self.categories.items()):
            place = {word: code for code, word in enumerate(known)}
            codes[:, j] = [
                -1 if value is None else place.get(str(value), _STRANGE)
                for value in table.column(name).to_pylist()
            ]
        return numbers, codes


def as_table(X: Any) -> Any:
    """An Arrow table of any table.

    Raises
    ------
    InvalidDataError
        For what is none, and for a table without rows or columns.
    """
    import pyarrow as pa

    if isinstance(X, pa.RecordBatch):
        X = pa.Table.from_batches([X])
    elif is_from(X, "pandas") and hasattr(X, "columns"):
        X = pa.Table.from_pandas(X, preserve_index=False)
    elif hasattr(X, "to_arrow"):
        X = X.to_arrow()
    elif isinstance(X, dict):
        X = pa.table(X)
    if not isinstance(X, pa.Table):
        raise InvalidTypeError(
            "metric='gower' needs a table.", name="X", allowed="Arrow, pandas or polars", got=type(X).__name__
        )
    if not X.num_rows or not X.num_columns:
        raise InvalidDataError(
            f"The table has {X.num_rows} rows and {X.num_columns} columns.", name="X", allowed="at least 1"
        )
    return X


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _floats(column: Any, name: str) -> np.ndarray:
    values = np.array(column.cast("float64").to_numpy(), dtype=np.float64)
    bad = np.flatnonzero(np.isinf(values))
    if len(bad):
        raise InvalidDataError(
            f"Input X contains infinity in row {bad[0]}, column {name!r}.", name="X", hint="drop the row"
        )
    return values


class _MixedPlacer(Placer):
    def __init__(self, columns: Columns, numbers: np.ndarray, codes: np.ndarray) -> None:
        self.columns = columns
        self._numbers, self._codes, self._ids = numbers, codes, np.arange(len(numbers))

    def distances(self, data: tuple[np.ndarray, np.ndarray], start: int, stop: int) -> np.ndarray:
        out = np.empty((stop - start, len(self._ids)))
        numbers, codes = data
        gower_block(numbers, codes, np.arange(start, stop), self._numbers, self._codes, self._ids, out)
        return out


class MixedItems(Items):
    """Distinct rows of a table.

    Parameters
    ----------
    table : Arrow table, or pandas or polars frame
    weight : float64[n] or None
    """

    def __init__(self, table: Any, weight: np.ndarray | None) -> None:
        super().__init__()
        table = as_table(table)
        self.columns = Columns(table)
        if weight is not None and len(weight) != table.num_rows:
            raise InvalidDataError("sample_weight has the wrong shape.", name="sample_weight")
        numbers, codes = self.columns.encode(table)
        if not numbers.shape[1] + codes.shape[1]:
            raise InvalidDataError("No column has two different values.", name="X")
        self._refuse_empty(numbers, codes)
        whole = np.column_stack([np.where(np.isnan(numbers), -1.0, numbers), codes.astype(np.float64)])
        rows = canonical_rows(whole, weight)
        self.first, self.inverse, self.weight = rows.first, rows.inverse, rows.weight
        self.rank, self.fingerprint = np.arange(len(rows.first)), rows.fingerprint
        self._numbers, self._codes = numbers[rows.first], codes[rows.first]
        if self.columns.constant:
            names = ", ".join(self.columns.constant)
            self.notes.append(f"numbers without a range left out: {names}")

    def _refuse_empty(self, numbers: np.ndarray, codes: np.ndarray) -> None:
        empty = np.flatnonzero(np.isnan(numbers).all(axis=1) & (codes < 0).all(axis=1))
        if len(empty):
            raise InvalidDataError(f"Row {empty[0]} of X has no value at all.", name="X", hint="drop the row")

    def fill(self, rows: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
        gower_block(self._numbers, self._codes, rows, self._numbers, self._codes, columns, out)

    def placer(self, medoids: np.ndarray) -> _MixedPlacer:
        return _MixedPlacer(self.columns, self._numbers[medoids], self._codes[medoids])

    @property
    def data(self) -> tuple[np.ndarray, np.ndarray]:
        return self._numbers, self._codes
