"""The cut of a tree that describes its graph shortest, with the levels above it. Called by ``BottomUp``.

A flat description can't see more than about sqrt(n) communities, since the counts between them cost too
much; where these are described by levels above, it sees about n / ln(n): T. P. Peixoto, Hierarchical block
structures and high-resolution model selection in large networks, Phys. Rev. X 4 (2014),
doi:10.1103/PhysRevX.4.011047.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.graphs._density import DensityTree
from partita.graphs._description import blocks_nats, counts_nats, uniform_nats
from partita.kernels.csr import Graph, contract

_EACH = 32
_RATIO = 1.15
_FINER = 6


class _Groups(NamedTuple):
    """The parts of one cut as a graph, the part of each bottom part, and a bottom part of each."""

    graph: Graph
    label: np.ndarray
    first: np.ndarray


class NestedDescription:
    """Nats of every cut of a tree, its levels above included.

    Parameters
    ----------
    tree : DensityTree
    blocks : Graph
        The contracted graph of the bottom parts, each edge counted once.
    constant : float
        ``graph_nats`` of the graph.
    most_merges : int, optional
        Cuts that merge more are not looked at.
    """

    def __init__(
        self, tree: DensityTree, blocks: Graph, constant: float, most_merges: int | None = None
    ) -> None:
        self.tree, self.blocks = tree, blocks
        self._groups: dict[int, _Groups] = {}
        self.base = constant + blocks_nats(blocks, tree.left, tree.right)
        merges = len(tree.left) if most_merges is None else most_merges
        self.fewest, self.fewest_finest = tree.n_blocks - len(tree.left), tree.n_blocks - merges
        self._above: dict[int, tuple[float, int]] = {}
        self._grid = _spread(self.fewest, tree.n_blocks)
        self._known: list[int] = []

    def nats(self, n_parts: int) -> float:
        """Nats of the graph with the finest level of so many parts."""
        return float(self.base[self.tree.n_blocks - n_parts]) + self._counts(n_parts)

    def best(self) -> int:
        """The number of parts of the shortest description: of a grid, then between its neighbours."""
        grid = _spread(self.fewest_finest, self.tree.n_blocks)
        while True:
            values = [self.nats(k) for k in grid]
            at = int(np.argmin(values))
            low, high = grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)]
            finer = np.unique(np.append(np.linspace(low, high, _FINER).astype(np.intp), grid[at])).tolist()
            if set(finer) <= set(grid):
                return int(grid[at])
            grid = finer

    def levels(self, n_parts: int) -> list[int]:
        """Numbers of parts of all levels, coarse to fine, the root left out."""
        found = [n_parts] if n_parts > 1 else []
        while n_parts > 1:
            self._counts(n_parts)
            n_parts = self._above[n_parts][1]
            if n_parts > 1:
                found.insert(0, n_parts)
        return found

    def _counts(self, n_parts: int) -> float:
        """Nats of the counts between so many parts, described by the levels above them."""
        if n_parts not in self._above:
            coarser = [k for k in self._grid if k < n_parts]
            for k in reversed(coarser):  # each from the next finer one
                self._group(k)
            for k in coarser:
                if k not in self._above:
                    self._above[k] = self._shortest(k)
            self._above[n_parts] = self._shortest(n_parts)
        return self._above[n_parts][0]

    def _shortest(self, n_parts: int) -> tuple[float, int]:
        """The least nats of the counts, and the parts of the level above (0: there is none)."""
        best = float(uniform_nats(self.blocks, n_parts)), 0
        member = self._first_blocks(n_parts)
        for k in self._grid:
            if k < n_parts:
                groups = self._group(k)
                size = np.bincount(groups.label[member], minlength=k)
                best = min(best, (counts_nats(groups.graph, size) + self._above[k][0], k))
        return best

    def _first_blocks(self, n_parts: int) -> np.ndarray:
        """A bottom part of each of so many parts."""
        if n_parts in self._groups:
            return self._groups[n_parts].first
        return np.unique(self.tree.tops(n_parts), return_index=True)[1]

    def _group(self, n_parts: int) -> _Groups:
        """The graph contracted to so many parts: from the least finer one that is there."""
        if n_parts not in self._groups:
            _, first, label = np.unique(self.tree.tops(n_parts), return_index=True, return_inverse=True)
            finer = min((k for k in self._groups if k > n_parts), default=0)
            below = self._groups[finer].graph if finer else self.blocks
            own = label[self._groups[finer].first] if finer else label
            graph = contract(below, own.astype(np.int32), n_parts)
            self._groups[n_parts] = _Groups(graph, label, first)
        return self._groups[n_parts]


def _spread(low: int, high: int) -> list[int]:
    """Whole numbers from low to high: each up to some, then in growing steps."""
    numbers = list(range(low, min(high, low + _EACH) + 1))
    while numbers[-1] < high:
        numbers.append(min(high, max(numbers[-1] + 1, int(numbers[-1] * _RATIO))))
    return numbers
