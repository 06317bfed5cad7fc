"""Weighted graphs as compressed rows: parts, contraction, components, transposition. Called by graphs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.merging import set_find


class Graph(NamedTuple):
    """A weighted graph over nodes 0 to n - 1; an undirected edge stands in the rows of both its ends.

    Attributes
    ----------
    indptr : int64[n + 1]
        Row v is ``indptr[v]:indptr[v + 1]``.
    indices : int32[nnz]
        Neighbours, ascending within a row; a node is never its own neighbour.
    weights : float64[nnz]
        Weight of each entry.
    loops : float64[n]
        The diagonal of the adjacency matrix: what lies within a node. An undirected edge within counts
        twice, as it does in the matrix.
    node_weight : float64[n]
        Size of each node: 1, or the sum over the nodes that it stands for.
    """

    indptr: np.ndarray
    indices: np.ndarray
    weights: np.ndarray
    loops: np.ndarray
    node_weight: np.ndarray


def graph_of(indptr: np.ndarray, indices: np.ndarray, weights: np.ndarray) -> Graph:
    """A graph without loops, of nodes of weight 1, with the one set of types that all kernels take."""
    n = len(indptr) - 1
    return Graph(
        np.ascontiguousarray(indptr, np.int64),
        np.ascontiguousarray(indices, np.int32),
        np.ascontiguousarray(weights, np.float64),
        np.zeros(n),
        np.ones(n),
    )


@jit
def row_sums(indptr, weights, loops, out):
    """Row sums of the adjacency matrix, the diagonal included. OUT out float64[n]."""
    for v in range(out.shape[0]):
        total = loops[v]
        for e in range(indptr[v], indptr[v + 1]):
            total += weights[e]
        out[v] = total


@jit
def transpose(graph):
    """The graph with every entry turned around; rows come out sorted. O(n + nnz)."""
    n, entries = graph.loops.shape[0], graph.indices.shape[0]
    indptr = np.zeros(n + 1, np.int64)
    for e in range(entries):
        indptr[graph.indices[e] + 1] += 1
    for v in range(n):
        indptr[v + 1] += indptr[v]
    place = indptr[:n].copy()
    indices, weights = np.empty(entries, np.int32), np.empty(entries, np.float64)
    for v in range(n):
        for e in range(graph.indptr[v], graph.indptr[v + 1]):
            u = graph.indices[e]
            indices[place[u]] = v
            weights[place[u]] = graph.weights[e]
            place[u] += 1
    return Graph(indptr, indices, weights, graph.loops, graph.node_weight)


@jit
def part_members(labels, n_parts):
    """Nodes part by part, ascending within each. IN labels int32[n].

    Returns start int64[n_parts + 1] and nodes int32[n].
    """
    start = np.zeros(n_parts + 1, np.int64)
    for v in range(labels.shape[0]):
        start[labels[v] + 1] += 1
    for c in range(n_parts):
        start[c + 1] += start[c]
    place, nodes = start[:n_parts].copy(), np.empty(labels.shape[0], np.int32)
    for v in range(labels.shape[0]):
        nodes[place[labels[v]]] = v
        place[labels[v]] += 1
    return start, nodes


@jit
def contract(graph, labels, n_parts):
    """The graph of the parts: weights between parts, loops and node weights are summed. O(n + nnz).

    IN labels int32[n], each in 0 to n_parts - 1.
    """
    # Two transpositions sort all rows in linear time.
    return transpose(transpose(contract_unsorted(graph, labels, n_parts)))


@jit
def contract_unsorted(graph, labels, n_parts):
    """As `contract`, in less time; neighbours stand in the order in which they were met."""
    start, nodes = part_members(labels, n_parts)
    loops, node_weight = np.zeros(n_parts), np.zeros(n_parts)
    entry = np.full(n_parts, -1, np.int64)  # of a neighbour, where not before `first`
    indptr = np.zeros(n_parts + 1, np.int64)
    indices = np.empty(graph.indices.shape[0], np.int32)
    weights = np.empty(graph.indices.shape[0], np.float64)
    filled = 0
    for c in range(n_parts):
        first, inner = filled, 0.0
        for i in range(start[c], start[c + 1]):
            v = np.uintp(nodes[i])
            loops[c] += graph.loops[v]
            node_weight[c] += graph.node_weight[v]
            for e in range(np.uintp(graph.indptr[v]), np.uintp(graph.indptr[v + np.uintp(1)])):
                d = labels[np.uintp(graph.indices[e])]
                if d == c:
                    inner += graph.weights[e]
                elif entry[np.uintp(d)] >= first:
                    weights[np.uintp(entry[np.uintp(d)])] += graph.weights[e]
                else:
                    entry[np.uintp(d)] = filled
                    indices[filled], weights[filled] = d, graph.weights[e]
                    filled += 1
        loops[c] += inner
        indptr[c + 1] = filled
    return Graph(indptr, indices[:filled].copy(), weights[:filled].copy(), loops, node_weight)


@jit
def part_components(graph, labels):
    """Connected pieces of the parts (of either direction). IN labels int32[n].

    Returns piece int32[n], numbered by their first nodes, and their number.
    """
    n = labels.shape[0]
    above = np.arange(n)
    for v in range(n):
        for e in range(graph.indptr[v], graph.indptr[v + 1]):
            u = graph.indices[e]
            if labels[u] == labels[v]:
                a, b = set_find(above, v), set_find(above, np.intp(u))
                if a < b:
                    above[b] = a
                elif b < a:
                    above[a] = b
    piece, count = np.empty(n, np.int32), 0
    for v in range(n):
        root = set_find(above, v)
        if root == v:
            piece[v] = count
            count += 1
        else:
            piece[v] = piece[root]
    return piece, count


@jit
def components(graph):
    """Connected components (weak ones of a directed graph): int32[n], by first nodes, and their number."""
    return part_components(graph, np.zeros(graph.loops.shape[0], np.int32))


@jit
def compact(labels, n_parts):
    """Labels numbered by first appearance, without gaps. IN labels int32[n] below n_parts.

    Returns the new labels int32[n] and their number.
    """
    new = np.full(n_parts, -1, np.int32)
    out, count = np.empty(labels.shape[0], np.int32), 0
    for v in range(labels.shape[0]):
        c = labels[v]
        if new[c] < 0:
            new[c] = count
            count += 1
        out[v] = new[c]
    return out, count
