"""Communities by moves, refinement and aggregation, for any objective of one form. Called by makers here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita._core.threads import map_tasks
from partita.kernels.csr import Graph, compact, contract_unsorted, part_components
from partita.kernels.moves import Limits, moves_refine, moves_run, moves_value, part_sums

_SEEDS = 1000  # orders that one start may use
_MOST_REPAIRS = 5
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


def limits_contracted(limits: Limits, labels: np.ndarray, n_parts: int) -> Limits:
    """The limits of whole parts."""
    anchor = np.full(n_parts, -1, np.int32)
    held = limits.anchor >= 0
    anchor[labels[held]] = limits.anchor[held]
    if not len(limits.apart):
        return limits._replace(anchor=anchor, apart_indptr=np.zeros(n_parts + 1, np.int64))
    rows = np.repeat(labels, np.diff(limits.apart_indptr)).astype(np.int64)
    pairs = np.unique(rows * n_parts + labels[limits.apart])
    indptr = np.concatenate(([0], np.cumsum(np.bincount(pairs // n_parts, minlength=n_parts))))
    return limits._replace(
        anchor=anchor, apart_indptr=indptr.astype(np.int64), apart=(pairs % n_parts).astype(np.int32)
    )


def shuffled(n: int, seed: int) -> np.ndarray:
    """An order of 0 to n - 1 that is the same on every machine, int32[n]; seed 0 leaves all in place."""
    if seed == 0:
        return np.arange(n, dtype=np.int32)
    with np.errstate(over="ignore"):
        z = (np.arange(1, n + 1, dtype=np.uint64) + np.uint64(seed) * np.uint64(1 << 32)) * np.uint64(
            0x9E3779B97F4A7C15
        )
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.argsort(z ^ (z >> np.uint64(31))).astype(np.int32)  # no two are equal


def one_iteration(problem: Problem, limits: Limits, labels: np.ndarray, seed: int, tol: float) -> np.ndarray:
    """Labels after moves at every level of aggregation; never of less value. O(e) a level."""
    place = np.arange(problem.n, dtype=np.int32)
    comm = labels.copy()
    while True:
        pull = problem.vectors @ problem.form
        order = shuffled(problem.n, seed)
        moves_run(problem.graph, problem.vectors, pull, limits, order, tol, comm)
        comm, n_parts = compact(comm, problem.n)
        if n_parts == problem.n:
            return comm[place]
        piece = moves_refine(problem.graph, problem.vectors, pull, order, tol, comm)
        piece, n_pieces = compact(piece, problem.n)
        if n_pieces == problem.n:
            piece, n_pieces = comm, n_parts
        upper = np.empty(n_pieces, np.int32)
        upper[piece] = comm
        problem, limits = problem.contracted(piece, n_pieces), limits_contracted(limits, piece, n_pieces)
        place, comm = piece[place], upper


def tolerance(problem: Problem) -> float:
    """The gain under which a move is rounding: a share of 1e-12 of all weight."""
    total = float(np.abs(problem.graph.weights).sum() + np.abs(problem.graph.loops).sum())
    if (problem.form.diagonal() < 0.0).any():  # terms of either sign can be large, and cancel
        sums = np.abs(problem.vectors).sum(axis=0)
        total += float(sums @ np.abs(problem.form) @ sums)
    return _ENOUGH * total


def one_start(problem: Problem, limits: Limits, labels: np.ndarray, seed: int, most: int) -> np.ndarray:
    """Iterations from `labels` until one gains too little, `most` of them at most."""
    tol = tolerance(problem)
    little = tol * (_LITTLE / _ENOUGH)
    value = problem.value(labels)
    for turn in range(most):
        labels = one_iteration(problem, limits, labels, seed * _SEEDS + turn, tol)
        before, value = value, problem.value(labels)
        if value <= before + little:
            break
    return labels


def combined(problem: Problem, limits: Limits, found: list[np.ndarray], most: int) -> np.ndarray:
    """The best of several partitions, improved by moves of what all of them keep together.

    M. Ovelgönne, A. Geyer-Schulz, "An ensemble learning strategy for graph clustering" (2012),
    doi:10.1090/conm/588/11701.
    """
    best = max(found, key=problem.value)
    core = found[0]
    for labels in found[1:]:
        core = np.unique(core.astype(np.int64) * problem.n + labels, return_inverse=True)[1].astype(np.int32)
    core, n_cores = compact(core, problem.n)
    if n_cores == problem.n:
        return best
    upper = np.empty(n_cores, np.int32)
    upper[core] = best
    upper, _ = compact(upper, problem.n)
    small, bounds = problem.contracted(core, n_cores), limits_contracted(limits, core, n_cores)
    return one_start(small, bounds, upper, 0, most)[core]


def communities(problem: Problem, limits: Limits, n_starts: int, most: int) -> np.ndarray:
    """Labels of connected communities, int32[n]; starts differ by the order of nodes, and run in parallel."""
    alone = np.arange(problem.n, dtype=np.int32)
    found = map_tasks(lambda seed: one_start(problem, limits, alone, seed, most), list(range(n_starts)))
    labels = found[0]
    if n_starts > 1:
        labels = one_start(problem, limits, combined(problem, limits, found, most), n_starts, most)
    return connected(problem, limits, labels, most)


def connected(problem: Problem, limits: Limits, labels: np.ndarray, most: int) -> np.ndarray:
    """Labels whose parts are connected by positive edges: divided where they are not, then moved again."""
    joined = positive(problem.graph)
    for _ in range(_MOST_REPAIRS):
        pieces, count = part_components(joined, labels)
        if count == int(labels.max(initial=-1)) + 1:
            return labels
        labels = one_start(problem, limits, pieces, 0, most)
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
        pull, order = problem.vectors @ problem.form, shuffled(problem.n, 0)
        piece = moves_refine(problem.graph, problem.vectors, pull, order, tol, labels)
        piece, count = compact(piece, problem.n)
        if count in (problem.n, n_parts):
            return found
        upper = np.empty(count, np.int32)
        upper[piece] = labels
        problem, place, labels = problem.contracted(piece, count), piece[place], upper
        found.append(place)
