"""Parts of parts of a hypergraph, under capacities at every level. Called by the fit of hypergraphs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita._core.threads import map_tasks
from partita.graphs._multilevel import Plan
from partita.graphs._nested_parts import tightened
from partita.graphs._net_parts import NetProblem, balanced_ways, divide_nets, excess_of, nets_of, place
from partita.kernels.nets import Nets

# The room that caps leave is shared evenly with the levels below; then most of it is left to them.
_SHARES = (1.0, 0.3)


class NetLevels(NamedTuple):
    """What nested parts of a hypergraph must keep.

    Attributes
    ----------
    problem : NetProblem
        Its parts are the leaves; those below one part are neighbours in number.
    branches : tuple of int
    caps : list of float64 (parts, r)
        Of each level, coarse to fine.
    """

    problem: NetProblem
    branches: tuple[int, ...]
    caps: list[np.ndarray]

    def at(self, level: int) -> NetProblem:
        """The problem with the parts of one level as its parts."""
        cap, problem = self.caps[level], self.problem
        below = len(problem.cap) // len(cap)
        floor = problem.floor.reshape(len(cap), below, -1).sum(axis=1)
        goal = problem.goal.reshape(len(cap), below, -1).sum(axis=1)
        pins = np.where(problem.fixed >= 0, problem.fixed // below, -1).astype(np.int32)
        return problem._replace(cap=cap, goal=goal, fixed=pins, floor=floor)

    def excess(self, labels: np.ndarray, way: np.ndarray) -> float:
        """By how much bounds are missed, over all levels."""
        total = 0.0
        for level in range(len(self.branches)):
            one = self.at(level)
            part = labels // (len(self.problem.cap) // len(one.cap))
            total += excess_of(one, place(one, one.nets, part, way))
        return total


def divide_levels(levels: NetLevels, plan: Plan, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Leaf labels int32[n] and ways int64[n] (rows of need); ``levels.excess`` tells whether bounds hold."""
    if len(levels.branches) == 1:
        labels, way, _ = divide_nets(levels.problem, plan, seed)
        return labels, way
    found = []
    for share in _SHARES:
        found.append(_top_down(levels, plan, seed, share))
        if levels.excess(*found[-1]) <= 0.0:
            break
    return min(found, key=lambda made: levels.excess(*made))


def _top_down(levels: NetLevels, plan: Plan, seed: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    n = len(levels.problem.fixed)
    labels, way = np.zeros(n, np.int32), levels.problem.nets.ways[:-1].copy()
    for level, branch in enumerate(levels.branches):

        def split(p: int, level: int = level, labels: np.ndarray = labels) -> tuple:
            return _split(levels, plan, seed, level, labels, p, share)

        sides = map_tasks(split, list(range(int(np.prod(levels.branches[:level])))))
        finer = np.empty_like(labels)
        for p, (nodes, side, taken) in enumerate(sides):
            finer[nodes], way[nodes] = p * branch + side, taken
        labels = finer
    return labels, way


def _split(
    levels: NetLevels, plan: Plan, seed: int, level: int, labels: np.ndarray, p: int, share: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The nodes of part p of the level above, their parts at `level`, and their ways."""
    nodes, branch, one = np.flatnonzero(labels == p), levels.branches[level], levels.at(level)
    own, depth = slice(p * branch, (p + 1) * branch), len(levels.branches) - level
    nets, rows = _within(one, nodes)
    goal, leaves = one.goal[own], levels.problem.cap.reshape(len(one.cap), -1, one.cap.shape[1])[own]
    cap = np.minimum(one.cap[own], leaves.sum(axis=1))
    if depth > 1:
        cap = tightened(cap, nets.need[balanced_ways(nets, goal)], share / depth)
    pins = one.fixed[nodes]
    pins = np.where(pins >= 0, pins - p * branch, -1).astype(np.int32)
    inner = NetProblem(nets, np.ascontiguousarray(cap), goal, pins, one.whole, one.floor[own])
    side, way, _ = divide_nets(inner, plan, seed + 7919 * level + p)
    return nodes, side, rows[way]


def _within(problem: NetProblem, nodes: np.ndarray) -> tuple[Nets, np.ndarray]:
    """The hypergraph within some nodes, and the row of need behind each of its rows.

    Nets that cost once are left out where they are cut already.
    """
    from scipy.sparse import csr_array

    nets = problem.nets
    price = nets.price[nets.of_node]
    shape = (len(nets.first) - 1, len(nets.price))
    inner = csr_array(csr_array((price, nets.of_node, nets.first), shape=shape)[nodes])
    pins = np.bincount(inner.indices, minlength=len(nets.price))
    kept = (pins > 1) & (pins == np.diff(nets.start)) if problem.whole else pins > 1
    inner = csr_array(inner[:, np.flatnonzero(kept)])
    inner.sort_indices()
    size = np.diff(nets.ways)[nodes]
    start = np.concatenate(([0], np.cumsum(size)))
    rows = np.repeat(nets.ways[nodes] - start[:-1], size) + np.arange(start[-1])
    return nets_of(inner, start, nets.need[rows]), rows
