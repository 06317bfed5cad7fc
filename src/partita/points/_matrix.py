"""Items of which a matrix holds all dissimilarities: their tree, and where new ones belong. For HDBSCAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError
from partita._core.memory import check_memory
from partita._core.threads import map_blocks
from partita.hierarchy.partition import NOISE
from partita.hierarchy.rows import check_weights
from partita.kernels.condensed import condensed_square
from partita.kernels.spanning import matrix_core, matrix_reach, matrix_tree
from partita.points._linkage_items import matrix_items
from partita.points._reach import Spine

_BLOCK = 256


@dataclass(frozen=True)
class MatrixItems:
    """Items in an order of content.

    Attributes
    ----------
    source : array of shape (n, n)
        The dissimilarities as they were given.
    distances : float array
        Of the items that have weight, condensed, in order.
    first : intp[u]
        Which item each of these is.
    weight : float64[u]
        Above 0.
    inverse : intp[n]
        The place of each item among them, -1 for one of weight 0.
    rank : intp[n]
        The rank of each item by content.
    fingerprint : str
    """

    source: np.ndarray
    distances: np.ndarray
    first: np.ndarray
    weight: np.ndarray
    inverse: np.ndarray
    rank: np.ndarray
    fingerprint: str


def matrix_items_of(estimator: Any, X: Any, sample_weight: Any) -> MatrixItems:
    """The items of a square matrix of dissimilarities.

    Raises
    ------
    InvalidDataError
        For what is not symmetric, negative, not 0 on the diagonal or no number, with the row and column.
    """
    if not hasattr(X, "tocsr") and np.asarray(X).ndim == 1:
        raise InvalidDataError(
            "Dissimilarities are needed as a square matrix.",
            name="X",
            allowed="shape (n, n)",
            got=np.asarray(X).shape,
            hint="Reshape your data: scipy.spatial.distance.squareform(X) makes a matrix of condensed ones",
        )
    items = matrix_items(estimator, X, sample_weight)
    weight = check_weights(sample_weight, len(items.rank))
    there = np.ones(len(items.rank), bool) if weight is None else weight > 0
    first = np.empty(len(items.weight), np.intp)
    first[items.inverse[there]] = np.flatnonzero(there)
    assert items.distances is not None
    return MatrixItems(
        np.asarray(X), items.distances, first, items.weight, np.where(there, items.inverse, NOISE),
        items.rank, items.fingerprint,
    )  # fmt: skip


def matrix_spine(items: MatrixItems, min_samples: float) -> Spine:
    """The spine of items: Prim's algorithm on all pairs. O(u^2) time and memory.

    Raises
    ------
    BudgetError
    """
    u = len(items.first)
    check_memory(
        items.distances.itemsize * u * u,
        what=f"The square matrix of the dissimilarities of {u:,} items",
        alternative='give vectors with metric="euclidean" or "cosine", or set PARTITA_MEMORY',
    )
    D, core = np.zeros((u, u), items.distances.dtype), np.empty(u)
    condensed_square(items.distances, u, D)
    matrix_core(D, items.weight, min_samples, core)
    a, b, length = matrix_tree(D, core)
    return Spine(a, b, length, D[a, b].astype(np.float64), core)


@dataclass(frozen=True)
class MatrixPlaces:
    """Finds for new items the fitted one of least mutual reachability.

    Attributes
    ----------
    items : MatrixItems
    core : float64[u]
        Core distances.
    wanted : float
        Items within a core distance.
    """

    items: MatrixItems
    core: np.ndarray
    wanted: float

    def find(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The item that each row of `X` (b, n) reaches first, intp[b], and at which distance, float64[b]."""
        bad = np.argwhere(X < 0)
        if len(bad):
            i, j = bad[0]
            raise InvalidDataError(
                f"Negative values in data: the dissimilarity in row {i}, column {j} is negative.",
                name="X",
                allowed="finite numbers of at least 0",
                got=float(X[i, j]),
            )
        row, reach = np.empty(len(X), np.intp), np.empty(len(X))
        map_blocks(
            lambda start, stop: matrix_reach(
                np.ascontiguousarray(X[start:stop][:, self.items.first]), self.items.weight, self.wanted,
                self.core, row[start:stop], reach[start:stop],
            ),
            len(X),
            _BLOCK,
        )  # fmt: skip
        return row, reach
