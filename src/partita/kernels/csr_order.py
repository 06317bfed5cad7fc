"""An order of the nodes of a graph by content: colours of neighbourhoods, then breadth first. For graphs.

B. Weisfeiler, A. Leman, "The reduction of a graph to canonical form and the algebra which appears therein"
(1968); breadth first with sorted neighbours as in E. Cuthill, J. McKee, doi:10.1145/800195.805928.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.csr import Graph, transpose
from partita.kernels.jit import jit

_MOST_ROUNDS = 12


@jit
def _mixed(h):
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@jit
def colours_start(bits, out):
    """Colours of nodes by loops alone. IN bits uint64[n], the loops' digits. OUT out uint64[n]."""
    for v in range(out.shape[0]):
        out[v] = _mixed(bits[v] + np.uint64(0x9E3779B97F4A7C15))


@jit
def colours_round(indptr, indices, bits, directed, old, new):
    """One refinement: a colour and the multiset of its neighbours' colours and weights make the next.

    IN indptr int64[n + 1], indices int32[e], bits uint64[e] (the weights' digits), old uint64[n]. With
    `directed`, entries reach both ends, and differently. OUT new uint64[n].
    """
    n = old.shape[0]
    for v in range(n):
        new[v] = np.uint64(0)
    for v in range(n):
        total = np.uint64(0)
        for e in range(indptr[v], indptr[v + 1]):
            u, digits = indices[e], _mixed(bits[e] + np.uint64(0xA0761D6478BD642F))
            total += _mixed(old[u] ^ digits)
            if directed:
                new[u] += _mixed((old[v] ^ digits) + np.uint64(0xE7037ED1A0B428DB))
        new[v] += total
    for v in range(n):
        new[v] = _mixed(new[v] + old[v] * np.uint64(0x9E3779B97F4A7C15))


@jit
def count_distinct(values):
    """How many different uint64 there are. O(n)."""
    size = 2
    while size < 2 * values.shape[0]:
        size *= 2
    table, mask, count, zeros = np.zeros(size, np.uint64), np.uint64(size - 1), 0, 0
    for value in values:
        if value == np.uint64(0):
            zeros = 1
            continue
        place = _mixed(value) & mask
        while table[place] != np.uint64(0) and table[place] != value:
            place = (place + np.uint64(1)) & mask
        if table[place] == np.uint64(0):
            table[place] = value
            count += 1
    return count + zeros


@jit
def order_breadth(indptr, indices, back_indptr, back_indices, directed, roots, by_rank, rank):
    """Nodes breadth first, the next root by `roots`, the new neighbours of a node by rank.

    IN rows of the graph and of its transpose (the same arrays where undirected), roots intp[n] (all nodes,
    preferred ones first), by_rank intp[n] and its inverse rank intp[n]. Returns order int64[n].
    O(e + n log n).
    """
    n = rank.shape[0]
    order, seen, filled = np.empty(n, np.int64), np.zeros(n, np.bool_), 0
    for root in roots:
        if seen[root]:
            continue
        seen[root] = True
        order[filled] = root
        done, filled = filled, filled + 1
        while done < filled:
            v, first = order[done], filled
            done += 1
            filled = _found(indptr, indices, v, seen, rank, order, filled)
            if directed:
                filled = _found(back_indptr, back_indices, v, seen, rank, order, filled)
            order[first:filled].sort()
            for i in range(first, filled):
                order[i] = by_rank[order[i]]
    return order


@jit
def _found(indptr, indices, v, seen, rank, order, filled):
    """Append the ranks of neighbours of `v` that were not seen yet. INOUT seen, order."""
    for e in range(indptr[v], indptr[v + 1]):
        u = indices[e]
        if not seen[u]:
            seen[u] = True
            order[filled] = rank[u]
            filled += 1
    return filled


@jit
def permuted(graph, order, place, directed):
    """The graph with node ``order[v]`` as node v. IN order int64[n] and its inverse place int64[n]."""
    n, entries = order.shape[0], graph.indices.shape[0]
    indptr = np.zeros(n + 1, np.int64)
    for e in range(entries):
        indptr[place[graph.indices[e]] + 1] += 1
    for v in range(n):
        indptr[v + 1] += indptr[v]
    filled, indices, weights = indptr[:n].copy(), np.empty(entries, np.int32), np.empty(entries, np.float64)
    for v in range(n):
        old = order[v]
        for e in range(graph.indptr[old], graph.indptr[old + 1]):
            u = place[graph.indices[e]]
            indices[filled[u]] = v
            weights[filled[u]] = graph.weights[e]
            filled[u] += 1
    turned = Graph(indptr, indices, weights, graph.loops[order], graph.node_weight[order])
    # Filled by columns, rows come out sorted, and turned around: the same graph where it is undirected.
    return transpose(turned) if directed else turned


def canonical_order(graph: Graph, directed: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """An order of the nodes by the graph alone, up to nodes that neighbourhoods can't tell apart.

    Parameters
    ----------
    graph : Graph
    directed : bool
        Whether entries have a direction.

    Returns
    -------
    order : int64[n]
        Nodes, component by component, breadth first.
    colours : uint64[n]
        Equal where neighbourhoods are alike, to the depth that was looked at.
    """
    n = len(graph.loops)
    colours, new = np.empty(n, np.uint64), np.empty(n, np.uint64)
    bits = (graph.weights + 0.0).view(np.uint64)
    colours_start((graph.loops + 0.0).view(np.uint64), colours)
    count = count_distinct(colours)
    for _ in range(_MOST_ROUNDS):
        colours_round(graph.indptr, graph.indices, bits, directed, colours, new)
        before, count = count, count_distinct(new)
        colours, new = new, colours
        if count in (before, n):
            break
    by_rank = np.argsort(colours, kind="stable")
    rank = np.empty(n, np.intp)
    rank[by_rank] = np.arange(n)
    ranked = colours[by_rank]
    first = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
    alike = np.diff(np.append(first, n))
    roots = by_rank[np.argsort(np.repeat(alike, alike), kind="stable")]
    back = transpose(graph) if directed else graph
    order = order_breadth(
        graph.indptr, graph.indices, back.indptr, back.indices, directed, roots, by_rank, rank
    )
    return order, colours
