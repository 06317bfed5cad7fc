"""Communities by moves, refinement and aggregation, for any objective of one form. Called by makers here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita._core.threads import map_tasks
from partita.kernels.csr import Graph, compact, contract_unsorted, part_components
from partita.kernels.move_cycles import common_parts, cycles, limits_contracted
from partita.kernels.moves import Limits, moves_refine, moves_value, part_sums

_MOST_REPAIRS, _MOST_ON_CORES = 5, 3
_WORTH_THREADS = 50_000  # entries of a graph; below, threads take longer to begin than to work
_ENOUGH, _LITTLE = 1e-12, 1e-5  # of all weight: gains of a move, and of an iteration


class Problem(NamedTuple):
    """A graph and the size term of its objective.

    Attributes
    ----------
    graph : Graph
        Symmetric weights, of any sign.
    vectors : float64[n, r]
        What is summed over a community.
    form : float64[r, r]
        Symmetric; the size term of a community is ``S @ form @ S``.
    """

    graph: Graph
    vectors: np.ndarray
    form: np.ndarray

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.graph.loops)

    def contracted(self, labels: np.ndarray, n_parts: int) -> Problem:
        """The problem of whole parts."""
        return Problem(
            contract_unsorted(self.graph, labels, n_parts),
            part_sums(self.vectors, labels, n_parts),
            self.form,
        )

    def value(self, labels: np.ndarray) -> float:
        """The objective of a partition, recomputed."""
        n_parts = int(labels.max(initial=-1)) + 1
        return float(moves_value(self.graph, self.vectors, self.vectors @ self.form, labels, n_parts))


def no_limits(n: int) -> Limits:
    """Limits that allow everything."""
    none = np.empty(0, np.int32)
    return Limits(0.0, np.inf, np.full(n, -1, np.int32), np.zeros(n + 1, np.int64), none)


def tolerance(problem: Problem) -> float:
    """The gain under which a move is rounding: a share of 1e-12 of all weight."""
    total = float(np.abs(problem.graph.weights).sum() + np.abs(problem.graph.loops).sum())
    if (problem.form.diagonal() < 0.0).any():  # terms of either sign can be large, and cancel
        sums = np.abs(problem.vectors).sum(axis=0)
        total += float(sums @ np.abs(problem.form) @ sums)
    return _ENOUGH * total


def one_start(
    problem: Problem, limits: Limits, labels: np.ndarray, start: int, most: int, warm: bool = False
) -> np.ndarray:
    """Labels after cycles of moves that began at `labels`, until one gains too little; `most` at most.

    Start 0 looks at nodes in the order of their numbers, others in orders of their own. With `warm`, only
    nodes at borders move at first.
    """
    tol, out = tolerance(problem), labels.copy()
    little = tol * (_LITTLE / _ENOUGH)
    pull = problem.vectors @ problem.form
    cycles(problem.graph, problem.vectors, pull, limits, start, most, tol, little, warm, out)
    return compact(out, problem.n)[0]


def combined(problem: Problem, limits: Limits, found: list[np.ndarray]) -> np.ndarray:
    """The best of several partitions, improved by moves of what all of them keep together.

    M. Ovelgönne, A. Geyer-Schulz, "An ensemble learning strategy for graph clustering" (2012),
    doi:10.1090/conm/588/11701.
    """
    best = max(found, key=problem.value)
    core, n_cores = found[0], _count(found[0])
    for labels in found[1:]:
        core, n_cores = common_parts(core, n_cores, labels, _count(labels))
    upper = np.empty(n_cores, np.int32)
    upper[core] = best
    small, bounds = problem.contracted(core, n_cores), limits_contracted(limits, core, n_cores)
    return one_start(small, bounds, upper, 0, _MOST_ON_CORES)[core]


def _count(labels: np.ndarray) -> int:
    return int(labels.max(initial=-1)) + 1


def communities(problem: Problem, limits: Limits, n_starts: int, most: int) -> np.ndarray:
    """Labels of connected communities, int32[n]; starts differ by the order of nodes, and run in parallel."""
    alone = np.arange(problem.n, dtype=np.int32)

    def begun(start: int) -> np.ndarray:
        return one_start(problem, limits, alone, start, most)

    starts = list(range(1, n_starts + 1))
    few = len(problem.graph.indices) < _WORTH_THREADS
    found = [begun(start) for start in starts] if few else map_tasks(begun, starts)
    labels = found[0]
    if any((other != labels).any() for other in found[1:]):
        labels = combined(problem, limits, found)
        labels = one_start(problem, limits, labels, n_starts + 1, most, warm=True)
    return connected(problem, limits, labels, most)


def connected(problem: Problem, limits: Limits, labels: np.ndarray, most: int) -> np.ndarray:
    """Labels whose parts are connected by positive edges: divided where they are not, then moved again."""
    joined = positive(problem.graph)
    for _ in range(_MOST_REPAIRS):
        pieces, count = part_components(joined, labels)
        if count == _count(labels):
            return labels
        labels = one_start(problem, limits, pieces, 0, most) if most else pieces
    return part_components(joined, labels)[0]


def positive(graph: Graph) -> Graph:
    """The graph of the entries of positive weight."""
    kept = graph.weights > 0.0
    if kept.all():
        return graph
    before = np.concatenate(([0], np.cumsum(kept)))
    return graph._replace(
        indptr=before[graph.indptr].astype(np.int64), indices=graph.indices[kept], weights=graph.weights[kept]
    )


def pieces_within(problem: Problem, labels: np.ndarray) -> list[np.ndarray]:
    """Connected pieces of the communities, each partition within the next, finest first; int32[n] each."""
    tol, place = tolerance(problem), np.arange(problem.n, dtype=np.int32)
    found: list[np.ndarray] = []
    n_parts = int(labels.max(initial=-1)) + 1
    while True:
        pull, order = problem.vectors @ problem.form, np.arange(problem.n, dtype=np.int32)
        piece = moves_refine(problem.graph, problem.vectors, pull, order, tol, labels)
        piece, count = compact(piece, problem.n)
        if count in (problem.n, n_parts):
            return found
        upper = np.empty(count, np.int32)
        upper[piece] = labels
        problem, place, labels = problem.contracted(piece, count), piece[place], upper
        found.append(place)
