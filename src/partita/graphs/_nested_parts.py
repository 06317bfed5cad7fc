"""Nested parts that are balanced at every level: from the top down, then refined at all levels at once.

Called by multilevel_partition.
"""

from __future__ import annotations

import numpy as np

from partita._core.threads import map_tasks
from partita.graphs._multilevel import Plan, Problem, _coarsen, divide, lifted
from partita.kernels.initial import cut_of, subgraph
from partita.kernels.refine_nested import Tree, refine_nested, tree_fill


def chain_of(branches: tuple[int, ...]) -> np.ndarray:
    """The part of each level above each leaf, int32 (leaves, levels), numbered level by level."""
    n_leaves, first, below = int(np.prod(branches)), 0, int(np.prod(branches))
    chain = np.empty((n_leaves, len(branches)), np.int32)
    for level, branch in enumerate(branches):
        below //= branch
        chain[:, level] = first + np.arange(n_leaves) // below
        first += n_leaves // below
    return chain


def divide_nested(
    problem: Problem, branches: tuple[int, ...], caps: list[np.ndarray], plan: Plan, seed: int
) -> np.ndarray:
    """Leaf labels int32[n]; ``caps[j]`` float64 (parts, r) bounds the parts of level j, coarse to fine.

    `problem` holds the leaves as its parts. Leaves below one part are neighbours in number.
    """
    tasks = [seed + 7919 * s for s in range(max(2, plan.n_starts))]
    pool = map_tasks(lambda s: _top_down(problem, branches, caps, plan, s), tasks)
    pool = [labels for labels in pool if _is_within(problem, labels, branches, caps)]
    if not pool:
        return _top_down(problem, branches, caps, plan, seed)
    price = 1.0 / np.maximum(level_cuts(problem, pool[0], branches), 1e-300)
    pool.sort(key=lambda labels: _price_of(problem, labels, branches, price))
    for cycle in range(2 + plan.n_cycles):
        other = pool[cycle % len(pool)]
        child = _cycle(problem, pool[0], other, branches, caps, price, plan, seed + 31 * (cycle + 1))
        pool = sorted([*pool, child], key=lambda labels: _price_of(problem, labels, branches, price))
        pool = pool[: len(tasks)]
    return pool[0]


def level_cuts(problem: Problem, labels: np.ndarray, branches: tuple[int, ...]) -> list[float]:
    """The cut at each level, coarse to fine."""
    below, cuts = int(np.prod(branches)), []
    for branch in branches:
        below //= branch
        cuts.append(float(cut_of(problem.graph, (labels // below).astype(np.int32))))
    return cuts


def _price_of(problem: Problem, labels: np.ndarray, branches: tuple[int, ...], price: np.ndarray) -> float:
    return float(np.dot(price, level_cuts(problem, labels, branches)))


def _is_within(
    problem: Problem, labels: np.ndarray, branches: tuple[int, ...], caps: list[np.ndarray]
) -> bool:
    tree = _tree(problem, labels, branches, caps, np.ones(len(branches)))
    return bool((tree.load <= tree.cap).all() and (tree.members > 0).all())


def _tree(
    problem: Problem, labels: np.ndarray, branches: tuple[int, ...], caps: list[np.ndarray], price: np.ndarray
) -> Tree:
    cap = np.concatenate(caps)
    tree = Tree(
        np.ascontiguousarray(labels, np.int32), chain_of(branches), price, np.zeros_like(cap), cap,
        np.zeros(problem.k, np.int64),
    )  # fmt: skip
    tree_fill(problem.weight, tree)
    return tree


def _top_down(
    problem: Problem, branches: tuple[int, ...], caps: list[np.ndarray], plan: Plan, seed: int
) -> np.ndarray:
    """Parts of parts; room is kept for the levels below."""
    n, labels = len(problem.fixed), np.zeros(len(problem.fixed), np.int32)
    for level, branch in enumerate(branches):
        below = int(np.prod(branches[level + 1 :]))
        depth = len(branches) - level

        def split(p: int, level=level, branch=branch, below=below, depth=depth, labels=labels) -> tuple:
            nodes = np.flatnonzero(labels == p).astype(np.int32)
            graph, weight = subgraph(problem.graph, problem.weight, nodes, np.full(n, -1, np.int32))
            leaves = caps[-1][p * branch * below : (p + 1) * branch * below].reshape(branch, below, -1)
            cap = _tightened(caps[level][p * branch : (p + 1) * branch], leaves.sum(axis=1), weight, depth)
            pins = problem.fixed[nodes]
            pins = np.where(pins >= 0, pins // below - p * branch, -1).astype(np.int32)
            part = Problem(graph, weight, cap, np.zeros_like(cap), np.full(branch, below), pins)
            return nodes, divide(part, plan, seed + p + 1)

        finer = np.empty_like(labels)
        for p, (nodes, side) in enumerate(map_tasks(split, list(range(int(np.prod(branches[:level])))))):
            finer[nodes] = p * branch + side
        labels = finer
    return labels


def _tightened(cap: np.ndarray, leaves: np.ndarray, weight: np.ndarray, depth: int) -> np.ndarray:
    """Caps with the room that they leave shared out between this level and those below."""
    cap = np.minimum(cap, leaves)
    total = weight.sum(axis=0)
    room = np.where(total > 0, cap.sum(axis=0) / np.maximum(total, 1e-300), 1.0)
    return np.where(np.isfinite(cap), cap * np.maximum(room, 1.0) ** (1.0 / depth - 1.0), cap)


def _cycle(
    problem: Problem,
    labels: np.ndarray,
    other: np.ndarray,
    branches: tuple[int, ...],
    caps: list[np.ndarray],
    price: np.ndarray,
    plan: Plan,
    seed: int,
) -> np.ndarray:
    """`labels` refined on levels of the graph that contract no edge that it or `other` cuts."""
    overlay = (labels.astype(np.int64) * problem.k + other) * 2 + (problem.fixed >= 0)
    group = np.unique(overlay, return_inverse=True)[1].astype(np.int32)
    levels = _coarsen(problem, plan, seed, group)
    labels = lifted(levels, labels)
    for i in range(len(levels) - 1, -1, -1):
        if i < len(levels) - 1:
            labels = labels[levels[i].above]
        here = levels[i].problem
        tree = _tree(here, labels, branches, caps, price)
        refine_nested(here.graph, here.weight, tree, here.fixed, seed + i, plan.patience, plan.n_rounds)
        labels = tree.labels
    return labels
