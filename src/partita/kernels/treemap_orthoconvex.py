"""Treemaps of constant aspect: leaves are rectangles, L and S shapes, other nodes orthoconvex. For ``draw``.

de Berg, Speckmann, van der Weele, "Treemaps with Bounded Aspect Ratio", 2014, arXiv 1012.1749.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.treemap import Polygons
from partita.kernels.treemap_binary import binary_tree
from partita.kernels.treemap_pieces import treemap_shapes
from partita.kernels.treemap_polygons import grown, treemap_gather


def layout(parent: np.ndarray, weight: np.ndarray, width: float, height: float) -> Polygons:
    """Upright polygons of constant aspect, whatever the tree; areas as weights.

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
        Every horizontal or vertical line meets a region in one interval. One point for a node without
        weight, on its parent's outline. O(t log(weight of all / least weight)).
    """
    tree = binary_tree(parent, weight)
    shapes, slabs = treemap_shapes(tree.second, tree.load, float(width), float(height))
    regions = _unions(tree.second, tree.real, shapes, slabs)
    return Polygons(*treemap_gather(parent, tree.of, *regions))


@jit
def _merged(a, count_a, b, count_b, out):
    """Two regions side by side as one: columns in which the lower bottom and the higher top count.

    IN a, b, float64 (3, count + 1): left ends of columns and the right end of all, bottoms, tops. OUT out;
    the number of its columns comes back.
    """
    i = j = count = 0
    at = min(a[0, 0], b[0, 0])
    while i < count_a or j < count_b:
        in_a, in_b = i < count_a and a[0, i] <= at, j < count_b and b[0, j] <= at
        end = np.inf
        if i < count_a:
            end = a[0, i + 1] if in_a else a[0, i]
        if j < count_b:
            end = min(end, b[0, j + 1] if in_b else b[0, j])
        if end > at and (in_a or in_b):
            bottom = min(a[1, i] if in_a else np.inf, b[1, j] if in_b else np.inf)
            top = max(a[2, i] if in_a else -np.inf, b[2, j] if in_b else -np.inf)
            if count == 0 or out[1, count - 1] != bottom or out[2, count - 1] != top:
                out[0, count], out[1, count], out[2, count] = at, bottom, top
                count += 1
        at = end
        if i < count_a and a[0, i + 1] <= at:
            i += 1
        if j < count_b and b[0, j + 1] <= at:
            j += 1
    out[0, count] = at
    return count


@jit
def _outline(region, count, x, y, start):
    """OUT x, y from `start` on: the corners of a region, counterclockwise; their number comes back."""
    at = start
    x[at], y[at] = region[0, 0], region[1, 0]
    at += 1
    for s in range(1, count):
        if region[1, s] != region[1, s - 1]:
            x[at], y[at] = region[0, s], region[1, s - 1]
            x[at + 1], y[at + 1] = region[0, s], region[1, s]
            at += 2
    x[at], y[at] = region[0, count], region[1, count - 1]
    x[at + 1], y[at + 1] = region[0, count], region[2, count - 1]
    at += 2
    for s in range(count - 1, 0, -1):
        if region[2, s] != region[2, s - 1]:
            x[at], y[at] = region[0, s], region[2, s]
            x[at + 1], y[at + 1] = region[0, s], region[2, s - 1]
            at += 2
    x[at], y[at] = region[0, 0], region[2, 0]
    return at + 1 - start


@jit
def _of_shape(shape, slabs, out):
    for s in range(slabs):
        out[0, s], out[1, s], out[2, s] = shape[s, 0], shape[s, 2], shape[s, 3]
    out[0, slabs] = shape[slabs - 1, 1]
    return slabs


@jit
def _unions(second, real, shapes, slabs):
    """Outlines of all nodes: regions are merged from the last binary node to the first, on a stack.

    IN second, real, shapes, slabs of b binary nodes. Returned: begin, length intp[b] of the corners in x, y.
    """
    count = second.shape[0]
    begin, length = np.zeros(count, np.intp), np.zeros(count, np.intp)
    x, y, filled = np.empty(8 * count), np.empty(8 * count), 0
    stack = np.empty((3, 1024))
    starts, depth, end = np.zeros(count + 1, np.intp), 0, 0
    one, other, region = np.empty((3, 256)), np.empty((3, 256)), np.empty((3, 256))
    for i in range(count - 1, -1, -1):
        if second[i] < 0:
            columns = _of_shape(shapes[i], slabs[i], region)
        else:
            columns_one = _popped(stack, starts[depth - 1], end, one)
            columns_other = _popped(stack, starts[depth - 2], starts[depth - 1], other)
            columns = _merged(one, columns_one, other, columns_other, region)
            depth, end = depth - 2, starts[depth - 2]
        if real[i]:
            x, y = grown(x, filled + 4 * columns + 4), grown(y, filled + 4 * columns + 4)
            begin[i], length[i] = filled, _outline(region, columns, x, y, filled)
            filled += length[i]
        if end + columns + 1 > stack.shape[1]:
            stack = _wider(stack, end + columns + 1)
        if 2 * columns + 4 > region.shape[1]:
            one, other, region = (
                _wider(one, 4 * columns),
                _wider(other, 4 * columns),
                _wider(region, 4 * columns),
            )
        for j in range(columns + 1):
            for row in range(3):
                stack[row, end + j] = region[row, j]
        starts[depth] = end
        depth, end = depth + 1, end + columns + 1
    return begin, length, x, y


@jit
def _popped(stack, start, stop, out):
    """OUT out: a region from the stack; its number of columns comes back."""
    for j in range(start, stop):
        for row in range(3):
            out[row, j - start] = stack[row, j]
    return stop - start - 1


@jit
def _wider(array, size):
    longer = np.empty((3, 2 * size))
    for row in range(3):
        for j in range(array.shape[1]):
            longer[row, j] = array[row, j]
    return longer
