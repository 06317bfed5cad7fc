"""Straight cuts of convex polygons that give either side its share of the area. Called by treemap_convex.

A polygon is x, y, turn of length k: corners counterclockwise, and the direction in [0, pi) of the edge that
leaves each corner. Directions are carried along, for short edges do not tell them.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def _direction(turn):
    """Cosine and sine, exact along the axes."""
    if turn == 0.0:
        return 1.0, 0.0
    if turn == 0.5 * np.pi:
        return 0.0, 1.0
    return np.cos(turn), np.sin(turn)


@jit
def _sweep(along, over, k, target):
    """The line with area `target` below it: its height, and the lower ends, left and right, of the cut edges.

    IN along, over float64[k]: coordinates along the line and over it. Trapezoids between corners are summed
    upward; in the last of them the area is quadratic in the height.
    """
    low = 0
    for j in range(k):
        if over[j] < over[low]:
            low = j
    left = right = low
    height, chord, area = over[low], 0.0, 0.0
    while True:
        up_left, up_right = left - 1 if left else k - 1, right + 1 if right + 1 < k else 0
        by_left = over[up_left] <= over[up_right]
        top = max(over[up_left] if by_left else over[up_right], height)
        far = _at(along, over, right, up_right, top) - _at(along, over, left, up_left, top)
        far = max(far, 0.0)
        slab = 0.5 * (chord + far) * (top - height)
        if area + slab >= target or up_left == up_right or (up_left == right and up_right == left):
            rest, thick = max(target - area, 0.0), top - height
            if thick > 0.0 and rest > 0.0:
                under = max(chord * chord + 2.0 * (far - chord) / thick * rest, 0.0)
                base = chord + np.sqrt(under)
                height += min(2.0 * rest / base, thick) if base > 0.0 else thick
            return height, left, right
        area, height, chord = area + slab, top, far
        if by_left:
            left = up_left
        else:
            right = up_right


@jit
def _at(along, over, j, up, height):
    """The coordinate along the line where the edge from corner j up to corner `up` reaches a height."""
    rise = over[up] - over[j]
    if height >= over[up] or rise <= 0.0:
        return along[up] if height >= over[up] else along[j]
    return along[j] + (along[up] - along[j]) * (max(height - over[j], 0.0) / rise)


@jit
def _meeting(polygon, over, j, up, height):
    """The point where the edge from corner j up to corner `up` reaches a height."""
    if height >= over[up]:
        return polygon[0, up], polygon[1, up]
    if height <= over[j]:
        return polygon[0, j], polygon[1, j]
    way = (height - over[j]) / (over[up] - over[j])
    x = polygon[0, j] + way * (polygon[0, up] - polygon[0, j])
    return x, polygon[1, j] + way * (polygon[1, up] - polygon[1, j])


@jit
def _append(out, count, x, y, turn):
    """One more corner, in place of the last where it stands on that."""
    if count and out[0, count - 1] == x and out[1, count - 1] == y:
        count -= 1
    out[0, count], out[1, count], out[2, count] = x, y, turn
    return count + 1


@jit
def _closed(out, count):
    """The number of corners without a last one that stands on the first."""
    while count > 1 and out[0, count - 1] == out[0, 0] and out[1, count - 1] == out[1, 0]:
        count -= 1
    return count


@jit
def polygon_cut(polygon, k, turn, flip, small, rest, area, scratch, below, above):
    """Cut off the part below a line (above it when `flip`) with area ``area * small / (small + rest)``.

    IN polygon float64 (3, k), turn, the line's direction. OUT below, the part that is cut off, and above,
    the rest, float64 (3, k + 2) each; their numbers of corners come back. SCRATCH float64 (2, k).
    """
    cosine, sine = _direction(turn)
    sign = -1.0 if flip else 1.0
    origin_x, origin_y = polygon[0, 0], polygon[1, 0]
    along, over = scratch[0], scratch[1]
    for j in range(k):
        dx, dy = polygon[0, j] - origin_x, polygon[1, j] - origin_y
        along[j] = sign * (cosine * dx + sine * dy)
        over[j] = sign * (cosine * dy - sine * dx)
    height, left, right = _sweep(along, over, k, area * (small / (small + rest)))
    up_left, up_right = left - 1 if left else k - 1, right + 1 if right + 1 < k else 0
    left_x, left_y = _meeting(polygon, over, left, up_left, height)
    right_x, right_y = _meeting(polygon, over, right, up_right, height)
    low = _append(below, 0, left_x, left_y, polygon[2, up_left])
    j = left
    while True:
        low = _append(below, low, polygon[0, j], polygon[1, j], polygon[2, j])
        if j == right:
            break
        j = j + 1 if j + 1 < k else 0
    low = _append(below, low, right_x, right_y, turn)
    high = _append(above, 0, right_x, right_y, polygon[2, right])
    j = up_right
    while True:
        high = _append(above, high, polygon[0, j], polygon[1, j], polygon[2, j])
        if j == up_left:
            break
        j = j + 1 if j + 1 < k else 0
    high = _append(above, high, left_x, left_y, turn)
    return _closed(below, low), _closed(above, high)


@jit
def directions_gap(turns, k, scratch):
    """The bisector and half the width of the widest gap between directions; the axes are among them.

    IN turns float64[k] in [0, pi). SCRATCH float64[k + 2]. The first of equally wide gaps is taken.
    """
    scratch[0], scratch[1] = 0.0, 0.5 * np.pi
    count = 2
    for j in range(k):
        place = count
        while place > 0 and scratch[place - 1] > turns[j]:
            scratch[place] = scratch[place - 1]
            place -= 1
        scratch[place] = turns[j]
        count += 1
    best, middle = 0.0, 0.0
    for j in range(count):
        following = scratch[j + 1] if j + 1 < count else scratch[0] + np.pi
        if following - scratch[j] > best * (1 + 1e-9):
            best, middle = following - scratch[j], 0.5 * (scratch[j] + following)
    return middle, 0.5 * best
