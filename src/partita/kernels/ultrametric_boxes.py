"""Points in boxes for the items of a tree whose heights are distances. For ``draw.embed_ultrametric``."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def tree_sides(parent, height, own, d):
    """Sides of the least cubes that hold points as far apart as the heights of each part, float64[m].

    IN parent intp[m] in preorder, height float64[m], own intp[m], the numbers of own items; d, dimensions.
    A part in a cube of side s keeps its distance from others in one of side s + (height above - height).
    """
    m = parent.shape[0]
    side = np.empty(m)
    for v in range(m):
        side[v] = own[v] * height[v] ** d
    for v in range(m - 1, -1, -1):
        side[v] = side[v] ** (1.0 / d)
        if v:
            side[parent[v]] += (side[v] + height[parent[v]] - height[v]) ** d
    return side


@jit
def _run_cut(weight, units, low, high):
    """Where to cut a run of units in two, and the share of the first part; a heavy unit stays alone."""
    whole, heaviest = 0.0, low
    for k in range(low, high):
        whole += weight[units[k]]
        if weight[units[k]] > weight[units[heaviest]]:
            heaviest = k
    heavy = units[heaviest]
    if 2.0 * weight[heavy] >= whole:
        for k in range(heaviest, low, -1):
            units[k] = units[k - 1]
        units[low] = heavy
        return low + 1, weight[heavy] / whole
    before, k = weight[units[low]], low + 1
    while before + 0.5 * weight[units[k]] < 0.5 * whole:
        before += weight[units[k]]
        k += 1
    return k, before / whole


@jit
def _box_cut(boxes, at, other, share, ratio):
    """Cut a box across its longest side: a share of the volume stays at `at`, the rest goes to `other`.

    The lighter part gets a box with sides of at most `ratio` to 1 where it can, at a corner of a thicker
    slab. IN boxes float64 (b, 2, d): lower and upper corners.
    """
    d, axis = boxes.shape[2], 0
    for a in range(d):
        boxes[other, 0, a], boxes[other, 1, a] = boxes[at, 0, a], boxes[at, 1, a]
        if boxes[at, 1, a] - boxes[at, 0, a] > boxes[at, 1, axis] - boxes[at, 0, axis]:
            axis = a
    light, small = (at, share) if share < 0.5 else (other, 1.0 - share)
    long, volume = boxes[at, 1, axis] - boxes[at, 0, axis], small
    for a in range(d):
        volume *= boxes[at, 1, a] - boxes[at, 0, a]
    thick = small * long
    wanted = volume ** (1.0 / d) * ratio ** (1.0 / d - 1.0)
    slab = max(thick, min(wanted, 0.5 * long))
    cut = boxes[at, 0, axis] + slab if light == at else boxes[at, 1, axis] - slab
    boxes[at, 1, axis] = boxes[other, 0, axis] = cut
    if slab > thick:
        shrink = (thick / slab) ** (1.0 / (d - 1.0))
        for a in range(d):
            if a != axis:
                boxes[light, 1, a] = boxes[light, 0, a] + shrink * (boxes[light, 1, a] - boxes[light, 0, a])


@jit
def _settle(box, factor, out):
    """OUT out float64 (2, d): the box shrunk towards its middle."""
    for a in range(box.shape[1]):
        middle, half = 0.5 * (box[0, a] + box[1, a]), 0.5 * factor * (box[1, a] - box[0, a])
        out[0, a], out[1, a] = middle - half, middle + half


@jit
def _units_weigh(children, begin, count, own, height, v, side, d, units, weight):
    """OUT units, weight: the children of a part by number, then its own items; volumes that they need."""
    for k in range(count + own):
        units[k] = k
        weight[k] = height[v] ** d
        if k < count:
            c = children[begin + k]
            weight[k] = (side[c] + height[v] - height[c]) ** d


@jit
def tree_points(first, children, height, side, order, start_own, own, ratio, positions):
    """OUT positions float64 (n, d): items in boxes within the boxes of their parts.

    IN first intp[m + 1], children intp[m - 1] (tree_group) of parts in preorder; height, side float64[m]
    (tree_sides); own items of v are ``order[start_own[v] : start_own[v] + own[v]]``; ratio, the longest a box
    may be for its width.
    """
    m, d = height.shape[0], positions.shape[1]
    most = 1
    for v in range(m):
        most = max(most, first[v + 1] - first[v] + own[v])
    place, rooms = np.zeros((m, 2, d)), np.empty((most + 1, 2, d))
    units, weight = np.empty(most, np.intp), np.empty(most)
    lows, highs = np.empty(most + 1, np.intp), np.empty(most + 1, np.intp)
    place[0, 1] = side[0]
    for v in range(m):
        count = first[v + 1] - first[v]
        _units_weigh(children, first[v], count, own[v], height, v, side, d, units, weight)
        _settle(place[v], 1.0, rooms[0])
        lows[0], highs[0], waiting = 0, count + own[v], min(count + own[v], 1)
        while waiting:
            waiting -= 1
            low, high = lows[waiting], highs[waiting]
            if high > low + 1 and weight[units[low]] > 0.0:
                middle, share = _run_cut(weight, units, low, high)
                lows[waiting], highs[waiting] = low, middle
                lows[waiting + 1], highs[waiting + 1] = middle, high
                _box_cut(rooms, waiting, waiting + 1, share, ratio)
                waiting += 2
                continue
            for k in range(low, high):
                if units[k] < count:
                    c = children[first[v] + units[k]]
                    grown = side[c] + height[v] - height[c]
                    _settle(rooms[waiting], side[c] / grown if grown > 0.0 else 0.0, place[c])
                    continue
                item = order[start_own[v] + units[k] - count]
                for a in range(d):
                    positions[item, a] = 0.5 * (rooms[waiting, 0, a] + rooms[waiting, 1, a])


@jit
def _run_range(order, begin, end, i, height, positions, least, most):
    """The smallest and largest ratio so far, and those of one item to a run of others."""
    for k in range(begin, end):
        if order[k] == i:
            continue
        square = 0.0
        for a in range(positions.shape[1]):
            square += (positions[order[k], a] - positions[i, a]) ** 2
        ratio = np.sqrt(square) / height
        least, most = min(least, ratio), max(most, ratio)
    return least, most


@jit
def ratios_range(order, start, stop, parent, height, item_part, positions, sources):
    """The smallest and largest ratio of distance to height above, from the items `sources` to all others.

    Pairs of height 0 don't count. Each part above an item settles what the part below it doesn't hold.
    """
    least, most = np.inf, 0.0
    for s in range(sources.shape[0]):
        i = sources[s]
        v = item_part[i]
        begin = end = start[v]
        while v >= 0:
            if height[v] > 0.0:
                least, most = _run_range(order, start[v], begin, i, height[v], positions, least, most)
                least, most = _run_range(order, end, stop[v], i, height[v], positions, least, most)
            begin, end, v = start[v], stop[v], parent[v]
    return least, most
