"""Parts made connected: pieces that lie apart join a neighbour. Called by multilevel_partition."""

from __future__ import annotations

import numpy as np

from partita._core.errors import InfeasibleError
from partita.graphs._multilevel import Problem
from partita.kernels.csr import part_components

_ROUNDS = 50


def connect_parts(problem: Problem, labels: np.ndarray) -> np.ndarray:
    """Labels in which every part is connected and within its bounds.

    Raises
    ------
    InfeasibleError
        Where moving pieces to neighbours with room, the lightest first, does not get there.
    """
    labels = labels.copy()
    for _ in range(_ROUNDS):
        piece, count = part_components(problem.graph, labels)
        if count == problem.k:
            return labels
        if not _join_pieces(problem, labels, piece, int(count)):
            break
    raise InfeasibleError(
        "Parts could not be made connected within their bounds.",
        "a larger imbalance, or connected=False",
        name="connected",
    )


def _join_pieces(problem: Problem, labels: np.ndarray, piece: np.ndarray, count: int) -> bool:
    """Each piece but the heaviest of a part joins a neighbour with room that pulls it most. INOUT labels."""
    load = np.zeros(problem.cap.shape)
    np.add.at(load, labels, problem.weight)
    size = np.zeros((count, problem.weight.shape[1]))
    np.add.at(size, piece, problem.weight)
    part = np.empty(count, np.int32)
    part[piece] = labels
    rank = (size / np.maximum(problem.weight.sum(axis=0), 1e-300)).max(axis=1)
    order = np.lexsort((np.arange(count), -rank))
    main = np.zeros(count, bool)
    main[order[np.unique(part[order], return_index=True)[1]]] = True
    held = np.zeros(count, bool)
    held[piece[problem.fixed >= 0]] = True
    changed = False
    for p in order[::-1]:
        if main[p] or held[p]:
            continue
        target = _strongest(problem, labels, np.flatnonzero(piece == p), load, size[p], part[p])
        if target >= 0:
            labels[piece == p] = target
            load[part[p]] -= size[p]
            load[target] += size[p]
            changed = True
    return changed


def _strongest(
    problem: Problem, labels: np.ndarray, nodes: np.ndarray, load: np.ndarray, size: np.ndarray, own: int
) -> int:
    """The neighbouring part with room that pulls the nodes most; -1 where there is none."""
    graph, pull = problem.graph, np.zeros(problem.k)
    for u in nodes:
        row = slice(graph.indptr[u], graph.indptr[u + 1])
        np.add.at(pull, labels[graph.indices[row]], graph.weights[row])
    pull[own] = 0.0
    pull[(load + size > problem.cap).any(axis=1)] = 0.0
    return int(np.argmax(pull)) if pull.max() > 0.0 else -1
