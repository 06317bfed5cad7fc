"""Parts of a hypergraph whose nodes can be realised in several ways: moves, and changes of realisation.

Called by graphs. A. Gregerson, A. Chadha, K. Morrow, doi:10.1109/FPT.2013.6718375 (personalities).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.coarsen import shuffled
from partita.kernels.jit import jit
from partita.kernels.refine import heap_clear, heap_drop, heap_make, heap_put

_PROBES = 48
_PATIENCE_OF_ALL = 400
_WIDE = 200


class Nets(NamedTuple):
    """A hypergraph, by nets and by nodes, and what each realisation of a node needs.

    Attributes
    ----------
    start : int64[e + 1]
    pins : int32[p]
        Nodes of net j: ``pins[start[j]:start[j + 1]]``.
    first : int64[n + 1]
    of_node : int32[p]
        Nets of node u: ``of_node[first[u]:first[u + 1]]``.
    price : float64[e]
    ways : int64[n + 1]
    need : float64 (w, r)
        Resources of the realisations of node u: rows ``ways[u]`` to ``ways[u + 1] - 1``.
    """

    start: np.ndarray
    pins: np.ndarray
    first: np.ndarray
    of_node: np.ndarray
    price: np.ndarray
    ways: np.ndarray
    need: np.ndarray


class Placed(NamedTuple):
    """Part and realisation of each node (labels int32[n], way int64[n]: a row of ``need``), pins of each net
    in each part (spread int32 (e, k)), load, cap and floor float64 (k, r), members int64[k]."""

    labels: np.ndarray
    way: np.ndarray
    spread: np.ndarray
    load: np.ndarray
    cap: np.ndarray
    floor: np.ndarray
    members: np.ndarray


@jit
def placed_fill(nets, placed):
    """Compute `spread`, `load` and `members` from labels and ways."""
    placed.spread[:] = 0
    placed.load[:] = 0.0
    placed.members[:] = 0
    for u in range(placed.labels.shape[0]):
        p = placed.labels[u]
        placed.members[p] += 1
        placed.load[p] += nets.need[placed.way[u]]
        for i in range(nets.first[u], nets.first[u + 1]):
            placed.spread[nets.of_node[i], p] += 1


@jit
def net_cost(nets, placed, whole):
    """Price of the nets cut, once each (`whole`) or once for every part but one."""
    total = 0.0
    for j in range(nets.price.shape[0]):
        parts = 0
        for p in range(placed.members.shape[0]):
            parts += placed.spread[j, p] > 0
        if parts > 1:
            total += nets.price[j] * (1.0 if whole else parts - 1.0)
    return total


@jit
def net_gains(nets, placed, u, whole, gain):
    """OUT gain float64[k]: by how much the cost falls if u enters a part; -inf where it has no neighbour."""
    k, own = gain.shape[0], placed.labels[u]
    gain[:] = -np.inf
    stay, leave = 0.0, 0.0
    for i in range(nets.first[u], nets.first[u + 1]):
        j = nets.of_node[i]
        size, price = nets.start[j + 1] - nets.start[j], nets.price[j]
        if size < 2:
            continue
        here = placed.spread[j, own]
        if whole:
            stay += price if here == size else 0.0
        else:
            stay += price
            leave += price if here == 1 else 0.0
        if here == size:
            continue
        for p in range(k):
            there = placed.spread[j, p]
            if there > 0 and p != own:
                if gain[p] == -np.inf:
                    gain[p] = 0.0
                if not whole or there == size - 1:
                    gain[p] += price
    for p in range(k):
        gain[p] += leave - stay


@jit(inline="always")
def _excess(load, cap, p, need, more, less):
    """Load above cap, in caps, if row `more` of need came and row `less` went (-1: none)."""
    total = 0.0
    for r in range(cap.shape[1]):
        held = load[p, r]
        if more >= 0:
            held += need[more, r]
        if less >= 0:
            held -= need[less, r]
        if held > cap[p, r] * (1.0 + 1e-12):
            total += (held - cap[p, r]) / max(cap[p, r], 1e-9)
    return total


@jit(inline="always")
def _drains(nets, placed, p, more, less):
    """Whether row `less` of need leaves part p below a floor, if row `more` (-1: none) comes for it."""
    for r in range(placed.floor.shape[1]):
        change = -nets.need[less, r]
        if more >= 0:
            change += nets.need[more, r]
        if change < 0.0 and placed.load[p, r] + change < placed.floor[p, r] * (1.0 - 1e-12):
            return True
    return False


@jit(inline="always")
def _strain(load, cap, p, need, more):
    total = 0.0
    for r in range(cap.shape[1]):
        share = (load[p, r] + need[more, r]) / max(cap[p, r], 1e-9)
        total += share * share
    return total


@jit
def _put(nets, placed, u, p, way):
    own = placed.labels[u]
    placed.load[own] -= nets.need[placed.way[u]]
    placed.load[p] += nets.need[way]
    placed.way[u] = way
    if own != p:
        placed.members[own] -= 1
        placed.members[p] += 1
        placed.labels[u] = p
        for i in range(nets.first[u], nets.first[u + 1]):
            placed.spread[nets.of_node[i], own] -= 1
            placed.spread[nets.of_node[i], p] += 1


@jit
def _enter(nets, placed, u, p, hand, log, length):
    """Put u into part p in the way that strains it least; where none fits, others there change their ways.

    Every change is logged (node, part, way before). Returns the new length of the log; the old one, with
    nothing changed, where there is no room.
    """
    load, cap, need = placed.load, placed.cap, nets.need
    way, least, strain = -1, np.inf, np.inf
    for w in range(nets.ways[u], nets.ways[u + 1]):
        over, strained = _excess(load, cap, p, need, w, -1), _strain(load, cap, p, need, w)
        if over < least - 1e-12 or (over <= least + 1e-12 and strained < strain):
            way, least, strain = w, over, strained
    begin, n, probes = length, placed.labels.shape[0], 0
    if least > 0.0 and need.shape[0] == n:
        return begin
    log[length, 0], log[length, 1], log[length, 2] = u, placed.labels[u], placed.way[u]
    length += 1
    _put(nets, placed, u, p, way)
    while least > 0.0 and probes < _PROBES * placed.members.shape[0] and length < log.shape[0]:
        probes += 1
        v = hand[p] % n
        hand[p] += 1
        if placed.labels[v] != p:
            continue
        for w in range(nets.ways[v], nets.ways[v + 1]):
            if length >= log.shape[0] or _drains(nets, placed, p, w, placed.way[v]):
                continue
            if _excess(load, cap, p, need, w, placed.way[v]) < least - 1e-12:
                log[length, 0], log[length, 1], log[length, 2] = v, p, placed.way[v]
                length += 1
                _put(nets, placed, v, p, w)
                least = _excess(load, cap, p, need, -1, -1)
    if least > 0.0:
        _undo(nets, placed, log, begin, length)
        return begin
    return length


@jit
def _undo(nets, placed, log, kept, length):
    for i in range(length - 1, kept - 1, -1):
        _put(nets, placed, log[i, 0], log[i, 1], log[i, 2])


@jit
def _best_entry(nets, placed, u, whole, gain, hand, log, length):
    """Move u into the part of most gain that has room. Returns the length of the log and the gain."""
    net_gains(nets, placed, u, whole, gain)
    own = placed.labels[u]
    if placed.members[own] < 2 or _drains(nets, placed, own, -1, placed.way[u]):
        return length, -np.inf
    while True:
        p = -1
        for q in range(gain.shape[0]):
            if q != own and gain[q] > -np.inf and (p < 0 or gain[q] > gain[p]):
                p = q
        if p < 0:
            return length, -np.inf
        after = _enter(nets, placed, u, p, hand, log, length)
        if after > length:
            return after, gain[p]
        gain[p] = -np.inf


@jit
def _touch(nets, placed, u, source, whole, gain, locked, heap, met, stamp):
    """New keys for the free neighbours of u, which came from `source`, over nets whose gains changed.

    INOUT met int64[n], whose entries are below `stamp`: each neighbour is looked at once.
    """
    target = placed.labels[u]
    for i in range(nets.first[u], nets.first[u + 1]):
        j = nets.of_node[i]
        size = nets.start[j + 1] - nets.start[j]
        left, came = placed.spread[j, source], placed.spread[j, target]
        changed = left >= size - 2 or came >= size - 1 if whole else left <= 1 or came <= 2
        if not changed or size > _WIDE:
            continue
        for e in range(nets.start[j], nets.start[j + 1]):
            v = nets.pins[e]
            if met[v] == stamp:
                continue
            met[v] = stamp
            if not locked[v]:
                net_gains(nets, placed, v, whole, gain)
                highest = gain.max()
                if highest > -np.inf:
                    heap_put(heap, v, highest)
                else:
                    heap_drop(heap, v)


@jit
def _search(nets, placed, whole, patience, heap, locked, hand, log, gain, met):
    fall, best, length, kept, steps = 0.0, 0.0, 0, 0, 0
    while heap.size[0] > 0 and steps < patience and length < log.shape[0] - 1:
        u = heap.nodes[0]
        net_gains(nets, placed, u, whole, gain)
        highest = gain.max()
        if highest < heap.key[u] and highest > -np.inf:
            heap_put(heap, u, highest)
            if heap.nodes[0] != u:
                continue
        heap_drop(heap, u)
        source = placed.labels[u]
        after, gained = _best_entry(nets, placed, u, whole, gain, hand, log, length)
        steps += 1
        if after == length:
            continue
        locked[u] = True
        length, fall = after, fall + gained
        if fall > best + 1e-9:
            best, kept, steps = fall, length, 0
        met[-1] += 1
        _touch(nets, placed, u, source, whole, gain, locked, heap, met, met[-1])
    heap_clear(heap)
    for i in range(kept, length):
        locked[log[i, 0]] = False
    _undo(nets, placed, log, kept, length)
    return best


@jit
def refine_nets(nets, placed, fixed, whole, seed, patience, n_rounds):
    """Lower the cost by a search from all nodes at once, then by rounds of searches from single nodes.

    A node takes the realisation that its part has room for.

    IN fixed bool[n] (never moved). INOUT placed. Returns by how much the cost fell.
    """
    n, k = fixed.shape[0], placed.members.shape[0]
    heap, gain, log = heap_make(n), np.empty(k), np.empty((4 * n + 64, 3), np.int64)
    hand, met, total = np.zeros(k, np.int64), np.zeros(n + 1, np.int64), 0.0
    for step in range(n_rounds + 1):
        locked, fall = fixed.copy(), 0.0
        for u in shuffled(n, seed + step):
            if not locked[u]:
                net_gains(nets, placed, u, whole, gain)
                highest = gain.max()
                if highest > -np.inf:
                    heap_put(heap, u, highest)
                    if step > 0:
                        fall += _search(nets, placed, whole, patience, heap, locked, hand, log, gain, met)
        if step == 0:
            total += _search(nets, placed, whole, _PATIENCE_OF_ALL, heap, locked, hand, log, gain, met)
            continue
        total += fall
        if fall <= 1e-9:
            break
    return total


@jit
def strain_of(load, goal):
    """Sum of squares of the relative distances of loads from goals, over parts and resources."""
    total = 0.0
    for p in range(goal.shape[0]):
        for r in range(goal.shape[1]):
            if goal[p, r] > 0.0:
                total += ((load[p, r] - goal[p, r]) / goal[p, r]) ** 2
    return total


@jit
def remap(nets, placed, goal, n_sweeps):
    """Change realisations where they are, as long as loads come nearer to goals and stay under caps."""
    load, cap, need = placed.load, placed.cap, nets.need
    for _ in range(n_sweeps):
        changes = 0
        for u in range(placed.labels.shape[0]):
            p = placed.labels[u]
            for w in range(nets.ways[u], nets.ways[u + 1]):
                now = placed.way[u]
                if w == now:
                    continue
                better, over, before = 0.0, 0.0, 0.0
                for r in range(goal.shape[1]):
                    scale = max(goal[p, r], 1e-9)
                    old, new = load[p, r], load[p, r] - need[now, r] + need[w, r]
                    better += ((old - goal[p, r]) / scale) ** 2 - ((new - goal[p, r]) / scale) ** 2
                    over += max(0.0, new - cap[p, r] * (1.0 + 1e-12)) / scale
                    over += max(0.0, placed.floor[p, r] * (1.0 - 1e-12) - new) / scale
                    before += (max(0.0, old - cap[p, r]) + max(0.0, placed.floor[p, r] - old)) / scale
                if over < before - 1e-12 or (better > 1e-12 and over <= before):
                    _put(nets, placed, u, p, w)
                    changes += 1
        if changes == 0:
            break


@jit
def relieve(nets, placed, fixed, whole, seed):
    """Move nodes out of parts above their caps, the cheapest first, into any part with room."""
    n, k = fixed.shape[0], placed.members.shape[0]
    heap, gain, log = heap_make(n), np.empty(k), np.empty((_PROBES * k * 4 + 64, 3), np.int64)
    hand, none = np.zeros(k, np.int64), -1
    for u in shuffled(n, seed):
        p = placed.labels[u]
        if not fixed[u] and _excess(placed.load, placed.cap, p, nets.need, none, none) > 0.0:
            net_gains(nets, placed, u, whole, gain)
            heap_put(heap, u, gain.max())
    while heap.size[0] > 0:
        u = heap.nodes[0]
        heap_drop(heap, u)
        p = placed.labels[u]
        before = _excess(placed.load, placed.cap, p, nets.need, none, none)
        if before <= 0.0 or _excess(placed.load, placed.cap, p, nets.need, none, placed.way[u]) >= before:
            continue
        if _best_entry(nets, placed, u, whole, gain, hand, log, 0)[0] > 0 or placed.members[p] < 2:
            continue
        if _drains(nets, placed, p, -1, placed.way[u]):
            continue
        for q in range(k):
            if q != p and _enter(nets, placed, u, q, hand, log, 0) > 0:
                break


@jit(inline="always")
def _lacks(placed, p):
    if placed.members[p] < 1:
        return True
    for r in range(placed.floor.shape[1]):  # noqa: SIM110 (numba)
        if placed.load[p, r] < placed.floor[p, r] * (1.0 - 1e-12):
            return True
    return False


@jit
def _helps(nets, placed, u, p):
    """Whether node u, put into part p, could bring what the part lacks."""
    if placed.members[p] < 1:
        return True
    for w in range(nets.ways[u], nets.ways[u + 1]):
        for r in range(placed.floor.shape[1]):
            if nets.need[w, r] > 0.0 and placed.load[p, r] < placed.floor[p, r] * (1.0 - 1e-12):
                return True
    return False


@jit
def fill_up(nets, placed, fixed, whole):
    """Move nodes, the cheapest first, into parts that are empty or below floors. INOUT placed."""
    n, k = fixed.shape[0], placed.members.shape[0]
    heap, gain, log = heap_make(n), np.empty(k), np.empty((_PROBES * k * 4 + 64, 3), np.int64)
    hand = np.zeros(k, np.int64)
    for p in range(k):
        if not _lacks(placed, p):
            continue
        for u in range(n):
            own = placed.labels[u]
            if own != p and not fixed[u] and _helps(nets, placed, u, p):
                net_gains(nets, placed, u, whole, gain)
                heap_put(heap, u, gain[p] if gain[p] > -np.inf else -1e300)
        while heap.size[0] > 0 and _lacks(placed, p):
            u = heap.nodes[0]
            key = heap.key[u]
            net_gains(nets, placed, u, whole, gain)
            if key > -1e299 and gain[p] < key:
                heap_put(heap, u, gain[p])
                if heap.nodes[0] != u:
                    continue
            heap_drop(heap, u)
            own = placed.labels[u]
            if placed.members[own] < 2 or _drains(nets, placed, own, -1, placed.way[u]):
                continue
            if _helps(nets, placed, u, p):
                _enter(nets, placed, u, p, hand, log, 0)
        heap_clear(heap)


@jit
def enter_all(nets, placed, nodes, p):
    """Put nodes into part p, or none of them. Returns whether they are in."""
    log, hand = np.empty((4 * nodes.shape[0] + 64, 3), np.int64), np.zeros(placed.members.shape[0], np.int64)
    length = 0
    for u in nodes:
        own = placed.labels[u]
        drains = placed.members[own] < 2 or _drains(nets, placed, own, -1, placed.way[u])
        after = length if drains else _enter(nets, placed, u, p, hand, log, length)
        if after == length:
            _undo(nets, placed, log, 0, length)
            return False
        length = after
    return True


@jit
def contract_nets(nets, label, count, way, ways_each):
    """The hypergraph of clusters, without nets of one pin; a cluster has `ways_each` realisations.

    IN label int32[n], way int64 (n, ways_each): the row of need that each member takes for each of them.
    """
    n, e = label.shape[0], nets.price.shape[0]
    need = np.zeros((count * ways_each, nets.need.shape[1]))
    for u in range(n):
        for d in range(ways_each):
            need[label[u] * ways_each + d] += nets.need[way[u, d]]
    start, pins, price = np.zeros(e + 1, np.int64), np.empty(nets.pins.shape[0], np.int32), np.empty(e)
    seen, kept, filled = np.full(count, -1, np.int64), 0, 0
    degree = np.zeros(count + 1, np.int64)
    for j in range(e):
        begin = filled
        for i in range(nets.start[j], nets.start[j + 1]):
            c = label[nets.pins[i]]
            if seen[c] != j:
                seen[c] = j
                pins[filled] = c
                filled += 1
        if filled - begin < 2:
            filled = begin
            continue
        for i in range(begin, filled):
            degree[pins[i] + 1] += 1
        price[kept] = nets.price[j]
        kept += 1
        start[kept] = filled
    first = np.cumsum(degree)
    place, of_node = first[:-1].copy(), np.empty(filled, np.int32)
    for j in range(kept):
        for i in range(start[j], start[j + 1]):
            of_node[place[pins[i]]] = j
            place[pins[i]] += 1
    ways = np.arange(count + 1) * ways_each
    return Nets(
        start[: kept + 1].copy(), pins[:filled].copy(), first, of_node, price[:kept].copy(), ways, need
    )
