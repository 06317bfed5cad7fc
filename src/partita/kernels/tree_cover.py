"""Which parts hold a copy of each item. Called by ``hierarchy.covering``.

As in ``kernels.assign``, float32 products only filter, with a margin for their rounding errors; the distances
that decide are float64 in fixed order, and ties go to the lower part.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.assign import distance_exact, frame_row, slack_of
from partita.kernels.jit import jit

NEAREST, TOP, CLOSURE, BISECTOR, SPILL = 0, 1, 2, 3, 4
CLOSURE_CANDIDATES = 64
_LANES, _LANES_EACH = 64, 4


class Frame(NamedTuple):
    """Rows are seen as ``row * scale - shift``: shift float64[d], scale a power of two."""

    shift: np.ndarray
    scale: float


class Cells(NamedTuple):
    """Centres float64 (k, d), half their squared lengths float32[k], their greatest length, and the squared
    distances between them, float64 (k, k), or (0, 0) to have these worked out when asked for."""

    centers: np.ndarray
    half: np.ndarray
    longest: float
    gaps: np.ndarray


class Request(NamedTuple):
    """A rule, the most parts of an item, its farthest centre (in the frame) and the price of correlation."""

    rule: int
    most: int
    radius: float
    penalty: float


class Block(NamedTuple):
    """Rows float (b, d), their own parts intp[b] (-1: in none), the lengths of framed rows float64[b], and
    the products of framed rows and centres, float32 (b, k)."""

    X: np.ndarray
    home: np.ndarray
    norms: np.ndarray
    products: np.ndarray


class Copies(NamedTuple):
    """The parts of each row int32 (b, most), squared distances of their centres float64 (b, most), and how
    many there are, intp[b]."""

    parts: np.ndarray
    squares: np.ndarray
    counts: np.ndarray


@jit
def centers_gaps(centers, start, stop, gaps):
    """OUT gaps float64 (k, k), rows `start` to `stop`: squared distances. IN centers float64 (k, d)."""
    for a in range(start, stop):
        for b in range(centers.shape[0]):
            gaps[a, b] = distance_exact(centers[a], centers[b])


@jit
def cover_rows(block, frame, cells, request, copies):
    """OUT copies, in the order in which they were taken; for SPILL the first alone. IN all others.

    Returns how many rows `most` cut short.
    """
    d = block.X.shape[1]
    point = np.empty(d)
    capped = 0
    for i in range(block.X.shape[0]):
        frame_row(block.X[i], frame.shift, frame.scale, False, point)
        scores = cells.half - block.products[i]
        norm, own = block.norms[i], block.home[i]
        slack = slack_of(d, norm, cells.longest)
        if own < 0 or request.rule == TOP:
            own = few_nearest(point, scores, cells, slack, 1)[0][0]
        parts, squares = copies.parts[i], copies.squares[i]
        parts[0], squares[0] = own, distance_exact(point, cells.centers[own])
        count, cut = 1, 0
        if request.rule == BISECTOR:
            count, cut = _bisector(point, scores, cells, request, slack, norm, parts, squares)
        elif request.rule == CLOSURE:
            count, cut = _closure(point, scores, cells, request, slack, norm, parts, squares)
        elif request.rule != SPILL:
            count, cut = _nearest(point, scores, cells, request, slack, parts, squares)
        copies.counts[i] = count
        capped += cut
    return capped


@jit
def _gap(cells, a, b):
    """Squared distance of two centres."""
    if cells.gaps.shape[0] > 0:
        return cells.gaps[a, b]
    return distance_exact(cells.centers[a], cells.centers[b])


@jit
def score_limit(scores, wanted):
    """A score that at least `wanted` centres don't exceed, and few more."""
    k = scores.shape[0]
    if wanted >= k:
        return np.float32(np.inf)
    # The lowest score of each lane: a search over lanes is much shorter, and finding the lowest vectorises.
    lanes = min(max(_LANES_EACH * wanted, _LANES), k)
    lows = scores[:lanes].copy()
    for base in range(lanes, k, lanes):
        some = scores[base : base + lanes]
        for lane in range(some.shape[0]):
            lows[lane] = some[lane] if some[lane] < lows[lane] else lows[lane]
    return lows.min() if wanted == 1 else np.partition(lows, wanted - 1)[wanted - 1]


@jit
def at_most(scores, limit):
    """Centres whose scores are at most `limit`, ascending."""
    chosen = np.empty(scores.shape[0], np.intp)
    count = 0
    for j in range(scores.shape[0]):
        chosen[count] = j
        count += scores[j] <= limit
    return chosen[:count]


@jit
def few_nearest(point, scores, cells, slack, wanted):
    """The `wanted` nearest centres and their squared distances, ascending."""
    chosen = at_most(scores, np.float64(score_limit(scores, wanted)) + slack)
    near, apart = _ranked(point, chosen, cells)
    return near[:wanted], apart[:wanted]


@jit
def _ranked(point, chosen, cells):
    """Centres (ascending) by distance, ties to the lower, and their squared distances."""
    squares = np.empty(chosen.shape[0])
    for r in range(chosen.shape[0]):
        squares[r] = distance_exact(point, cells.centers[chosen[r]])
    order = np.argsort(squares, kind="mergesort")
    return chosen[order], squares[order]


@jit
def _nearest(point, scores, cells, request, slack, parts, squares):
    """The nearest centres in order."""
    near, apart = few_nearest(point, scores, cells, slack, request.most + 1)
    return _accept(near, apart, cells, request, parts, squares)


@jit
def _closure(point, scores, cells, request, slack, norm, parts, squares):
    """Of the pool of nearest centres those that aren't nearer to an accepted one than to the item."""
    k = scores.shape[0]
    pool = min(max(CLOSURE_CANDIDATES, 2 * request.most), k)
    chosen = at_most(scores, np.float64(score_limit(scores, pool)) + slack)
    last, unclear = np.inf, False
    if pool < k:
        some = scores[chosen]
        last = np.float64(np.partition(some, pool - 1)[pool - 1])
        unclear = (some <= last + slack).sum() > pool
    count = 0
    for j in chosen:
        # Most are nearer to the own centre, and so clearly that their exact distance is not needed.
        if _gap(cells, parts[0], j) < 2.0 * (scores[j] - slack) + norm * norm:
            continue
        if unclear and abs(scores[j] - last) <= slack:
            near, apart = few_nearest(point, scores, cells, slack, pool)
            return _accept(near, apart, cells, request, parts, squares)
        chosen[count] = j
        count += scores[j] <= last
    near, apart = _ranked(point, chosen[:count], cells)
    return _accept(near, apart, cells, request, parts, squares)


@jit
def _accept(near, apart, cells, request, parts, squares):
    """Take centres in order, for CLOSURE not those behind a taken one. How many, and 1 if more would fit."""
    count = 1
    for r in range(near.shape[0]):
        if near[r] == parts[0]:
            continue
        if apart[r] > request.radius * request.radius:
            break
        if request.rule == CLOSURE and _is_behind(cells, parts, count, near[r], apart[r]):
            continue
        if count == request.most:
            return count, 1
        parts[count] = near[r]
        squares[count] = apart[r]
        count += 1
    return count, 0


@jit
def _is_behind(cells, parts, count, part, square):
    """Whether the centre of `part` is nearer to that of one of the accepted than to the item."""
    behind = False
    for a in range(count):
        behind = behind or _gap(cells, parts[a], part) < square
    return behind


@jit
def _bisector(point, scores, cells, request, slack, norm, parts, squares):
    """The parts whose bisectors with the item's own are within the radius, the nearest bisectors first."""
    own, square = parts[0], squares[0]
    # A bisector within r of the item has its centre within 2 r beyond the item's own distance.
    reach = np.sqrt(square) + 2.0 * request.radius
    near = at_most(scores, 0.5 * (reach * reach - norm * norm) + slack)
    own_score = 0.5 * (square - norm * norm)
    margins, apart = np.empty(near.shape[0]), np.empty(near.shape[0])
    d, count = point.shape[0], 0
    for j in near:
        if j == own:
            continue
        gap = np.sqrt(_gap(cells, own, j))
        if scores[j] - own_score > request.radius * gap + slack:
            continue
        apart[count] = distance_exact(point, cells.centers[j])
        margins[count] = (apart[count] - square) / (2.0 * gap) if gap > 0.0 else -np.inf
        near[count] = j
        count += margins[count] - _margin_error(square, apart[count], gap, norm, d) <= request.radius
    ranked = np.argsort(margins[:count], kind="mergesort")
    held = min(count, request.most - 1)
    for r in range(held):
        parts[r + 1] = near[ranked[r]]
        squares[r + 1] = apart[ranked[r]]
    return held + 1, 1 if held < count else 0


@jit
def _margin_error(own_square, square, gap, norm, d):
    """What rounding may have added to the distance of an item from a bisector."""
    if gap == 0.0:
        return 0.0
    return (d + 8) * 2.0**-52 * (own_square + square) / gap + 2.0**-50 * norm


@jit
def rows_weigh(parts, squares, counts):
    """INOUT parts, squares: ascending by part, with weights in the place of squared distances. IN counts.

    1 for the first part; for another the least distance over its own, below 1 and above 0: so the first part
    stays the strongest, and no copy is lost as a zero of a sparse matrix.
    """
    for i in range(counts.shape[0]):
        closest = squares[i, : counts[i]].min()
        squares[i, 0] = 1.0
        for a in range(1, counts[i]):
            ratio = np.sqrt(closest / squares[i, a]) if squares[i, a] > 0.0 else 1.0
            squares[i, a] = max(min(ratio, 1.0 - 2.0**-52), 2.0**-1000)
        _sort_parts(parts[i], squares[i], counts[i])


@jit
def _sort_parts(parts, weights, count):
    """INOUT parts, weights: ascending by part."""
    for a in range(1, count):
        part, weight = parts[a], weights[a]
        b = a
        while b > 0 and parts[b - 1] > part:
            parts[b], weights[b] = parts[b - 1], weights[b - 1]
            b -= 1
        parts[b], weights[b] = part, weight


@jit
def rows_strongest(first, parts, weights, labels):
    """OUT labels int32[n]: the part of the largest weight of each row, ties to the lower; -1 without any.

    IN a CSR matrix with ascending columns: first[n + 1], parts, weights.
    """
    for i in range(labels.shape[0]):
        labels[i] = -1
        strongest = -1.0
        for at in range(first[i], first[i + 1]):
            if weights[at] > strongest:
                labels[i], strongest = parts[at], weights[at]
