"""Treemaps of convex polygons with bounded aspect. Called by ``draw.treemap``.

de Berg, Onak, Sidiropoulos, "Fat Polygonal Partitions", 2013, arXiv 1009.1866; de Berg, Speckmann, van der
Weele, "Treemaps with Bounded Aspect Ratio", 2014, arXiv 1012.1749.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.treemap import Polygons
from partita.kernels.treemap_binary import binary_tree
from partita.kernels.treemap_cut import directions_gap, polygon_cut
from partita.kernels.treemap_polygons import polygon_area, treemap_gather

_SQUARE_ENOUGH = 4.0
"""An upright cut that leaves both parts with at most this aspect needs no rival."""
_MOST_CORNERS = 64
"""Polygons with so many corners are cut along one of their own edges, which adds none to the larger part."""
_CANDIDATES = 24


def layout(parent: np.ndarray, weight: np.ndarray, width: float, height: float) -> Polygons:
    """Convex polygons of aspect O(depth of the tree), areas as weights.

    Parameters
    ----------
    parent : intp[t]
        Preorder, -1 for the root.
    weight : float64[t]
        Of leaves, none negative; other nodes weigh what their leaves do.
    width, height : float
        The root's rectangle.

    Returns
    -------
    polygons : Polygons
        One point for a node without weight, on its parent's outline. O(t log t) for most trees.
    """
    return fat_polygons(parent, weight, width, height, new_only=False)


def fat_polygons(
    parent: np.ndarray, weight: np.ndarray, width: float, height: float, *, new_only: bool
) -> Polygons:
    """The layout of `layout`, or with `new_only` that of ``treemap_polygonal``."""
    tree = binary_tree(parent, weight)
    regions = _regions(tree.second, tree.load, tree.real, float(width), float(height), new_only)
    return Polygons(*treemap_gather(parent, tree.of, *regions))


@jit
def _spread(polygon, k, area):
    """The aspect: the square of the longer side of the upright box over the area."""
    left, right = polygon[0, 0], polygon[0, 0]
    bottom, top = polygon[1, 0], polygon[1, 0]
    for j in range(1, k):
        left, right = min(left, polygon[0, j]), max(right, polygon[0, j])
        bottom, top = min(bottom, polygon[1, j]), max(top, polygon[1, j])
    side = max(right - left, top - bottom)
    return side * side / area


@jit
def _shortest_edge(polygon, k):
    shortest, best = 0, np.inf
    for j in range(k):
        following = j + 1 if j + 1 < k else 0
        length = (polygon[0, following] - polygon[0, j]) ** 2 + (polygon[1, following] - polygon[1, j]) ** 2
        if length < best * (1 - 1e-9):
            shortest, best = j, length
    return shortest


@jit
def _along_edge(polygon, k):
    """The cut (turn, flip) whose lower side is at the shortest edge."""
    j = _shortest_edge(polygon, k)
    following = j + 1 if j + 1 < k else 0
    turn = polygon[2, j]
    dx, dy = polygon[0, following] - polygon[0, j], polygon[1, following] - polygon[1, j]
    return turn, np.cos(turn) * dx + np.sin(turn) * dy < 0.0


@jit
def _is_wide(polygon, k):
    left, right = polygon[0, 0], polygon[0, 0]
    bottom, top = polygon[1, 0], polygon[1, 0]
    for j in range(1, k):
        left, right = min(left, polygon[0, j]), max(right, polygon[0, j])
        bottom, top = min(bottom, polygon[1, j]), max(top, polygon[1, j])
    return right - left >= top - bottom


@jit
def _is_near(turns, k, turn, reach):
    """Whether a direction is nearer than `reach` to one of k directions."""
    for j in range(k):
        between = abs(turns[j] - turn)
        if min(between, np.pi - between) < reach:
            return True
    return False


@jit
def _tries(polygon, k, new_only, scratch, tried):
    """OUT tried float64[n], directions of cuts worth a trial; their number comes back.

    Either one across the longer side and a new one; or, with `new_only`, the new one and all of a fan that
    are far enough from the directions of all edges.
    """
    middle, reach = directions_gap(polygon[2], k, scratch[2])
    if not new_only:
        tried[0], tried[1] = 0.5 * np.pi if _is_wide(polygon, k) else 0.0, middle
        return 2
    tried[0], count = middle, 1
    for candidate in range(_CANDIDATES):
        if not _is_near(polygon[2], k, candidate * np.pi / _CANDIDATES, 0.5 * reach):
            tried[count] = candidate * np.pi / _CANDIDATES
            count += 1
    return count


@jit
def _chosen_cut(polygon, k, new_only, heavy_is_real, small_first, small, rest, area, scratch, below, above):
    """The cut (turn, flip) with the fattest parts among those that are worth a trial.

    An upright one is taken as it is when it parts siblings that weigh alike or leaves parts that are fat
    enough.
    """
    if k >= _MOST_CORNERS:
        return _along_edge(polygon, k)
    tried = np.empty(_CANDIDATES + 1)
    turn, flip, best = 0.0, False, np.inf
    for candidate in range(_tries(polygon, k, new_only, scratch, tried)):
        angle, upright = tried[candidate], candidate == 0 and not new_only
        for way in (False, True):
            # The first child is at the left or below: with both ways siblings would change places easily.
            if (upright or new_only) and way != (small_first == (angle > 0.25 * np.pi)):
                continue
            low, high = polygon_cut(polygon, k, angle, way, small, rest, area, scratch, below, above)
            share = small / (small + rest)
            found = max(_spread(below, low, area * share), _spread(above, high, area * (1.0 - share)))
            if found < best * (1 - 1e-9):
                turn, flip, best = angle, way, found
        if upright and (not heavy_is_real or best <= _SQUARE_ENOUGH):
            break
    return turn, flip


@jit
def _copied(source, k, out, start):
    """OUT out float64 (3, at least start + k), or a longer copy: the corners of a polygon from `start` on."""
    if start + k > out.shape[1]:
        longer = np.empty((3, 2 * (start + k)))
        for row in range(3):
            for j in range(start):
                longer[row, j] = out[row, j]
        out = longer
    for row in range(3):
        for j in range(k):
            out[row, start + j] = source[row, j]
    return out


@jit
def _regions(second, load, real, width, height, new_only):
    """Polygons of all nodes: binary nodes in preorder take theirs from a stack and leave two parts on it.

    IN second, load, real of b binary nodes. Returned: begin, length intp[b] of the corners in x, y.
    """
    count = second.shape[0]
    begin, length = np.zeros(count, np.intp), np.zeros(count, np.intp)
    out, filled = np.empty((3, 8 * count)), 0
    stack, starts = np.zeros((3, 1024)), np.zeros(count + 1, np.intp)
    stack[0, 1] = stack[0, 2] = width
    stack[1, 2] = stack[1, 3] = height
    stack[2, 1] = stack[2, 3] = 0.5 * np.pi
    depth, end = 1, 4
    polygon, scratch, below, above = _rooms(4 * _MOST_CORNERS)
    for i in range(count):
        depth -= 1
        start = starts[depth]
        k, end = end - start, start
        if k + 4 > polygon.shape[1]:
            polygon, scratch, below, above = _rooms(2 * (k + 4))
        for row in range(3):
            for j in range(k):
                polygon[row, j] = stack[row, start + j]
        if real[i]:
            out = _copied(polygon, k, out, filled)
            begin[i], length[i] = filled, k
            filled += k
        if second[i] < 0:
            continue
        small_first = load[i + 1] <= load[second[i]]
        light, heavy = (i + 1, second[i]) if small_first else (second[i], i + 1)
        small, rest, area = load[light], load[heavy], polygon_area(polygon[0], polygon[1], 0, k)
        turn, flip = _chosen_cut(
            polygon, k, new_only, real[heavy], small_first, small, rest, area, scratch, below, above
        )
        low, high = polygon_cut(polygon, k, turn, flip, small, rest, area, scratch, below, above)
        # What lies on top of the stack is the first child's.
        upper = high if small_first else low
        stack = _copied(above if small_first else below, upper, stack, start)
        stack = _copied(below if small_first else above, low + high - upper, stack, start + upper)
        starts[depth], starts[depth + 1] = start, start + upper
        depth, end = depth + 2, start + low + high
    return begin, length, out[0], out[1]


@jit
def _rooms(size):
    return np.empty((3, size)), np.empty((3, size)), np.empty((3, size)), np.empty((3, size))
