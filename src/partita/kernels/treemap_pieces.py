"""Pieces of a binary tree, cut until each is one leaf with its shape. Called by treemap_orthoconvex.

A piece is a run of nodes in preorder: `tag`, the binary node of a leaf or -1, and `span`, the nodes of a
subtree. It is drawn in a box so that the regions of its marked node and of all nodes above that are stairs
at one corner of the box: then they still fit together with what lies beyond that corner. Corners: bit 0 is
right, bit 1 is top.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.treemap_boxes import NOTHING, box_corner, box_is_wide, box_shape, box_strips

Piece = namedtuple("Piece", "tag span up weight state load")
"""The piece in hand: tag, span, up, state intp[b], weight float64[b]; load float64[b] of all binary nodes."""

Waiting = namedtuple("Waiting", "tag span start mark corner box")
"""Pieces that wait, one behind the other: tag, span of nodes; where each starts, and how it is drawn."""

_LEAST = 0.125
"""A straight cut leaves at least this share on either side; a smaller share is cut out of a corner."""
_EVEN = 0.25
"""A leaf with less than this share beside it is drawn round a corner that holds all else."""


@jit
def _weigh(piece, n):
    """The parents (-1) and weights of the n nodes of a piece whose tags and spans are set."""
    piece.up[0] = -1
    for i in range(n):
        if piece.tag[i] < 0:
            piece.up[i + 1] = i
            piece.up[i + 1 + piece.span[i + 1]] = i
    for i in range(n - 1, -1, -1):
        if piece.tag[i] >= 0:
            piece.weight[i] = piece.load[piece.tag[i]]
        else:
            piece.weight[i] = piece.weight[i + 1] + piece.weight[i + 1 + piece.span[i + 1]]


@jit
def _heavier(piece, i):
    """The heavier child; the first of equal ones."""
    other = i + 1 + piece.span[i + 1]
    return other if piece.weight[other] > piece.weight[i + 1] else i + 1


@jit
def _middle_node(piece, mark):
    """The node closest to half of the weight above the marked node, at it, or down the heaviest way."""
    half = 0.5 * piece.weight[0]
    best, gap = -1, np.inf
    i = mark
    while piece.up[i] >= 0:
        if abs(piece.weight[i] - half) < gap:
            best, gap = i, abs(piece.weight[i] - half)
        i = piece.up[i]
    i = mark
    while piece.tag[i] < 0:
        i = _heavier(piece, i)
        if abs(piece.weight[i] - half) < gap:
            best, gap = i, abs(piece.weight[i] - half)
    return best


@jit
def _first_below(piece, i, limit):
    """The first node from i down the heaviest way that weighs at most `limit`."""
    while piece.weight[i] > limit and piece.tag[i] < 0:
        i = _heavier(piece, i)
    return i


@jit
def _largest_leaf(piece, i):
    best = -1
    for j in range(i, i + piece.span[i]):
        if piece.tag[j] >= 0 and (best < 0 or piece.weight[j] > piece.weight[best]):
            best = j
    return best


@jit
def _respan(tag, span, start, count):
    """OUT span of a run whose tags are set."""
    for j in range(start + count - 1, start - 1, -1):
        span[j] = 1
        if tag[j] < 0:
            span[j] += span[j + 1] + span[j + 1 + span[j + 1]]


@jit
def _take(piece, root, hole, other_hole, mark, waiting, start):
    """A subtree without one or two of its own, and without nodes of one child, as a run from `start` on.

    IN hole, other_hole, roots of what is missing or -1; mark, a node of the piece. OUT the tags of `waiting`.
    The number of nodes, the place of the marked node in the run and the weight come back. Where nothing is
    left of the marked node, the place is that of the node above it.
    """
    tag, span, state = piece.tag, piece.span, piece.state
    end = root + span[root]
    for i in range(end - 1, root - 1, -1):
        state[i] = 2
        if tag[i] < 0:
            state[i] = (state[i + 1] > 0) + (state[i + 1 + span[i + 1]] > 0)
        if i in (hole, other_hole):
            state[i] = 0
    if state[root] == 0:
        return 0, -1, 0.0
    while state[mark] == 0:
        mark = piece.up[mark]
    while state[mark] == 1:
        mark = mark + 1 if state[mark + 1] else mark + 1 + span[mark + 1]
    count, place, weight, i = 0, 0, 0.0, root
    while i < end:
        if state[i] == 0:
            i += span[i]
            continue
        if state[i] == 2:
            if i == mark:
                place = count
            if tag[i] >= 0:
                weight += piece.weight[i]
            waiting.tag[start + count] = tag[i]
            count += 1
        i += 1
    _respan(waiting.tag, waiting.span, start, count)
    return count, place, weight


@jit
def _put(waiting, frame, start, mark, corner, box):
    """How the run that begins at `start` is to be drawn."""
    waiting.start[frame], waiting.mark[frame], waiting.corner[frame] = start, mark, corner
    waiting.box[frame, 0], waiting.box[frame, 1] = box[0], box[1]
    waiting.box[frame, 2], waiting.box[frame, 3] = box[2], box[3]


@jit
def _cut_straight(piece, node, mark, corner, box, waiting, frame, end):
    """A node at the corner, all else beside it; the next frame and the end of what waits come back."""
    within = mark if node <= mark < node + piece.span[node] else node
    count, place, weight = _take(piece, node, -1, -1, within, waiting, end)
    count_rest, place_rest, rest = _take(piece, 0, node, -1, piece.up[node], waiting, end + count)
    near, far = box_strips(box, corner, weight / (weight + rest), box_is_wide(box))
    _put(waiting, frame, end, place, corner, near)
    _put(waiting, frame + 1, end + count, place_rest, corner, far)
    return frame + 2, end + count + count_rest


@jit
def _cut_off_rest(piece, leaf, corner, box, waiting, frame, end, shapes, slabs):
    """A leaf round the corner, all else opposite to it."""
    count, place, rest = _take(piece, 0, leaf, -1, piece.up[leaf], waiting, end)
    far = box_corner(box, 3 - corner, rest / (rest + piece.weight[leaf]))
    box_shape(box, corner, NOTHING, far, shapes, slabs, piece.tag[leaf])
    _put(waiting, frame, end, place, corner, far)
    return frame + 1, end + count


@jit
def _cut_round(piece, leaf, small, mark, corner, box, waiting, frame, end, shapes, slabs):
    """A light node at the corner, a leaf round it, all else opposite to the corner or beside both."""
    count, place, weight = _take(piece, small, -1, -1, mark, waiting, end)
    count_rest, place_rest, rest = _take(piece, 0, small, leaf, piece.up[leaf], waiting, end + count)
    both = weight + piece.weight[leaf]
    far, beyond = NOTHING, NOTHING
    if rest > _LEAST * (both + rest):
        box, beyond = box_strips(box, corner, both / (both + rest), box_is_wide(box))
    elif count_rest:
        both += rest
        far = box_corner(box, 3 - corner, rest / both)
        beyond = far
    near = box_corner(box, corner, weight / both)
    box_shape(box, corner, near, far, shapes, slabs, piece.tag[leaf])
    _put(waiting, frame, end, place, corner, near)
    if count_rest == 0:
        return frame + 1, end + count
    _put(waiting, frame + 1, end + count, place_rest, corner, beyond)
    return frame + 2, end + count + count_rest


@jit
def _cut_strips(piece, upper, lower, small, mark, corner, box, waiting, frame, end):
    """Three strips: a light node beside the lower of two nodes; what else is in the upper one; all else."""
    waiting.tag[end] = -1
    count, place, weight = _take(piece, small, -1, -1, mark, waiting, end + 1)
    count_lower, _, weight_lower = _take(piece, lower, -1, -1, lower, waiting, end + 1 + count)
    count += 1 + count_lower
    waiting.span[end] = count
    count_upper, place_upper, middle = _take(piece, upper, lower, -1, piece.up[lower], waiting, end + count)
    after = end + count + count_upper
    count_rest, place_rest, rest = _take(piece, 0, upper, small, piece.up[upper], waiting, after)
    wide = box_is_wide(box)
    first = weight + weight_lower
    near, far = box_strips(box, corner, first / (first + middle + rest), wide)
    between, beyond = box_strips(far, corner, middle / (middle + rest), wide)
    _put(waiting, frame, end, place + 1, corner, near)
    # The lower node is at the other side of the first strip.
    _put(waiting, frame + 1, end + count, place_upper, corner ^ (2 if wide else 1), between)
    _put(waiting, frame + 2, after, place_rest, corner, beyond)
    return frame + 3, after + count_rest


@jit
def _cut(piece, mark, corner, box, waiting, frame, end, shapes, slabs):
    """Cut the piece in hand; the next frame and the end of what waits come back."""
    node = _middle_node(piece, mark)
    if mark == 0:
        corner = 0 if node <= piece.span[1] else 3
    whole = piece.weight[0]
    share = piece.weight[node] / whole
    large_leaf = piece.tag[node] >= 0 and share > 0.5
    margin = _EVEN if large_leaf else _LEAST
    if margin <= share <= 1 - margin:
        return _cut_straight(piece, node, mark, corner, box, waiting, frame, end)
    if large_leaf:
        return _cut_off_rest(piece, node, corner, box, waiting, frame, end, shapes, slabs)
    # The marked node is light, and all above it are, up to the child of a node that is almost everything.
    small = mark
    while piece.weight[piece.up[small]] < 0.5 * whole:
        small = piece.up[small]
    sibling = piece.up[small] + 1
    if sibling == small:
        sibling += piece.span[small]
    leaf = _largest_leaf(piece, sibling)
    if piece.weight[leaf] >= _EVEN * whole:
        return _cut_round(piece, leaf, small, mark, corner, box, waiting, frame, end, shapes, slabs)
    upper = _first_below(piece, sibling, (1 - _EVEN) * whole)
    lower = _first_below(piece, upper, _EVEN * whole)
    return _cut_strips(piece, upper, lower, small, mark, corner, box, waiting, frame, end)


@jit
def treemap_shapes(second, load, width, height):
    """The shapes of all leaves of a binary tree: shapes float64 (b, 3, 4), slabs intp[b]; see `box_shape`.

    IN second intp[b], load float64[b]. No part of a piece has more than seven eighths of its weight unless
    it is one leaf, so a node is in O(log) pieces.
    """
    count = second.shape[0]
    shapes, slabs = np.zeros((count, 3, 4)), np.zeros(count, np.intp)
    ints = np.empty((9, count + 4), np.intp)
    piece = Piece(ints[0], ints[1], ints[2], np.empty(count), ints[3], load)
    waiting = Waiting(ints[4], ints[5], ints[6], ints[7], ints[8], np.empty((count + 4, 4)))
    for i in range(count):
        waiting.tag[i] = i if second[i] < 0 else -1
    _respan(waiting.tag, waiting.span, 0, count)
    _put(waiting, 0, 0, 0, 0, (0.0, 0.0, width, height))
    frame, end = 1, count
    while frame:
        frame -= 1
        start, mark, corner = waiting.start[frame], waiting.mark[frame], waiting.corner[frame]
        at = waiting.box[frame]
        box = (at[0], at[1], at[2], at[3])
        n, end = end - start, start
        if n == 1:
            box_shape(box, corner, NOTHING, NOTHING, shapes, slabs, waiting.tag[start])
            continue
        for j in range(n):
            piece.tag[j], piece.span[j] = waiting.tag[start + j], waiting.span[start + j]
        _weigh(piece, n)
        frame, end = _cut(piece, mark, corner, box, waiting, frame, end, shapes, slabs)
    return shapes, slabs
