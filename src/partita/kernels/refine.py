"""Moves of single nodes between parts under caps: local searches with rollback, and repairs. For graphs.

C. M. Fiduccia, R. M. Mattheyses, doi:10.1109/DAC.1982.1585498; many searches from single boundary nodes as in
P. Sanders, C. Schulz, doi:10.1007/978-3-642-23719-5_40.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.coarsen import shuffled
from partita.kernels.jit import jit

# A node of more neighbours has a bound for its gain while it waits, and the gain when its turn comes.
MANY = 24
_PATIENCE_OF_ALL = 100


class Parts(NamedTuple):
    """Who is in which part, what the parts hold, and what they may hold.

    Attributes
    ----------
    labels : int32[n]
    load : float64 (k, r)
        Sums of the resources of the nodes.
    members : int64[k]
        Nodes.
    cap, floor : float64 (k, r)
        Most and least of each resource.
    least : int64[k]
        Least number of nodes.
    """

    labels: np.ndarray
    load: np.ndarray
    members: np.ndarray
    cap: np.ndarray
    floor: np.ndarray
    least: np.ndarray


class Heap(NamedTuple):
    """Nodes by key, the largest first. `place` is -1 for nodes outside; ``size[0]`` counts those inside."""

    nodes: np.ndarray
    place: np.ndarray
    key: np.ndarray
    size: np.ndarray


@jit
def heap_make(n):
    """An empty heap for nodes 0 to n - 1."""
    return Heap(np.empty(n, np.int32), np.full(n, -1, np.int32), np.empty(n), np.zeros(1, np.int64))


@jit
def _sift_up(heap, i):
    u = heap.nodes[i]
    key = heap.key[u]
    while i > 0:
        above = (i - 1) >> 1
        v = heap.nodes[above]
        if heap.key[v] >= key:
            break
        heap.nodes[i] = v
        heap.place[v] = i
        i = above
    heap.nodes[i] = u
    heap.place[u] = i


@jit
def _sift_down(heap, i):
    u = heap.nodes[i]
    key, size = heap.key[u], heap.size[0]
    while True:
        below = 2 * i + 1
        if below >= size:
            break
        if below + 1 < size and heap.key[heap.nodes[below + 1]] > heap.key[heap.nodes[below]]:
            below += 1
        v = heap.nodes[below]
        if heap.key[v] <= key:
            break
        heap.nodes[i] = v
        heap.place[v] = i
        i = below
    heap.nodes[i] = u
    heap.place[u] = i


@jit
def heap_put(heap, u, key):
    """Insert node u, or change its key."""
    i = heap.place[u]
    if i < 0:
        i = heap.size[0]
        heap.size[0] += 1
        heap.nodes[i] = u
        heap.place[u] = i
        heap.key[u] = key
        _sift_up(heap, i)
    else:
        old = heap.key[u]
        heap.key[u] = key
        if key > old:
            _sift_up(heap, i)
        elif key < old:
            _sift_down(heap, i)


@jit
def heap_drop(heap, u):
    """Take node u out, if it is in."""
    i = heap.place[u]
    if i < 0:
        return
    heap.place[u] = -1
    heap.size[0] -= 1
    last = heap.nodes[heap.size[0]]
    if last != u:
        heap.nodes[i] = last
        heap.place[last] = i
        _sift_up(heap, i)
        _sift_down(heap, heap.place[last])


@jit
def heap_clear(heap):
    """Take all nodes out."""
    for i in range(heap.size[0]):
        heap.place[heap.nodes[i]] = -1
    heap.size[0] = 0


@jit
def parts_fill(weight, parts):
    """Compute `load` and `members` from the labels."""
    parts.load[:] = 0.0
    parts.members[:] = 0
    for u in range(parts.labels.shape[0]):
        p = parts.labels[u]
        parts.members[p] += 1
        for r in range(weight.shape[1]):
            parts.load[p, r] += weight[u, r]


@jit(inline="always")
def _may_leave(weight, parts, u, own):
    if parts.members[own] <= parts.least[own]:
        return False
    for r in range(weight.shape[1]):
        if parts.load[own, r] - weight[u, r] < parts.floor[own, r] and weight[u, r] > 0.0:
            return False
    return True


@jit(inline="always")
def _may_enter(weight, parts, u, p, slack):
    for r in range(weight.shape[1]):
        if weight[u, r] > 0.0 and parts.load[p, r] + weight[u, r] > parts.cap[p, r] + slack[r]:
            return False
    return True


@jit
def best_move(graph, weight, parts, u, slack, pull, touched):
    """The adjacent part that node u gains most by entering (-1: none may take it), and the gain.

    `pull` float64[k] is zero before and after; `touched` int32[k] is scratch.
    """
    labels = parts.labels
    own, count = labels[u], 0
    for e in range(graph.indptr[u], graph.indptr[u + 1]):
        p = labels[graph.indices[e]]
        if pull[p] == 0.0:
            touched[count] = p
            count += 1
        pull[p] += graph.weights[e]
    best, most, stay = -1, -1.0, pull[own]
    for i in range(count):
        p = touched[i]
        if p != own and pull[p] >= most and _may_enter(weight, parts, u, p, slack):
            fuller = pull[p] == most and (
                parts.load[p, 0] * parts.cap[best, 0] >= parts.load[best, 0] * parts.cap[p, 0]
            )
            if not fuller:
                best, most = p, pull[p]
        pull[p] = 0.0
    if best >= 0 and not _may_leave(weight, parts, u, own):
        best = -1
    return best, most - stay


@jit(inline="always")
def _over(parts, p):
    total = 0.0
    for r in range(parts.cap.shape[1]):
        total += max(0.0, parts.load[p, r] - parts.cap[p, r])
    return total


@jit
def move_node(weight, parts, u, p):
    """Put node u into part p. Returns by how much the loads above caps grow."""
    own = parts.labels[u]
    before = _over(parts, own) + _over(parts, p)
    for r in range(weight.shape[1]):
        parts.load[own, r] -= weight[u, r]
        parts.load[p, r] += weight[u, r]
    parts.members[own] -= 1
    parts.members[p] += 1
    parts.labels[u] = p
    return _over(parts, own) + _over(parts, p) - before


@jit
def _search(graph, weight, parts, slack, patience, heap, locked, moved, source, pull, touched):
    """Move nodes from the heap on, best first; keep the best prefix. Returns its gain, and entries read."""
    gain, best, length, kept = 0.0, 0.0, 0, 0
    over, least_over = 0.0, 0.0
    indptr, work = graph.indptr, 0
    while heap.size[0] > 0 and length - kept < patience:
        u = heap.nodes[0]
        p, g = best_move(graph, weight, parts, u, slack, pull, touched)
        work += indptr[u + 1] - indptr[u]
        if p < 0:
            heap_drop(heap, u)
            continue
        if g < heap.key[u]:
            heap_put(heap, u, g)
            if heap.nodes[0] != u:
                continue
        heap_drop(heap, u)
        locked[u] = True
        moved[length] = u
        source[length] = parts.labels[u]
        length += 1
        gain += g
        over += move_node(weight, parts, u, p)
        if over < least_over - 1e-9 or (over <= least_over + 1e-9 and gain > best + 1e-9):
            best, least_over, kept = gain, over, length
        for e in range(indptr[u], indptr[u + 1]):
            v = graph.indices[e]
            if locked[v]:
                continue
            if heap.place[v] >= 0 and indptr[v + 1] - indptr[v] > MANY:
                heap_put(heap, v, heap.key[v] + 2.0 * graph.weights[e])
                continue
            work += indptr[v + 1] - indptr[v]
            q, g = best_move(graph, weight, parts, v, slack, pull, touched)
            if q >= 0:
                heap_put(heap, v, g)
            else:
                heap_drop(heap, v)
    heap_clear(heap)
    for i in range(length - 1, kept - 1, -1):
        move_node(weight, parts, moved[i], source[i])
        locked[moved[i]] = False
    return best, work


@jit
def boundary_nodes(graph, labels, fixed, seed):
    """Nodes, not fixed, with a neighbour in another part, in an order that `seed` decides."""
    found, count = np.empty(labels.shape[0], np.int32), 0
    for u in range(labels.shape[0]):
        if fixed[u] >= 0:
            continue
        for e in range(graph.indptr[u], graph.indptr[u + 1]):
            if labels[graph.indices[e]] != labels[u]:
                found[count] = u
                count += 1
                break
    nodes = np.empty(count, np.int32)
    for i, j in enumerate(shuffled(count, seed)):
        nodes[i] = found[j]
    return nodes


@jit
def refine(graph, weight, parts, fixed, slack, seed, n_seeds, patience, n_rounds, effort):
    """Lower the cut by searches that each start from `n_seeds` nodes of the boundary.

    A node moves at most once a round. A search ends after `patience` moves without a new best. Once a round
    has read ``effort * nnz`` entries, the rest of the boundary shares one search. Loads never end above
    caps, nor below floors, by more than they began.
    IN weight float64 (n, r), fixed int32[n] (-1: free), slack float64[r] (by how much a cap may be exceeded
    on the way). INOUT parts. Returns by how much the cut fell.
    """
    n, k = fixed.shape[0], parts.load.shape[0]
    heap, pull, touched = heap_make(n), np.zeros(k), np.empty(k, np.int32)
    moved, source = np.empty(n, np.int32), np.empty(n, np.int32)
    budget, total = effort * graph.indices.shape[0], 0.0
    for step in range(n_rounds):
        locked = fixed >= 0
        nodes = boundary_nodes(graph, parts.labels, fixed, seed + step)
        fall, spent, i = 0.0, 0.0, 0
        while i < nodes.shape[0]:
            alone = spent <= budget
            taken = 0
            while i < nodes.shape[0] and (not alone or taken < n_seeds):
                u = nodes[i]
                i += 1
                if not locked[u]:
                    spent += graph.indptr[u + 1] - graph.indptr[u]
                    p, g = best_move(graph, weight, parts, u, slack, pull, touched)
                    if p >= 0:
                        heap_put(heap, u, g)
                        taken += 1
            gain, work = _search(
                graph, weight, parts, slack, patience if alone else _PATIENCE_OF_ALL, heap, locked, moved,
                source, pull, touched,
            )  # fmt: skip
            fall += gain
            spent += work
        total += fall
        if fall <= 1e-9:
            break
    return total
