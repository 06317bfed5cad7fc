"""Largest flow between a source and a sink, by level graphs (Dinic), capacities real. Called by graphs."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def flow_largest(start, head, twin, room, source, sink):
    """The value of a largest flow. INOUT room float64[arcs]: capacities in, what is left of them out.

    IN start int64[n + 1], head int32[arcs], twin int64[arcs] (the arc back). A phase empties at least one arc
    of every shortest path exactly, so that there are less than n phases whatever the rounding. O(n^2 m).
    """
    n, total = start.shape[0] - 1, 0.0
    level, queue = np.empty(n, np.int32), np.empty(n, np.int32)
    at, path = np.empty(n, np.int64), np.empty(n, np.int64)
    while flow_levels(start, head, room, source, level, queue)[sink] >= 0:
        at[:] = start[:n]
        depth, v = 0, source
        while True:
            if v == sink:
                pushed = np.inf
                for i in range(depth):
                    pushed = min(pushed, room[path[i]])
                back = depth
                for i in range(depth - 1, -1, -1):
                    arc = path[i]
                    room[arc] -= pushed
                    room[twin[arc]] += pushed
                    if room[arc] <= 0.0:
                        back = i
                total += pushed
                depth = back
                v = head[twin[path[back]]]
                continue
            while at[v] < start[v + 1]:
                arc = at[v]
                if room[arc] > 0.0 and level[head[arc]] == level[v] + 1:
                    break
                at[v] += 1
            if at[v] < start[v + 1]:
                path[depth] = at[v]
                v = head[at[v]]
                depth += 1
            elif depth == 0:
                break
            else:
                depth -= 1
                v = head[twin[path[depth]]]
                at[v] += 1
    return total


@jit
def flow_levels(start, head, room, source, level, queue):
    """Steps from the source over arcs with room, int32[n]; -1 out of reach. OUT level, SCRATCH queue."""
    level[:] = -1
    level[source] = 0
    queue[0] = source
    tail, at = 1, 0
    while at < tail:
        v = queue[at]
        at += 1
        for arc in range(start[v], start[v + 1]):
            u = head[arc]
            if room[arc] > 0.0 and level[u] < 0:
                level[u] = level[v] + 1
                queue[tail] = u
                tail += 1
    return level
