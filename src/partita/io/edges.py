"""From a list of edges to a checked adjacency matrix: the one place that knows what a graph may hold.

Callers: the graph readers and the table reader of this room.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from partita._core.memory import check_memory
from partita.io.faults import unusable
from partita.io.options import Options

LineOf = Callable[[int], int | None]

_MAX_NODES = 2**31 - 1  # labels are int32, and a key of two nodes must fit 63 bits


class EdgeList(NamedTuple):
    """Edges as they stand in a file.

    Attributes
    ----------
    tail, head : int64[m]
        Rows of the two ends.
    weight : float64[m] or None
        None where the file has no weights: all are 1.
    n_nodes : int
        Number of nodes.
    line : callable
        1-based line of edge `i` in the file, for messages.
    show : callable
        The node as the file calls it, for messages.
    """

    tail: np.ndarray
    head: np.ndarray
    weight: np.ndarray | None
    n_nodes: int
    line: LineOf
    show: Callable[[int], str] = str


def adjacency(edges: EdgeList, path: Path, options: Options) -> tuple[Any, list[str]]:
    """The CSR matrix of a list of edges, and notes on what was decided.

    O(m log m) time.

    Raises
    ------
    InvalidDataError
        For loops, repeated edges, negative weights and half-listed directions that no option allows; each
        names the line and the option.
    """
    check_memory(
        120 * edges.tail.size + 16 * edges.n_nodes,
        what=f"The graph of {path}",
        alternative="use a machine with more memory, or a part of the graph",
    )
    if edges.n_nodes > _MAX_NODES:
        raise unusable(
            path, f"more than {_MAX_NODES} nodes", got=edges.n_nodes, hint="divide the graph first"
        )
    notes: list[str] = []
    _check_signs(edges, path, options)
    edges = _without_loops(edges, path, options, notes)
    edges = _without_repeats(edges, path, options, notes)
    if options.directed is True:
        notes.append("directed: row u, column v is the edge from u to v")
    else:
        edges = _undirected(edges, path, options, notes)
    return as_csr(edges, symmetric=options.directed is not True), notes


def as_csr(edges: EdgeList, *, symmetric: bool) -> Any:
    """CSR with sorted columns from edges that occur once each; `symmetric` writes both directions."""
    from scipy.sparse import coo_array

    weight = np.ones(edges.tail.size) if edges.weight is None else edges.weight
    tail, head = edges.tail, edges.head
    if symmetric:
        off = tail != head
        tail, head = np.concatenate((tail, head[off])), np.concatenate((head, tail[off]))
        weight = np.concatenate((weight, weight[off]))
    matrix = coo_array((weight, (tail, head)), shape=(edges.n_nodes, edges.n_nodes)).tocsr()
    matrix.sort_indices()
    return matrix


def _check_signs(edges: EdgeList, path: Path, options: Options) -> None:
    if edges.weight is None or options.signed or not (edges.weight < 0).any():
        return
    bad = int(np.argmax(edges.weight < 0))
    raise unusable(
        path,
        f"the edge {_pair(edges, bad)} has a negative weight",
        line=edges.line(bad),
        got=float(edges.weight[bad]),
        hint="set signed=True if negative weights are meant",
    )


def _without_loops(edges: EdgeList, path: Path, options: Options, notes: list[str]) -> EdgeList:
    loop = edges.tail == edges.head
    count = int(loop.sum())
    if count == 0:
        return edges
    if options.loops == "error":
        bad = int(np.argmax(loop))
        raise unusable(
            path,
            f"the node {edges.show(int(edges.tail[bad]))} has an edge to itself "
            f"({_counted(count, 'loop')} in all)",
            line=edges.line(bad),
            hint="set loops='drop' to leave loops out, or loops='keep'",
        )
    notes.append(f"{_counted(count, 'loop')} {'left out' if options.loops == 'drop' else 'kept'}")
    return edges if options.loops == "keep" else _subset(edges, np.flatnonzero(~loop))


def _without_repeats(edges: EdgeList, path: Path, options: Options, notes: list[str]) -> EdgeList:
    key = edges.tail * edges.n_nodes + edges.head
    order = np.argsort(key, kind="stable")
    again = np.flatnonzero(key[order[1:]] == key[order[:-1]])
    if again.size == 0:
        return edges
    if options.duplicates == "error":
        which = again[np.argmin(order[again + 1])]
        first, second = int(order[which]), int(order[which + 1])
        raise unusable(
            path,
            f"the edge {_pair(edges, second)} stands already in line {edges.line(first)} "
            f"({_counted(again.size, 'repeated edge')} in all)",
            line=edges.line(second),
            hint="set duplicates='sum', 'first' or 'max' to merge repeated edges",
        )
    notes.append(f"{_counted(again.size, 'repeated edge')} merged by duplicates={options.duplicates!r}")
    return _merged(edges, order, key[order], options.duplicates)


def _undirected(edges: EdgeList, path: Path, options: Options, notes: list[str]) -> EdgeList:
    low, high = np.minimum(edges.tail, edges.head), np.maximum(edges.tail, edges.head)
    key = low * edges.n_nodes + high
    order = np.argsort(key, kind="stable")
    twin = np.flatnonzero(key[order[1:]] == key[order[:-1]])
    if twin.size == 0:
        notes.append("undirected: each line is one edge (directed=True keeps the direction)")
        return edges
    single = int((low != high).sum()) - 2 * twin.size
    if options.directed == "auto" and single > 0:
        raise _half_listed(edges, order, twin, single, path)
    if options.duplicates == "error":
        _check_equal(edges, order, twin, path)
    both = "every edge" if single == 0 else _counted(twin.size, "edge")
    notes.append(f"undirected: {both} listed in both directions is one edge")
    rule = "first" if options.duplicates == "error" else options.duplicates
    return _merged(edges._replace(tail=low, head=high), order, key[order], rule)


def _half_listed(edges: EdgeList, order: np.ndarray, twin: np.ndarray, single: int, path: Path) -> Exception:
    second = int(order[twin[0] + 1])
    return unusable(
        path,
        f"the edge {_pair(edges, second)} stands in both directions (also in line "
        f"{edges.line(int(order[twin[0]]))}), as do {twin.size} edges, but {single} stand in one only: "
        "the graph may be directed or not",
        line=edges.line(second),
        hint="set directed=True to keep the directions, or directed=False to make every edge mutual",
    )


def _check_equal(edges: EdgeList, order: np.ndarray, twin: np.ndarray, path: Path) -> None:
    if edges.weight is None:
        return
    unequal = edges.weight[order[twin]] != edges.weight[order[twin + 1]]
    if unequal.any():
        which = twin[np.argmax(unequal)]
        first, second = int(order[which]), int(order[which + 1])
        raise unusable(
            path,
            f"the edge {_pair(edges, second)} weighs {edges.weight[second]:g} here and "
            f"{edges.weight[first]:g} in the other direction (line {edges.line(first)})",
            line=edges.line(second),
            hint="set directed=True, or directed=False with duplicates='sum', 'first' or 'max'",
        )


def _merged(edges: EdgeList, order: np.ndarray, key: np.ndarray, rule: str) -> EdgeList:
    """One edge per run of equal sorted keys; `order` is stable, so the first of a run is the file's first."""
    run = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    merged = _subset(edges, order[run])
    weight = np.ones(edges.tail.size) if edges.weight is None else edges.weight
    if rule == "sum":
        return merged._replace(weight=np.add.reduceat(weight[order], run))
    if rule == "max":
        return merged._replace(weight=np.maximum.reduceat(weight[order], run))
    return merged


def _subset(edges: EdgeList, which: np.ndarray) -> EdgeList:
    weight = None if edges.weight is None else edges.weight[which]
    line = edges.line
    return edges._replace(
        tail=edges.tail[which], head=edges.head[which], weight=weight, line=lambda i: line(int(which[i]))
    )


def _pair(edges: EdgeList, index: int) -> str:
    return f"{edges.show(int(edges.tail[index]))} - {edges.show(int(edges.head[index]))}"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
