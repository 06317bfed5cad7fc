"""From a bottom partition to a tree by density, and the levels that descriptions name. For this room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita.kernels.csr import Graph, contract
from partita.kernels.density_link import density_link, merges_cut, merges_settle


@dataclass(frozen=True)
class DensityTree:
    """Parts of a bottom partition, and their merges, densest first.

    Attributes
    ----------
    labels : int32[n]
        The bottom part of each node.
    blocks : Graph
        The contracted graph.
    left, right : int64[m]
        Merge t joins two of the parts 0 to n_blocks - 1 and earlier merges (n_blocks + t).
    density : float64[m]
        Never growing.
    inversions : int
        Merges that were denser than one below them by more than rounding, before that was mended.
    """

    labels: np.ndarray
    blocks: Graph
    left: np.ndarray
    right: np.ndarray
    density: np.ndarray
    inversions: int

    @property
    def n_blocks(self) -> int:
        """Parts of the bottom partition."""
        return len(self.blocks.loops)

    def cut_labels(self, n_parts: int) -> np.ndarray:
        """The part of each node, int32[n], when merges have left `n_parts`; numbered by first bottom part."""
        top = self.tops(n_parts)
        _, first, label = np.unique(top, return_index=True, return_inverse=True)
        rank = np.empty(len(first), np.int32)
        rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
        return rank[label][self.labels]

    def tops(self, n_parts: int) -> np.ndarray:
        """The cluster that holds each bottom part, int64[n_blocks], when there are `n_parts`."""
        top = np.empty(self.n_blocks, np.int64)
        merges_cut(self.n_blocks, self.left, self.right, self.n_blocks - n_parts, top)
        return top


def density_tree(graph: Graph, labels: np.ndarray, n_blocks: int) -> DensityTree:
    """Merge the parts of a partition by the density between them."""
    labels = np.ascontiguousarray(labels, np.int32)
    blocks = contract(graph, labels, n_blocks)
    left, right, density, inversions = density_merges(blocks, blocks.node_weight)
    return DensityTree(labels, blocks, left, right, density, inversions)


def density_merges(blocks: Graph, size: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Merges (left, right, density) from the densest on, and inversions that were more than rounding."""
    n = len(blocks.loops)
    left, right = np.empty(max(n - 1, 0), np.int64), np.empty(max(n - 1, 0), np.int64)
    density = np.empty(max(n - 1, 0))
    merges = density_link(blocks, np.ascontiguousarray(size, np.float64), left, right, density)
    left, right, density = left[:merges], right[:merges], density[:merges]
    inversions = int(merges_settle(n, left, right, density))
    order = np.argsort(-density, kind="stable")
    number = np.concatenate([np.arange(n), n + np.argsort(order)])
    return number[left[order]], number[right[order]], density[order], inversions
