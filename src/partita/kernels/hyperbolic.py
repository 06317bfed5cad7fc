"""Trees in the hyperbolic plane: every node in the frame of its parent. Called by ``draw``.

Where a node stands near the rim of the disc, its coordinates say nothing any more; how it stands from its
parent does. An isometry of the disc is ``z -> (a z + b) / (conj(b) z + conj(a))``; it is held as `a`, `b`
divided by ``exp(scale)``, so that distances of thousands are numbers too. A walk along the tree multiplies
isometries. It turns back nowhere, and where it turns by the angle t it loses log10(1 / sin(t / 2)) digits.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_UP, _DOWN = 0, 1


@jit
def _stepped(a, b, scale, angle, length, way):
    """The frame one edge further: down to a child at `angle`, or up from it."""
    turn = np.exp(0.5j * angle)
    shrink = np.exp(-length)
    wide, far = 0.5 * (1.0 + shrink), 0.5 * (1.0 - shrink)
    if way == _DOWN:
        a, b = a * turn, b * np.conj(turn)
        a, b = a * wide + b * far, a * far + b * wide
    else:
        a, b = a * wide - b * far, b * wide - a * far
        a, b = a * np.conj(turn), b * turn
    size = abs(a)
    return a / size, b / size, scale + 0.5 * length + np.log(size)


@jit
def frames_walk(parent, angle, length, given, u, a, b, scale, along):
    """The frame of every node, seen from node `u`.

    IN parent intp[t] (before their children, -1 the root), angle, length float64[t] (of the edge above, in
    the frame of the parent), given float64[t] (lengths of the same edges in the tree). OUT a, b
    complex128[t], scale, along float64[t] (the way along the tree).
    """
    a[u], b[u], scale[u], along[u] = 1.0, 0.0, 0.0, 0.0
    above = np.zeros(parent.shape[0], np.bool_)
    above[u] = True
    v = u
    while parent[v] >= 0:
        p = parent[v]
        a[p], b[p], scale[p] = _stepped(a[v], b[v], scale[v], angle[v], length[v], _UP)
        along[p] = along[v] + given[v]
        above[p] = True
        v = p
    for v in range(1, parent.shape[0]):
        if not above[v]:
            p = parent[v]
            a[v], b[v], scale[v] = _stepped(a[p], b[p], scale[p], angle[v], length[v], _DOWN)
            along[v] = along[p] + given[v]


@jit
def _apart(a, b, scale):
    """How far a frame is from where the walk began."""
    if scale > 300.0:
        return 2.0 * (scale + np.log(abs(a) + abs(b)))
    return 2.0 * np.arcsinh(abs(b) * np.exp(scale))


@jit
def nodes_distances(parent, angle, length, u, out):
    """OUT out float64[t]: hyperbolic distances from node `u`."""
    n = parent.shape[0]
    a, b = np.empty(n, np.complex128), np.empty(n, np.complex128)
    scale, along = np.empty(n), np.empty(n)
    frames_walk(parent, angle, length, length, u, a, b, scale, along)
    for v in range(n):
        out[v] = _apart(a[v], b[v], scale[v])
    out[u] = 0.0


@jit
def nodes_fit(parent, angle, length, given, sources, start, stop, lowest, highest, precision):
    """How well distances from some nodes tell those along the tree, and who is next to whom.

    IN sources intp[s]. OUT for sources `start` to `stop`: lowest, highest float64[s] (ratio of hyperbolic to
    tree distances), precision float64[s] (the mean, over the nodes next to it in the tree, of the share of
    such nodes among all that are as near).
    """
    n = parent.shape[0]
    a, b = np.empty(n, np.complex128), np.empty(n, np.complex128)
    scale, along, apart = np.empty(n), np.empty(n), np.empty(n)
    next_to = np.empty(n, np.float64)
    for i in range(start, stop):
        u, count = sources[i], 0
        frames_walk(parent, angle, length, given, u, a, b, scale, along)
        low, high = np.inf, -np.inf
        for v in range(n):
            apart[v] = _apart(a[v], b[v], scale[v])
            if v == u:
                continue
            low, high = min(low, apart[v] / along[v]), max(high, apart[v] / along[v])
            if parent[v] == u or parent[u] == v:
                next_to[count] = apart[v]
                count += 1
        lowest[i], highest[i] = low, high
        apart[u] = np.inf
        precision[i] = _mean_precision(apart, np.sort(next_to[:count]))


@jit
def _mean_precision(apart, ends):
    """IN apart float64[n] (inf for the node itself), ends float64[c], ascending: those of its neighbours."""
    count, total = ends.shape[0], 0.0
    if count == 0:
        return 1.0
    within = np.zeros(count + 1, np.intp)
    furthest = ends[count - 1]
    for v in range(apart.shape[0]):
        if apart[v] <= furthest:
            within[np.searchsorted(ends, apart[v], side="left")] += 1
    seen = 0
    for i in range(count):
        seen += within[i]
        inside = np.searchsorted(ends, ends[i], side="right")
        total += inside / seen
    return total / count
