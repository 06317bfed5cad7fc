"""What makers by density share: rows with counts, and where new rows go. Called by HDBSCAN, NestedDensity."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partita._core.threads import map_blocks, thread_scope
from partita.hierarchy import Hierarchy, Partition
from partita.hierarchy.maker import InductiveMaker
from partita.hierarchy.partition import NOISE
from partita.hierarchy.rows import CanonicalRows, canonical_rows, check_points, check_weights, unit_rows
from partita.kernels.answering import parts_top
from partita.kernels.condense import parts_holding
from partita.kernels.tree import tree_end, tree_fill_items, tree_fill_parts
from partita.points._condensed import Condensed
from partita.points._matrix import MatrixItems, MatrixPlaces
from partita.points._places import Places

_BLOCK = 1 << 14


class DensityMaker(InductiveMaker):
    """A maker whose parts are clusters of a condensed tree.

    New items go with the training item that they reach first, to the deepest part that exists at that scale.
    """

    metric: str
    min_samples: int
    n_jobs: int | None

    def apply(self, X: Any) -> np.ndarray:
        """The deepest part that each row of `X` reaches, intp[n]; in training ``hierarchy_.item_part``."""
        check_is_fitted(self)
        with thread_scope(self.n_jobs):
            row, reach = self._places.find(self._seen(check_points(self, X, reset=False)))
            return self._deepest(self._row_part[row], reach)

    def predict(self, X: Any, level: int | Partition = -1) -> np.ndarray:
        """Labels of the rows of `X` at a level or cut; on the training rows, the labels of the fit.

        Parameters
        ----------
        X : array-like of shape (n, d)
            With ``metric="precomputed"`` dissimilarities to the training items.
        level : int or Partition
            A named level (-1 the finest, 0 the root), or any ``hierarchy_.cut(...)``.

        Returns
        -------
        labels : int32[n]

        Raises
        ------
        InvalidParameterError
            For a partition of another hierarchy, or of none.

        Notes
        -----
        The labels that ``apply`` leads to, found with less search: nothing is looked at beyond the distance
        at which the clusters of the level appear, or where all rows near a new one have the same label.
        """
        check_is_fitted(self)
        labels = self._labels_of_parts(level).astype(np.int32)
        top = np.empty(len(labels), np.intp)
        above = self._above.astype(np.intp)
        if isinstance(self._places, MatrixPlaces) or not parts_top(above, labels, top):
            return labels[self.apply(X)]
        with thread_scope(self.n_jobs):
            X = self._seen(check_points(self, X, reset=False))
            part = self._places.answer(X, top[self._row_part], self._birth)
        return np.where(part >= 0, labels[part], NOISE).astype(np.int32)

    def _seen(self, X: np.ndarray) -> np.ndarray:
        """Rows as distances are taken between them. For cosine in float64, so that float types agree."""
        return unit_rows(X.astype(np.float64)) if self.metric == "cosine" else X

    def _rows(self, X: Any, sample_weight: Any) -> tuple[CanonicalRows, CanonicalRows]:
        """All rows, and those that have weight."""
        X = self._seen(check_points(self, X, reset=True))
        rows = canonical_rows(X, check_weights(sample_weight, len(X)))
        there = rows.weight > 0
        if there.all():
            return rows, rows
        number = np.where(there, np.cumsum(there) - 1, NOISE)
        heavy = CanonicalRows(X, rows.first[there], rows.weight[there], number[rows.inverse])
        return rows, heavy

    def _wanted(self, heavy: CanonicalRows | MatrixItems) -> float:
        """Items within a core distance: not more than there are, whatever the rounding of their sum."""
        total = float(heavy.weight.sum())
        return float(self.min_samples) if total >= self.min_samples else total * (1 - 1e-9)

    def _keep_places(
        self, tree: Condensed, places: Places | MatrixPlaces, heavy: CanonicalRows | MatrixItems
    ) -> np.ndarray:
        """Remember where rows are. Gives the cluster of each item; those without weight go as new ones do."""
        self._places = places
        self._row_part, self._birth, self._above = tree.row_cluster, tree.birth, tree.above
        light = heavy.inverse < 0
        row = np.maximum(heavy.inverse, 0)
        cluster, self._fall = tree.row_cluster[row], tree.row_fall[row]
        if light.any():
            row, reach = self._places.find(heavy.source[light])
            cluster[light] = self._deepest(tree.row_cluster[row], reach)
            self._fall[light] = np.maximum(reach, tree.row_fall[row])
        return cluster

    def _renumber(self, hierarchy: Hierarchy, new_id: np.ndarray) -> None:
        """From now on name clusters by their parts."""
        self._row_part = new_id[self._row_part]
        self._birth, self._above = hierarchy.part_data["birth"], hierarchy.parent

    def _deepest(self, part: np.ndarray, reach: np.ndarray) -> np.ndarray:
        """The deepest part, at or above `part`, that exists at `reach`."""
        part = np.array(part)
        map_blocks(
            lambda start, stop: parts_holding(self._above, self._birth, part[start:stop], reach[start:stop]),
            len(part),
            _BLOCK,
        )
        return part


def partition_into(hierarchy: Hierarchy, parts: np.ndarray) -> Partition:
    """The flat partition into some parts, ascending, an antichain."""
    labels = np.full(hierarchy.n_items, NOISE, np.int32)
    part_labels = np.full(hierarchy.n_parts, NOISE, np.int32)
    end = np.empty(hierarchy.n_parts, np.intp)
    tree_end(hierarchy.parent, end)
    tree_fill_items(hierarchy.order, hierarchy.start, hierarchy.stop, parts, labels)
    tree_fill_parts(end, parts, np.arange(len(parts), dtype=np.int32), part_labels)
    return Partition(labels, n_parts=len(parts), parts=parts, hierarchy=hierarchy, part_labels=part_labels)
