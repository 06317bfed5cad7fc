"""From a graph and bounds to parts: coarsen, divide, refine; then again within the parts found.

Called by multilevel_partition. V-cycles: C. Walshaw, doi:10.1023/B:ANOR.0000039525.80601.15; cycles within
the overlay of two partitions: P. Sanders, C. Schulz, arXiv 1110.0477.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from partita._core.threads import map_tasks
from partita.kernels.coarsen import cluster_nodes, sum_weights
from partita.kernels.csr import Graph, contract
from partita.kernels.initial import cut_of, partition_recursive
from partita.kernels.refine import Parts, parts_fill, refine
from partita.kernels.repair import excess_of, pack, top_up, unload

_STALLED = 0.95
_FEW = 100
_STARTS_OF_FEW = 8
# Cycles that don't wait for each other, whatever the number of threads.
_AT_ONCE = 2


class Problem(NamedTuple):
    """A graph, resources of its nodes, bounds of the parts, and nodes whose part is given.

    Attributes
    ----------
    graph : Graph
    weight : float64 (n, r)
    cap, floor : float64 (k, r)
    least : int64[k]
    fixed : int32[n]
        -1 where the part is free.
    """

    graph: Graph
    weight: np.ndarray
    cap: np.ndarray
    floor: np.ndarray
    least: np.ndarray
    fixed: np.ndarray

    @property
    def k(self) -> int:
        return len(self.cap)


class Plan(NamedTuple):
    """How much is done.

    Attributes
    ----------
    per_part, fewest : int
        The graph is coarsened to about so many nodes a part, and no further than so many.
    n_tries : int
        Grown bisections of the smallest graphs.
    patience : int
        Moves without a new best after which a search from one node ends.
    effort : float
        Entries of a level's graph that the searches of a round may read, over the number that it has.
    n_rounds : int
        Rounds of searches on a level.
    loose : int
        On levels of at most so many nodes, searches may also pass through loads above caps.
    n_starts, n_cycles : int
        Partitions made from scratch, and cycles through the best and another one.
    """

    per_part: int
    fewest: int
    n_tries: int
    patience: int
    effort: float
    n_rounds: int
    loose: int
    n_starts: int
    n_cycles: int


PLANS = {
    "fast": Plan(20, 100, 4, 10, 2.0, 2, 0, 1, 0),
    "thorough": Plan(40, 100, 12, 10, 10.0, 2, 200, 2, 0),
    "strong": Plan(60, 100, 20, 20, 100.0, 3, 2000, 4, 6),
}


class _Level(NamedTuple):
    problem: Problem
    above: np.ndarray | None  # the node of the next coarser level that holds each node


def divide(problem: Problem, plan: Plan, seed: int) -> np.ndarray:
    """Labels int32[n] of parts within bounds, with a small cut; see ``excess_of`` for whether bounds hold."""
    n = len(problem.fixed)
    if problem.k == 1 or n == 0:
        return np.zeros(n, np.int32)
    n_starts = plan.n_starts * (1 if n > _FEW or plan.n_starts == 1 else _STARTS_OF_FEW)
    starts = map_tasks(lambda s: _start(problem, plan, seed + 7919 * s), list(range(n_starts)))
    pool = sorted(starts, key=lambda labels: _score(problem, labels))
    for first in range(0, plan.n_cycles, _AT_ONCE):
        cycles = list(range(first, min(first + _AT_ONCE, plan.n_cycles)))
        for child in map_tasks(partial(_child, problem, plan, seed, pool), cycles):
            pool = _with(pool, child, problem)
    return pool[0]


def _child(problem: Problem, plan: Plan, seed: int, pool: list[np.ndarray], cycle: int) -> np.ndarray:
    """The best of the pool, refined within its overlay with another one or with itself."""
    other = pool[1 + cycle % (len(pool) - 1)] if len(pool) > 1 and cycle % 4 != 3 else pool[0]
    return again(problem, plan, seed + 104729 * (cycle + 1), pool[0], other)


def _with(pool: list[np.ndarray], child: np.ndarray, problem: Problem) -> list[np.ndarray]:
    """The pool with the child in the place of the worst, unless it is worse or already there."""
    score = _score(problem, child)
    scores = [_score(problem, labels) for labels in pool]
    if score in scores or (score > scores[-1] and len(pool) > 1):
        return pool
    kept = pool[:-1] if len(pool) > 1 else []
    place = sum(s <= score for s in scores[: len(kept)])
    return [*kept[:place], child, *kept[place:]]


def _score(problem: Problem, labels: np.ndarray) -> tuple[float, float]:
    return excess_of(_parts(problem, labels)), cut_of(problem.graph, labels)


def _start(problem: Problem, plan: Plan, seed: int) -> np.ndarray:
    levels = _coarsen(problem, plan, seed, problem.fixed)
    coarsest = levels[-1].problem
    labels = partition_recursive(
        coarsest.graph, coarsest.weight, problem.cap, problem.least, coarsest.fixed, seed, plan.n_tries, 3
    )
    return _uncoarsen(levels, plan, seed, labels)


def again(problem: Problem, plan: Plan, seed: int, best: np.ndarray, other: np.ndarray) -> np.ndarray:
    """`best`, refined on levels that contract no edge that it or `other` cuts."""
    overlay = best.astype(np.int64) * problem.k + other
    overlay = overlay * 2 + (problem.fixed >= 0)
    _, group = np.unique(overlay, return_inverse=True)
    levels = _coarsen(problem, plan, seed, group.astype(np.int32))
    return _uncoarsen(levels, plan, seed, lifted(levels, best))


def lifted(levels: list[_Level], labels: np.ndarray) -> np.ndarray:
    """Labels of the coarsest level, where no cluster spans two parts."""
    for level in levels[:-1]:
        assert level.above is not None
        coarse = np.empty(int(level.above.max()) + 1, np.int32)
        coarse[level.above] = labels
        labels = coarse
    return labels


def _coarsen(problem: Problem, plan: Plan, seed: int, group: np.ndarray) -> list[_Level]:
    """Levels, fine to coarse; no cluster spans two groups."""
    target = max(plan.per_part * problem.k, plan.fewest)
    limit = problem.weight.sum(axis=0) * (1.0 / target)
    levels: list[_Level] = []
    current = problem
    while len(current.fixed) > target:
        n = len(current.fixed)
        label, count = cluster_nodes(
            current.graph, current.weight, limit, group, seed + len(levels), 2.5, 1, 1.0
        )
        if count > _STALLED * n:
            break
        levels.append(_Level(current, label))
        fixed, groups = np.empty(count, np.int32), np.empty(count, np.int32)
        fixed[label], groups[label] = current.fixed, group
        current = current._replace(
            graph=contract(current.graph, label, count),
            weight=sum_weights(current.weight, label, count),
            fixed=fixed,
        )
        group = groups
    levels.append(_Level(current, None))
    return levels


def _uncoarsen(levels: list[_Level], plan: Plan, seed: int, labels: np.ndarray) -> np.ndarray:
    """Refine on every level, coarse to fine, and mend what misses bounds."""
    for i in range(len(levels) - 1, -1, -1):
        problem = levels[i].problem
        if i < len(levels) - 1:
            labels = labels[levels[i].above]
        labels = polish(problem, plan, seed + i, labels)
    return labels if excess_of(_parts(problem, labels)) <= 0.0 else _packed(problem, plan, seed, labels)


def polish(problem: Problem, plan: Plan, seed: int, labels: np.ndarray) -> np.ndarray:
    """Labels after repair and refinement on one level; INOUT labels."""
    parts = _parts(problem, labels)
    if excess_of(parts) > 0.0:
        unload(problem.graph, problem.weight, parts, problem.fixed)
        top_up(problem.graph, problem.weight, parts, problem.fixed)
    tight = np.zeros(problem.weight.shape[1])
    for slack in (tight, problem.weight.max(axis=0)) if len(labels) <= plan.loose else (tight,):
        refine(
            problem.graph, problem.weight, parts, problem.fixed, slack, seed, 1, plan.patience, plan.n_rounds,
            plan.effort,
        )  # fmt: skip
    return parts.labels


def excess_at(problem: Problem, labels: np.ndarray) -> float:
    """By how much the parts miss caps, floors and least counts; 0 where all hold."""
    return float(excess_of(_parts(problem, labels)))


def _packed(problem: Problem, plan: Plan, seed: int, labels: np.ndarray) -> np.ndarray:
    """Parts by packing the heaviest nodes first, where moves alone found no way into the bounds."""
    share = problem.weight / np.maximum(problem.weight.sum(axis=0), 1e-300)
    order = np.lexsort((-share.max(axis=1), problem.fixed < 0)).astype(np.int32)
    best = labels
    for keep in (True, False):
        parts = _parts(problem, best)
        pack(problem.weight, parts, problem.fixed, order, keep)
        packed = polish(problem, plan, seed, parts.labels)
        if _score(problem, packed) < _score(problem, best):
            best = packed
    return best


def _parts(problem: Problem, labels: np.ndarray) -> Parts:
    k = problem.k
    parts = Parts(
        np.array(labels, np.int32), np.zeros(problem.cap.shape), np.zeros(k, np.int64),
        problem.cap, problem.floor, problem.least,
    )  # fmt: skip
    parts_fill(problem.weight, parts)
    return parts
