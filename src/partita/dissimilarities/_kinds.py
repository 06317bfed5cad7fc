"""What a metric compares, and how such data are checked, seen as items and placed. Called by KMedoids."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError
from partita.dissimilarities._condensed import CondensedItems, check_condensed, is_condensed
from partita.dissimilarities._items import Items, Placer
from partita.dissimilarities._mixed import MixedItems, as_table
from partita.dissimilarities._precomputed import (
    ColumnsPlacer,
    PrecomputedItems,
    check_square,
    count_of_pairs,
)
from partita.dissimilarities._strings import StringItems, check_strings
from partita.dissimilarities._vectors import VectorItems
from partita.hierarchy.rows import check_points


class Kind:
    """Vectors; the base of the other kinds."""

    def __init__(self, metric: Any) -> None:
        self.metric = metric
        self.placer: Placer

    def check(self, maker: Any, X: Any, *, reset: bool) -> Any:
        """The data as this kind takes them."""
        return check_points(maker, X, reset=reset)

    def count(self, data: Any) -> int:
        """How many items they are."""
        return len(data)

    def items(self, data: Any, weight: np.ndarray | None) -> Items:
        """The distinct items of a fit."""
        self._source = data
        return VectorItems(data, weight, self.metric)

    def part_data(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        """Columns about the medoids at `positions`."""
        return {"center": self._source[positions]}

    def keep(self, items: Items, medoids: np.ndarray) -> None:
        """Keep what places new items, and nothing else."""
        self.placer = items.placer(medoids)
        self._source = None

    def encode(self, data: Any) -> Any:
        """Checked data as the placer takes them."""
        return data


class _Strings(Kind):
    def check(self, maker: Any, X: Any, *, reset: bool) -> list[str]:
        return check_strings(X)

    def items(self, data: Any, weight: np.ndarray | None) -> Items:
        return StringItems(data, weight)

    def part_data(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        return {}


class _Mixed(Kind):
    def check(self, maker: Any, X: Any, *, reset: bool) -> Any:
        return as_table(X)

    def count(self, data: Any) -> int:
        return int(data.num_rows)

    def items(self, data: Any, weight: np.ndarray | None) -> Items:
        return MixedItems(data, weight)

    def part_data(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        return {}

    def encode(self, data: Any) -> Any:
        return self.placer.columns.encode(data)  # type: ignore[attr-defined]


class _Precomputed(Kind):
    def check(self, maker: Any, X: Any, *, reset: bool) -> np.ndarray:
        if reset:
            D = check_condensed(X) if is_condensed(X) else check_square(X, maker.symmetric)
            maker.n_features_in_ = self.count(D)
            return D
        D = check_points(maker, X, reset=False)
        if (D < 0).any():
            row, column = np.argwhere(D < 0)[0]
            raise InvalidDataError(f"The distance in row {row}, column {column} is negative.", name="X")
        return D

    def count(self, data: Any) -> int:
        return count_of_pairs(len(data)) if data.ndim == 1 else len(data)

    def items(self, data: Any, weight: np.ndarray | None) -> Items:
        return CondensedItems(data, weight) if data.ndim == 1 else PrecomputedItems(data, weight)

    def part_data(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        return {}

    def keep(self, items: Items, medoids: np.ndarray) -> None:
        self.placer = ColumnsPlacer(medoids)


def kind_of(metric: Any) -> Kind:
    """The kind of data that `metric` compares."""
    kinds = {"edit": _Strings, "gower": _Mixed, "precomputed": _Precomputed}
    return kinds.get(metric, Kind)(metric) if isinstance(metric, str) else Kind(metric)
