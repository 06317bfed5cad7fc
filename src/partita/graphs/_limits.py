"""Wishes about communities, checked before any work, as groups of nodes and limits. Called by Communities."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np

from partita._core.errors import InfeasibleError, InvalidDataError
from partita.graphs._input import InputGraph
from partita.graphs._leiden import Problem, positive
from partita.kernels.csr import Graph, compact, components, contract, part_components
from partita.kernels.moves import Limits, part_sums


@dataclass(frozen=True)
class Groups:
    """Nodes that stay together, and what limits their communities.

    Attributes
    ----------
    label : int32[n]
        The group of each canonical node.
    count : int
    limits : Limits
        Of the groups.
    """

    label: np.ndarray
    count: int
    limits: Limits


def check_pairs(pairs: Any, n: int, name: str) -> np.ndarray:
    """Pairs of nodes by given number, int64 (p, 2).

    Raises
    ------
    InvalidDataError
        For another shape, numbers outside 0 to n - 1, or a node paired with itself.
    """
    if pairs is None:
        return np.empty((0, 2), np.int64)
    array = np.asarray(pairs)
    if array.size == 0:
        return np.empty((0, 2), np.int64)
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        raise InvalidDataError(
            f"{name} must be pairs of node numbers.",
            name=name,
            allowed="integers, shape (p, 2)",
            got=array.shape,
        )
    wrong = ((array < 0) | (array >= n)).any(axis=1) | (array[:, 0] == array[:, 1])
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InvalidDataError(
            f"Row {row} of {name} is not a pair of two nodes from 0 to {n - 1}.",
            name=name,
            got=array[row].tolist(),
        )
    return array.astype(np.int64)


def check_fixed(fixed: Any, n: int) -> np.ndarray:
    """The fixed label of each node by given number, int64[n], -1 for free ones."""
    if fixed is None:
        return np.full(n, -1, np.int64)
    array = np.asarray(fixed)
    if array.shape != (n,) or array.dtype.kind not in "iu" or (array < -1).any():
        raise InvalidDataError(
            "fixed must give a label for every node, -1 for those that are free.",
            name="fixed",
            allowed=f"integers from -1, shape ({n},)",
            got=f"{array.dtype} of shape {array.shape}",
        )
    return array.astype(np.int64)


def grouped(
    given: InputGraph, fixed: Any, must_link: Any, cannot_link: Any, least: float, most: float
) -> Groups:
    """The groups and limits of a request, in canonical numbers.

    Raises
    ------
    InfeasibleError
        When wishes contradict each other, or a group is larger than a community may be.
    """
    n = given.n
    label_of = check_fixed(fixed, n)
    must, cannot = check_pairs(must_link, n, "must_link"), check_pairs(cannot_link, n, "cannot_link")
    group = _joined(n, must, label_of)
    _check_groups(group, label_of, must, cannot, most)
    order = given.order
    label, count = compact(group[order].astype(np.int32), n)
    anchor = np.full(count, -1, np.int32)
    held = label_of[order] >= 0
    if held.any():
        anchor[label[held]] = np.unique(label_of[order][held], return_inverse=True)[1]
    place = given.place
    ends = label[place[cannot]].astype(np.int64).reshape(-1, 2)
    pairs = np.unique(np.concatenate((ends[:, 0] * count + ends[:, 1], ends[:, 1] * count + ends[:, 0])))
    indptr = np.concatenate(([0], np.cumsum(np.bincount(pairs // max(count, 1), minlength=count))))
    apart = (pairs % max(count, 1)).astype(np.int32)
    return Groups(label, count, Limits(0.0, most, anchor, indptr.astype(np.int64), apart))


def _joined(n: int, must: np.ndarray, label_of: np.ndarray) -> np.ndarray:
    """The group of each given node: joined by pairs, and by equal fixed labels."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    held = np.flatnonzero(label_of >= 0)
    held = held[np.argsort(label_of[held], kind="stable")]
    same = label_of[held[1:]] == label_of[held[:-1]]
    tail = np.concatenate((must[:, 0], held[:-1][same]))
    head = np.concatenate((must[:, 1], held[1:][same]))
    if not len(tail):
        return np.arange(n)
    return connected_components(coo_array((np.ones(len(tail)), (tail, head)), shape=(n, n)), directed=False)[
        1
    ]


def _check_groups(
    group: np.ndarray, label_of: np.ndarray, must: np.ndarray, cannot: np.ndarray, most: float
) -> None:
    torn = np.flatnonzero(group[cannot[:, 0]] == group[cannot[:, 1]])
    if len(torn):
        u, v = cannot[torn[0]].tolist()
        raise InfeasibleError(
            f"Nodes {u} and {v} must not be together, and other wishes join them.",
            f"leave row {torn[0]} out of cannot_link",
            name="cannot_link",
        )
    held = np.flatnonzero(label_of >= 0)
    first: dict[int, int] = {}
    for v in held[np.argsort(group[held], kind="stable")].tolist():
        u = first.setdefault(int(group[v]), v)
        if label_of[u] != label_of[v]:
            raise InfeasibleError(
                f"Nodes {u} and {v} are fixed to different labels, and must_link joins them.",
                "leave a pair between them out of must_link, or fix them alike",
                name="must_link",
            )
    largest = int(np.bincount(group).max(initial=0))
    if largest > most:
        raise InfeasibleError(
            f"{largest} nodes must be together, and max_size is {most:g}.",
            f"max_size={largest}",
            name="max_size",
        )


def check_sizes(graph: Graph, least: float, most: float) -> None:
    """Refuse bounds of size that the components of a graph can't meet.

    Raises
    ------
    InfeasibleError
    """
    label, count = components(positive(graph))
    for size in np.unique(part_sums(graph.node_weight[:, None].copy(), label, count)).tolist():
        if size < least:
            raise InfeasibleError(
                f"A component has {size:g} nodes, and min_size is {least:g}.",
                f"min_size={int(size)}, or join the components by edges",
                name="min_size",
            )
        parts = int(np.ceil(size / most))
        if parts * least > size:
            raise InfeasibleError(
                f"A component of {size:g} nodes can't be divided into communities of {least:g} to {most:g}.",
                f"min_size={int(size // parts)}",
                name="min_size",
            )


def large_enough(problem: Problem, limits: Limits, labels: np.ndarray) -> np.ndarray:
    """Labels after the smallest communities under the bound joined the neighbours that cost least.

    Raises
    ------
    InfeasibleError
        When a community finds no neighbour that may take it.
    """
    labels, count = compact(labels, problem.n)
    small = problem.contracted(labels, count)
    graph = small.graph
    size, pull = graph.node_weight.copy(), small.vectors @ small.form
    vectors, top = small.vectors.copy(), np.arange(count)
    near: list[dict[int, float]] = [
        dict(zip(graph.indices[a:b].tolist(), graph.weights[a:b].tolist()))
        for a, b in zip(graph.indptr[:-1], graph.indptr[1:])
    ]
    foes, anchor = _foes(limits, labels, count)
    waiting = [(size[c], c) for c in range(count) if size[c] < limits.least]
    heapq.heapify(waiting)
    while waiting:
        weight, c = heapq.heappop(waiting)
        if top[c] != c or weight != size[c]:
            continue
        allowed = [
            (w - float(pull[c] @ vectors[d]), -d)
            for d, w in near[c].items()
            if w > 0.0
            and size[c] + size[d] <= limits.most
            and d not in foes[c]
            and not (anchor[c] >= 0 and anchor[d] >= 0)
        ]
        if not allowed:
            raise InfeasibleError(
                f"A community of {weight:g} nodes found no neighbour that may take it, and min_size is "
                f"{limits.least:g}.",
                f"min_size={int(weight)}, or a larger max_size",
                name="min_size",
            )
        d = -max(allowed)[1]
        top[c] = d
        size[d] += size[c]
        pull[d] += pull[c]
        vectors[d] += vectors[c]
        anchor[d] = max(anchor[c], anchor[d])
        for e, w in near[c].items():
            near[e].pop(c)
            if e != d:
                near[d][e] = near[d].get(e, 0.0) + w
                near[e][d] = near[d][e]
        for e in foes[c]:
            foes[e].discard(c)
            foes[e].add(d)
            foes[d].add(e)
        if size[d] < limits.least:
            heapq.heappush(waiting, (size[d], d))
    for c in range(count):
        while top[c] != top[top[c]]:
            top[c] = top[top[c]]
    return compact(top[labels].astype(np.int32), count)[0]


def _foes(limits: Limits, labels: np.ndarray, count: int) -> tuple[list[set[int]], np.ndarray]:
    """For each community, those that it may not join, and its anchor."""
    foes: list[set[int]] = [set() for _ in range(count)]
    rows = np.repeat(labels, np.diff(limits.apart_indptr))
    for c, d in zip(rows.tolist(), labels[limits.apart].tolist()):
        foes[c].add(d)
    anchor = np.full(count, -1, np.int64)
    held = limits.anchor >= 0
    anchor[labels[held]] = limits.anchor[held]
    return foes, anchor


def is_connected(graph: Graph, labels: np.ndarray, groups: Groups) -> bool:
    """Whether every community is connected by positive edges, nodes of a group counted as joined."""
    if groups.count == len(labels):
        return part_components(positive(graph), labels)[1] == int(labels.max(initial=-1)) + 1
    joined = contract(positive(graph), groups.label, groups.count)
    upper = np.empty(groups.count, np.int32)
    upper[groups.label] = labels
    return part_components(joined, upper)[1] == int(labels.max(initial=-1)) + 1
