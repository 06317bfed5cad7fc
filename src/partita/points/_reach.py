"""The spanning tree of mutual reachability of rows. Called by HDBSCAN, NestedDensity and Linkage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita.kernels.merging import merges_tree
from partita.kernels.spanning import reach_tree
from partita.points._input import CanonicalRows


@dataclass(frozen=True)
class Spine:
    """The minimum spanning tree of the mutual reachability of distinct rows.

    Attributes
    ----------
    a, b : int32[m - 1]
        The distinct rows at the ends of each edge, in content order, a < b.
    length : float64[m - 1]
        Ascending; equal lengths by a, then b.
    core : float64[m]
        The distance from each distinct row within which `min_samples` items lie, itself included; inf where
        there are fewer items.
    """

    a: np.ndarray
    b: np.ndarray
    length: np.ndarray
    core: np.ndarray

    def merges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The tree of merges, equal lengths at once.

        Returns
        -------
        parent : intp[p]
            Of each part, -1 for the root; children before parents. No parts for a single row.
        height : float64[p]
        row_part : intp[m]
            The part in which each distinct row first meets another.
        """
        return merges_tree(self.a, self.b, self.length, len(self.core))


def spanning_tree(rows: CanonicalRows, min_samples: int) -> Spine:
    """The spine of rows; items of weight 0 are not there.

    Parameters
    ----------
    rows : CanonicalRows
        Whose weights are numbers of items.
    min_samples : int
        Items within a core distance, the item itself included; 1 for plain distances.
    """
    return Spine(*reach_tree(rows.points, rows.weight.astype(np.int64), min_samples))
