"""A tree over the centres of cells, from the top. Called by HierarchicalKMeans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.threads import map_tasks
from partita.points._refine import Effort, refine
from partita.points._sample import Sample
from partita.points._start import split

_EFFORT = Effort(swaps=2, max_iter=20, tol=1e-4)


@dataclass(frozen=True)
class CellTree:
    """Nodes by number, parents before children; every leaf is one centre.

    Attributes
    ----------
    parent : intp[m]
        -1 for the root, number 0.
    leaves : intp[k]
        The nodes without children, ascending.
    centers : intp[k]
        The centre of each leaf.
    """

    parent: np.ndarray
    leaves: np.ndarray
    centers: np.ndarray


@dataclass(frozen=True)
class _Node:
    number: int
    depth: int
    rows: np.ndarray


def grow_tree(centers: Sample, branching: int | None) -> CellTree:
    """Divide centres, weighted by their cells, into `branching` groups and these again, down to single ones.

    None: into the square root of all, and then each by itself.
    """
    frontier = [_Node(0, 0, np.arange(len(centers)))]
    parent, leaves = [-1], []
    while frontier:
        leaves += [node for node in frontier if len(node.rows) == 1]
        divisible = [node for node in frontier if len(node.rows) > 1]
        divided = map_tasks(lambda node: _divide(centers, node, branching), divisible)
        frontier = []
        for node, groups in zip(divisible, divided):
            for rows in groups:
                frontier.append(_Node(len(parent), node.depth + 1, rows))
                parent.append(node.number)
    leaves.sort(key=lambda node: node.number)
    numbers = np.array([node.number for node in leaves], np.intp)
    return CellTree(np.array(parent, np.intp), numbers, np.concatenate([node.rows for node in leaves]))


def _divide(centers: Sample, node: _Node, branching: int | None) -> list[np.ndarray]:
    n = len(node.rows)
    fanout = min(n, _fanout(node, branching))
    if fanout == n:
        return np.array_split(node.rows, n)
    own = centers.take(node.rows)
    means, cells = split(own, fanout)
    cells, _, _ = refine(own, means, cells, _EFFORT)
    first, members = cells.groups(fanout)
    groups = [node.rows[members[first[c] : first[c + 1]]] for c in np.flatnonzero(np.diff(first))]
    return groups if len(groups) > 1 else np.array_split(node.rows, fanout)


def _fanout(node: _Node, branching: int | None) -> int:
    if branching is not None:
        return branching
    return int(np.ceil(np.sqrt(len(node.rows)))) if node.depth == 0 else len(node.rows)
