"""Nested parts that are balanced at every level: made in several ways, then refined at all levels at once.

Called by multilevel_partition.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita._core.threads import map_tasks
from partita.graphs._multilevel import Plan, Problem, _coarsen, divide, excess_at, lifted, polish
from partita.kernels.coarsen import sum_weights
from partita.kernels.csr import contract
from partita.kernels.initial import cut_of, subgraph
from partita.kernels.refine_nested import Tree, refine_nested, tree_fill

# Ratios of cuts to ideal ones enter a soft maximum with this power.
_SHARPNESS = 24
# A level whose cut is far below its ideal one still has a price.
_LEAST_RATIO = 0.8
# What a level divided within given parts takes of the room that caps leave, before the levels below.
_SHARE = 0.8


class Nesting(NamedTuple):
    """What is asked.

    Attributes
    ----------
    problem : Problem
        Its parts are the leaves; those below one part are neighbours in number.
    branches : tuple of int
    caps : list of float64 (parts, r)
        Of each level, coarse to fine.
    plan : Plan
    seed : int
    """

    problem: Problem
    branches: tuple[int, ...]
    caps: list[np.ndarray]
    plan: Plan
    seed: int

    def leaves_below(self, level: int) -> int:
        """Leaves of a part of a level."""
        return int(np.prod(self.branches[level + 1 :]))


def chain_of(branches: tuple[int, ...]) -> np.ndarray:
    """The part of each level above each leaf, int32 (leaves, levels), numbered level by level."""
    n_leaves, first, below = int(np.prod(branches)), 0, int(np.prod(branches))
    chain = np.empty((n_leaves, len(branches)), np.int32)
    for level, branch in enumerate(branches):
        below //= branch
        chain[:, level] = first + np.arange(n_leaves) // below
        first += n_leaves // below
    return chain


def divide_nested(asked: Nesting) -> np.ndarray:
    """Leaf labels int32[n].

    Each level is divided alone too, as if it were the only one. The nested parts start around each of these
    (parts of its parts below; above, groups of them), and from the top down; the best are refined and
    recombined with each other and with the levels alone, as long as a level's cut is above the one alone.
    """
    n_levels, plan = len(asked.branches), asked.plan
    alone = map_tasks(lambda level: _alone(asked, level), list(range(n_levels)))
    cuts = np.array([cut_of(asked.problem.graph, labels) for labels in alone])
    ideal = np.maximum(cuts, max(1e-3 * cuts.max(), 1e-300))
    starts = map_tasks(
        lambda s: _around(asked, alone[s], s) if s < n_levels else _top_down(asked, s),
        list(range(n_levels + 2)),
    )
    pool = [labels for labels in starts if labels is not None and _is_within(asked, labels)]
    if not pool:
        return _top_down(asked, 0)

    def best(pool: list[np.ndarray]) -> list[np.ndarray]:
        lags = np.array([_lag(asked, labels, ideal) for labels in pool])
        return [pool[i] for i in np.unique(lags, return_index=True)[1][: plan.n_starts + 2]]

    pool = best(pool)
    pool = best(pool + map_tasks(lambda i: _cycle(asked, pool[i], pool[i], ideal, i), list(range(len(pool)))))
    for turn in range((plan.n_starts + plan.n_cycles) // 2 + 2):
        if _ratios(asked, pool[0], ideal).max() <= 1.0:
            break
        others = [alone[turn % n_levels], pool[1 + turn % (len(pool) - 1)] if len(pool) > 1 else pool[0]]

        def child(i: int, pool=pool, others=others, turn=turn) -> np.ndarray:
            return _cycle(asked, pool[0], others[i], ideal, 9 + 2 * turn + i)

        pool = best(pool + map_tasks(child, [0, 1]))
    return pool[0]


def level_cuts(problem: Problem, labels: np.ndarray, branches: tuple[int, ...]) -> list[float]:
    """The cut at each level, coarse to fine."""
    below, cuts = int(np.prod(branches)), []
    for branch in branches:
        below //= branch
        cuts.append(float(cut_of(problem.graph, (labels // below).astype(np.int32))))
    return cuts


def _ratios(asked: Nesting, labels: np.ndarray, ideal: np.ndarray) -> np.ndarray:
    return np.array(level_cuts(asked.problem, labels, asked.branches)) / ideal


def _lag(asked: Nesting, labels: np.ndarray, ideal: np.ndarray) -> float:
    """A soft maximum of the cuts over the ideal ones."""
    return float((_ratios(asked, labels, ideal) ** _SHARPNESS).sum())


def _prices(ratio: np.ndarray, ideal: np.ndarray) -> np.ndarray:
    """What a unit of cut costs at each level: about the slope of the soft maximum, the largest 1."""
    if ratio.max() <= 0.0:
        return np.asarray(ideal.min() / ideal)
    slope = np.maximum(ratio / ratio.max(), _LEAST_RATIO) ** (_SHARPNESS - 1) / ideal
    return np.asarray(slope / slope.max())


def _is_within(asked: Nesting, labels: np.ndarray) -> bool:
    tree = _tree(asked.problem, labels, asked, np.ones(len(asked.branches)))
    return bool((tree.load <= tree.cap).all() and (tree.members > 0).all())


def _tree(problem: Problem, labels: np.ndarray, asked: Nesting, price: np.ndarray) -> Tree:
    cap = np.concatenate(asked.caps)
    tree = Tree(
        np.array(labels, np.int32), chain_of(asked.branches), price, np.zeros_like(cap), cap,
        np.zeros(problem.k, np.int64),
    )  # fmt: skip
    tree_fill(problem.weight, tree)
    return tree


def _alone(asked: Nesting, level: int) -> np.ndarray:
    """Parts of one level, as if it were the only one."""
    problem, cap, below = asked.problem, asked.caps[level], asked.leaves_below(level)
    pins = np.where(problem.fixed >= 0, problem.fixed // below, -1).astype(np.int32)
    floor = problem.floor if below == 1 else np.zeros_like(cap)
    one = problem._replace(cap=cap, floor=floor, least=np.ones(len(cap), np.int64), fixed=pins)
    return divide(one, asked.plan, asked.seed)


def _top_down(asked: Nesting, number: int) -> np.ndarray:
    """Parts of parts; the room is shared evenly between levels."""
    return _descend(asked, np.zeros(len(asked.problem.fixed), np.int32), 0, 0.0, 7919 * number)


def _around(asked: Nesting, alone: np.ndarray, level: int) -> np.ndarray | None:
    """Nested parts around those of one level alone; None where these can't be grouped."""
    if level == 0:
        _, labels = _split(asked, np.zeros(len(alone), np.int32), 0, 0, _SHARE, 0, alone)
    else:
        found = _grouped(asked, alone, level)
        if found is None:
            return None
        labels = found
    return _descend(asked, labels, level + 1, 0.0, 104729 * (level + 1))


def _grouped(asked: Nesting, alone: np.ndarray, level: int) -> np.ndarray | None:
    """Labels of a level's parts, numbered such that those to be together are neighbours."""
    caps, k = asked.caps, len(asked.caps[level])
    alike = all((cap == cap[0]).all() for cap in caps)
    if not alike or (asked.problem.fixed >= 0).any():
        return None
    graph = contract(asked.problem.graph, alone, k)
    weight = np.column_stack((np.ones(k), sum_weights(asked.problem.weight, alone, k)))
    inner_caps = [
        np.column_stack((np.full(len(cap), k // len(cap)), np.maximum(cap, weight[:, 1:].max(axis=0))))
        for cap in caps[: level + 1]
    ]
    leaf = inner_caps[-1]
    inner = Problem(graph, weight, leaf, np.zeros_like(leaf), np.ones(k, np.int64), np.full(k, -1, np.int32))
    quotient = Nesting(inner, asked.branches[: level + 1], inner_caps, asked.plan, asked.seed)
    place = _descend(quotient, np.zeros(k, np.int32), 0, 1.0, 0)
    return place[alone] if len(np.unique(place)) == k else None


def _descend(asked: Nesting, labels: np.ndarray, level: int, share: float, salt: int) -> np.ndarray:
    """Leaf labels from parts of the level above `level`, divided down to the leaves."""
    for j in range(level, len(asked.branches)):
        branch = asked.branches[j]

        def split(p: int, j: int = j, labels: np.ndarray = labels) -> tuple[np.ndarray, np.ndarray]:
            return _split(asked, labels, j, p, share, salt)

        sides = map_tasks(split, list(range(int(np.prod(asked.branches[:j])))))
        finer = np.empty_like(labels)
        for p, (nodes, side) in enumerate(sides):
            finer[nodes] = p * branch + side
        labels = finer
    return labels


def _split(
    asked: Nesting, labels: np.ndarray, level: int, p: int, share: float, salt: int,
    guess: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Nodes of part p of the level above, and their parts at `level`: searched, or a guess made to fit."""
    branch, below, problem = asked.branches[level], asked.leaves_below(level), asked.problem
    nodes = np.flatnonzero(labels == p).astype(np.int32)
    graph, weight = subgraph(problem.graph, problem.weight, nodes, np.full(len(labels), -1, np.int32))
    leaves = asked.caps[-1][p * branch * below : (p + 1) * branch * below].reshape(branch, below, -1)
    share = max(share, 1.0 / (len(asked.branches) - level)) if below > 1 else 1.0
    cap = np.minimum(asked.caps[level][p * branch : (p + 1) * branch], leaves.sum(axis=1))
    cap = tightened(cap, weight, share)
    pins = problem.fixed[nodes]
    pins = np.where(pins >= 0, pins // below - p * branch, -1).astype(np.int32)
    part = Problem(graph, weight, cap, np.zeros_like(cap), np.full(branch, below), pins)
    if guess is not None:
        side = polish(part, asked.plan, asked.seed, guess[nodes])
        if excess_at(part, side) <= 0.0:
            return nodes, side
    plan = asked.plan._replace(n_starts=asked.plan.n_starts + 1)
    return nodes, divide(part, plan, asked.seed + salt + p + 1)


def tightened(cap: np.ndarray, weight: np.ndarray, share: float) -> np.ndarray:
    """Caps with a share of the room that they leave; the rest is for the levels below."""
    total = weight.sum(axis=0)
    room = np.where(total > 0, cap.sum(axis=0) / np.maximum(total, 1e-300), 1.0)
    return np.where(np.isfinite(cap), cap * np.maximum(room, 1.0) ** (share - 1.0), cap)


def _cycle(asked: Nesting, labels: np.ndarray, other: np.ndarray, ideal: np.ndarray, turn: int) -> np.ndarray:
    """`labels` refined on levels of the graph that contract no edge that it or `other` cuts."""
    problem, plan, seed = asked.problem, asked.plan, asked.seed + 31 * (turn + 1)
    price = _prices(_ratios(asked, labels, ideal), ideal)
    overlay = (labels.astype(np.int64) * problem.k + other) * 2 + (problem.fixed >= 0)
    group = np.unique(overlay, return_inverse=True)[1].astype(np.int32)
    levels = _coarsen(problem, plan, seed, group)
    labels = lifted(levels, labels)
    for i in range(len(levels) - 1, -1, -1):
        if i < len(levels) - 1:
            labels = labels[levels[i].above]
        here = levels[i].problem
        tree = _tree(here, labels, asked, price)
        refine_nested(here.graph, here.weight, tree, here.fixed, seed + i, plan.patience, plan.n_rounds)
        labels = tree.labels
    return labels
