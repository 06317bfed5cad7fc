"""Boxes cut in two or without their corners. Called by treemap_pieces.

A box is left, bottom, right, top. Corners: bit 0 is right, bit 1 is top.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

NOTHING = (1.0, 1.0, 0.0, 0.0)
"""A notch that cuts off nothing."""


@jit
def box_corner(box, corner, share):
    """The box of the same form at a corner, with a share of the area."""
    side = np.sqrt(share)
    wide, high = side * (box[2] - box[0]), side * (box[3] - box[1])
    left, right = (box[2] - wide, box[2]) if corner & 1 else (box[0], box[0] + wide)
    bottom, top = (box[3] - high, box[3]) if corner & 2 else (box[1], box[1] + high)
    return left, bottom, right, top


@jit
def box_is_wide(box):
    """Whether a box is at least as wide as high."""
    return box[2] - box[0] >= box[3] - box[1]


@jit
def box_strips(box, corner, share, wide):
    """The box cut in two, across its width if `wide`: a share of the area at the corner, and the rest."""
    left, bottom, right, top = box
    if wide:
        thick = share * (right - left)
        cut = right - thick if corner & 1 else left + thick
        low, high = (left, bottom, cut, top), (cut, bottom, right, top)
        return (high, low) if corner & 1 else (low, high)
    thick = share * (top - bottom)
    cut = top - thick if corner & 2 else bottom + thick
    low, high = (left, bottom, right, cut), (left, cut, right, top)
    return (high, low) if corner & 2 else (low, high)


@jit
def _column(shapes, slabs, leaf, left, right, bottom, top):
    """One more column of a shape."""
    count = slabs[leaf]
    shapes[leaf, count, 0], shapes[leaf, count, 1] = left, right
    shapes[leaf, count, 2], shapes[leaf, count, 3] = bottom, top
    slabs[leaf] = count + 1


@jit
def box_shape(box, corner, near, far, shapes, slabs, leaf):
    """The shape of a leaf as columns: its box without `near` at the corner, and `far` at the opposite corner.

    Boxes that begin behind their end are no notches. OUT shapes float64 (b, 3, 4): left, right, bottom,
    top; slabs intp[b], how many.
    """
    left, bottom, right, top = box
    on_right, on_left = (near, far) if corner & 1 else (far, near)
    left_is_low = (corner & 2 == 0) != (corner & 1 == 1)
    begin, end = left, right
    if on_left[0] < on_left[2]:
        begin = on_left[2]
        if left_is_low:
            _column(shapes, slabs, leaf, left, begin, on_left[3], top)
        else:
            _column(shapes, slabs, leaf, left, begin, bottom, on_left[1])
    if on_right[0] < on_right[2]:
        end = on_right[0]
    _column(shapes, slabs, leaf, begin, end, bottom, top)
    if end < right and left_is_low:
        _column(shapes, slabs, leaf, end, right, bottom, on_right[1])
    elif end < right:
        _column(shapes, slabs, leaf, end, right, on_right[3], top)
