"""Parts of a hypergraph made connected: pieces that lie apart join a neighbour. Called by its fit.

Nodes of one part are neighbours where they share a net.
"""

from __future__ import annotations

import numpy as np

from partita._core.errors import InfeasibleError
from partita.graphs._net_nested import NetLevels
from partita.graphs._net_parts import place
from partita.kernels.nets import Nets, Placed, enter_all

_ROUNDS = 50


def net_pieces(nets: Nets, labels: np.ndarray) -> tuple[np.ndarray, int]:
    """The connected piece of each node within its part, int32[n], and how many there are."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n, k = len(labels), int(labels.max(initial=0)) + 1
    node = np.repeat(np.arange(n), np.diff(nets.first))
    meeting = np.unique(nets.of_node.astype(np.int64) * k + labels[node], return_inverse=True)[1]
    size = n + int(meeting.max(initial=-1)) + 1
    both = coo_array((np.ones(len(node), np.int8), (node, n + meeting)), shape=(size, size))
    piece = connected_components(both, directed=False)[1][:n]
    names, piece = np.unique(piece, return_inverse=True)
    return piece.astype(np.int32), len(names)


def connect_nets(levels: NetLevels, labels: np.ndarray, way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels and ways with every part connected and all bounds kept.

    Raises
    ------
    InfeasibleError
        Where moving pieces to neighbours with room, the lightest first, does not get there.
    """
    problem, k = levels.problem, len(levels.problem.cap)
    placed = place(problem, problem.nets, labels, way)
    for _ in range(_ROUNDS):
        piece, count = net_pieces(problem.nets, placed.labels)
        if count == k:
            return placed.labels, placed.way
        if not _join_pieces(levels, placed, piece, count):
            break
    raise InfeasibleError(
        "Parts could not be made connected within their bounds.",
        "a larger imbalance or capacity, or connected=False",
        name="connected",
    )


def _join_pieces(levels: NetLevels, placed: Placed, piece: np.ndarray, count: int) -> bool:
    """Each piece but the largest of a part joins a neighbour with room that pulls it most. INOUT placed."""
    size = np.bincount(piece, minlength=count)
    part = np.empty(count, np.int64)
    part[piece] = placed.labels
    order = np.lexsort((np.arange(count), -size))
    main = np.zeros(count, bool)
    main[order[np.unique(part[order], return_index=True)[1]]] = True
    main[piece[levels.problem.fixed >= 0]] = True
    changed = False
    for p in order[::-1]:
        if not main[p]:
            changed = _join(levels, placed, np.flatnonzero(piece == p).astype(np.int64)) or changed
    return changed


def _join(levels: NetLevels, placed: Placed, nodes: np.ndarray) -> bool:
    """Put the nodes of a piece into the part that shares most with them, of those where bounds hold after."""
    nets, own = levels.problem.nets, placed.labels[nodes[0]]
    shared = np.unique(np.concatenate([nets.of_node[nets.first[u] : nets.first[u + 1]] for u in nodes]))
    pull = (nets.price[shared, None] * (placed.spread[shared] > 0)).sum(axis=0)
    pull[own] = 0.0
    for target in np.argsort(-pull, kind="stable")[: int((pull > 0).sum())]:
        before = placed.labels.copy(), placed.way.copy()
        if not enter_all(nets, placed, nodes, target):
            continue
        if len(levels.branches) == 1 or levels.excess(placed.labels, placed.way) <= 0.0:
            return True
        back = place(levels.problem, nets, *before)
        for column, old in zip(placed, back):
            column[:] = old
    return False
