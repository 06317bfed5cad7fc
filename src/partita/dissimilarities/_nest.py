"""Medoids within medoids: coarser levels choose among the medoids of finer ones. Called by KMedoids."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from partita._core.progress import Progress
from partita.dissimilarities._swap import Problem, start_rows, swap_eagerly


@dataclass(frozen=True)
class Tree:
    """Nodes: the k finest parts first, the root last.

    Attributes
    ----------
    parent : intp[m]
    medoid : intp[m]
        Of each node, as a number of a finest part.
    cost : float64[m]
        Sum of the distances of a part's items to its medoid. Never below what its children cost together.
    levels : list of intp
        Coarse to fine, without the root.
    """

    parent: np.ndarray
    medoid: np.ndarray
    cost: np.ndarray
    levels: list[np.ndarray]


def nest(cost: np.ndarray) -> Tree:
    """The tree over k parts, with about the square root as many medoids in each coarser level.

    Parameters
    ----------
    cost : float64 (k, k)
        What a part costs with the medoid of another: the sum of its items' distances.

    Notes
    -----
    Each coarser level keeps those medoids from which the sum of distances is the least while parts stay
    whole (FasterPAM on `cost`), and a part goes to the medoid from which it costs least. So a part with its
    own medoid never costs more than with a coarser one, and costs fall from parents to children.
    """
    k = len(cost)
    if k == 1:
        return Tree(np.array([-1]), np.array([0]), cost[0], [])
    nodes, medoids, parts = np.arange(k), np.arange(k), cost
    parent, medoid, own = [-1] * k, list(range(k)), list(np.diagonal(cost))
    levels = [nodes]
    while len(nodes) > 1:
        fewer = math.isqrt(len(nodes) - 1) + 1
        kept = _choose(parts, fewer) if fewer >= 2 and fewer < len(nodes) else _middle(parts)
        above = kept[np.argmin(parts[:, kept], axis=1)]
        above[kept] = kept
        number = {int(slot): len(parent) + place for place, slot in enumerate(kept)}
        for node, slot in zip(nodes, above):
            parent[node] = number[int(slot)]
        joined = np.zeros((len(kept), len(kept)))
        for place, slot in enumerate(kept):
            joined[place] = parts[np.ix_(above == slot, kept)].sum(axis=0)
            below = max(own[node] for node in nodes[above == slot])
            own.append(max(float(joined[place, place]), below))
        parent += [-1] * len(kept)
        medoid += [int(slot) for slot in medoids[kept]]
        nodes, medoids, parts = np.array(list(number.values())), medoids[kept], joined
        levels.insert(0, nodes)
    return Tree(np.array(parent), np.array(medoid), np.array(own), levels[1:])


def _choose(parts: np.ndarray, k: int) -> np.ndarray:
    problem = Problem(np.ascontiguousarray(parts.T), np.ones(len(parts)), np.arange(len(parts)))
    return np.sort(swap_eagerly(problem, start_rows(problem, k, "build"), None, 1, Progress()).rows)


def _middle(parts: np.ndarray) -> np.ndarray:
    return np.array([int(np.argmin(parts.sum(axis=0)))])
