"""What a tree of cells amounts to: mass, centre and inertia of every cell. Called by HierarchicalKMeans."""

from __future__ import annotations

import numpy as np

from partita.hierarchy.rows import CanonicalRows
from partita.points._nested import Nested


class Summary:
    """Sums over the leaves of `nested`, carried up by the parallel axis theorem.

    Parameters
    ----------
    nested : Nested
    mass, inertia : float64[m]
        Of the leaves; zeros for all other nodes.

    Attributes
    ----------
    parent : intp[m]
    depth : intp[m]
    is_leaf : bool[m]
    mass : float64[m]
    centers : float64 (m, d)
        In the frame; above the leaves, the weighted means of their centres.
    inertia : float64[m]
        In the frame. Never below a child's, whatever the rounding.
    """

    def __init__(self, nested: Nested, mass: np.ndarray, inertia: np.ndarray) -> None:
        self.parent, self.mass, self.inertia = np.array(nested.parent, np.intp), mass, inertia
        m = len(self.parent)
        self.depth = np.zeros(m, np.intp)
        for v in range(1, m):
            self.depth[v] = self.depth[self.parent[v]] + 1
        self.is_leaf = np.ones(m, bool)
        self.is_leaf[self.parent[1:]] = False
        self.centers = np.zeros((m, nested.root.nearest.centers.shape[1]))
        for stage in nested.stages():
            self.centers[stage.nodes] = stage.nearest.centers
        self._carry_up()

    @classmethod
    def of_rows(cls, nested: Nested, rows: CanonicalRows) -> Summary:
        """From the rows that were assigned."""
        node, m = nested.node[rows.first], len(nested.parent)
        mass = np.bincount(node, rows.weight, m)
        return cls(nested, mass, np.bincount(node, rows.weight * nested.distances[rows.first], m))

    @property
    def radius(self) -> np.ndarray:
        """Root mean square distance of a part's rows to its centre, float64[m]."""
        return np.sqrt(self.inertia / self.mass)

    @property
    def cost(self) -> float:
        """The inertia of the leaves, together."""
        return float(self.inertia[self.is_leaf].sum())

    def levels(self) -> list[np.ndarray]:
        """One cut for each depth; a leaf stays in all deeper ones."""
        deepest = int(self.depth.max())
        return [
            np.flatnonzero((self.depth == depth) | (self.is_leaf & (self.depth < depth)))
            for depth in range(1, deepest + 1)
        ]

    def _carry_up(self) -> None:
        moment = self.centers * (self.mass * self.is_leaf)[:, None]
        levels = [np.flatnonzero(self.depth == depth) for depth in range(int(self.depth.max()), 0, -1)]
        for level in levels:
            np.add.at(self.mass, self.parent[level], self.mass[level])
            np.add.at(moment, self.parent[level], moment[level])
        inner = ~self.is_leaf
        self.centers[inner] = moment[inner] / self.mass[inner, None]
        for level in levels:
            above = self.parent[level]
            apart = ((self.centers[level] - self.centers[above]) ** 2).sum(axis=1)
            np.add.at(self.inertia, above, self.inertia[level] + self.mass[level] * apart)
