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
_SPILL_CANDIDATES = 16
_LANES_EACH = 4


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


@jit
def centers_gaps(centers, start, stop, gaps):
    """OUT gaps float64 (k, k), rows `start` to `stop`: squared distances. IN centers float64 (k, d)."""
    for a in range(start, stop):
        for b in range(centers.shape[0]):
            gaps[a, b] = distance_exact(centers[a], centers[b])


@jit
def cover_rows(X, frame, cells, request, home, products, norms, parts, weights, counts):
    """Parts of each row of a block, ascending, with their weights.

    IN X float (b, d), frame, cells, request, home intp[b] (-1: in no part), products float32 (b, k) (framed
    rows times centres), norms float64[b] (of framed rows).
    OUT parts int32 (b, most), weights float64 (b, most), counts intp[b]. Returns how many rows `most` cut
    short.
    """
    d, k = X.shape[1], cells.half.shape[0]
    point = np.empty(d)
    squares = np.empty(request.most)
    scores = np.empty(k, np.float32)
    capped = 0
    for i in range(X.shape[0]):
        frame_row(X[i], frame.shift, frame.scale, False, point)
        scores[:] = cells.half - products[i]
        slack = slack_of(d, norms[i], cells.longest)
        own = home[i]
        if own < 0 or request.rule == TOP:
            own = _few_nearest(point, scores, cells, slack, 1)[0][0]
        parts[i, 0] = own
        squares[0] = distance_exact(point, cells.centers[own])
        if request.rule == BISECTOR:
            count, cut = _bisector(point, scores, cells, request, slack, norms[i], parts[i], squares)
        elif request.rule == SPILL:
            count, cut = _spill(point, scores, cells, request, slack, parts[i], squares)
        else:
            count, cut = _in_order(point, scores, cells, request, slack, parts[i], squares)
        counts[i] = count
        capped += cut
        _weigh(squares, count, weights[i])
        _sort_parts(parts[i], weights[i], count)
    return capped


@jit
def _gap(cells, a, b):
    """Squared distance of two centres."""
    if cells.gaps.shape[0] > 0:
        return cells.gaps[a, b]
    return distance_exact(cells.centers[a], cells.centers[b])


@jit
def _score_limit(scores, wanted):
    """A score that at least `wanted` centres don't exceed, and few more."""
    k = scores.shape[0]
    if wanted >= k:
        return np.float32(np.inf)
    # The lowest score of each lane: a search over lanes is much shorter, and finding the lowest vectorises.
    lanes = min(_LANES_EACH * wanted, k)
    lows = scores[:lanes].copy()
    for base in range(lanes, k, lanes):
        some = scores[base : base + lanes]
        for lane in range(some.shape[0]):
            lows[lane] = some[lane] if some[lane] < lows[lane] else lows[lane]
    return lows.min() if wanted == 1 else np.partition(lows, wanted - 1)[wanted - 1]


@jit
def _at_most(scores, limit):
    """Centres whose scores are at most `limit`, ascending."""
    chosen = np.empty(scores.shape[0], np.intp)
    count = 0
    for j in range(scores.shape[0]):
        chosen[count] = j
        count += scores[j] <= limit
    return chosen[:count]


@jit
def _few_nearest(point, scores, cells, slack, wanted):
    """The `wanted` nearest centres and their squared distances, ascending."""
    chosen = _at_most(scores, np.float64(_score_limit(scores, wanted)) + slack)
    squares = np.empty(chosen.shape[0])
    for r in range(chosen.shape[0]):
        squares[r] = distance_exact(point, cells.centers[chosen[r]])
    ranked = np.argsort(squares, kind="mergesort")[:wanted]
    return chosen[ranked], squares[ranked]


@jit
def _in_order(point, scores, cells, request, slack, parts, squares):
    """The nearest centres in order; for CLOSURE without those that lie nearer to an accepted one."""
    wanted = request.most + 1
    if request.rule == CLOSURE:
        wanted = max(CLOSURE_CANDIDATES, 2 * request.most)
    near, apart = _few_nearest(point, scores, cells, slack, wanted)
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
    near = _at_most(scores, 0.5 * (reach * reach - norm * norm) + slack)
    own_score = 0.5 * (square - norm * norm)
    margins, apart = np.empty(near.shape[0]), np.empty(near.shape[0])
    count = 0
    for j in near:
        if j == own:
            continue
        gap = np.sqrt(_gap(cells, own, j))
        if scores[j] - own_score > request.radius * gap + slack:
            continue
        apart[count] = distance_exact(point, cells.centers[j])
        margins[count] = _margin(square, apart[count], gap, point.shape[0], norm)
        near[count] = j
        count += margins[count] <= request.radius
    ranked = np.argsort(margins[:count], kind="mergesort")
    held = min(count, request.most - 1)
    for r in range(held):
        parts[r + 1] = near[ranked[r]]
        squares[r + 1] = apart[ranked[r]]
    return held + 1, 1 if held < count else 0


@jit
def _margin(own_square, square, gap, d, norm):
    """Distance of an item from the bisector of two centres `gap` apart, less what rounding may have added."""
    if gap == 0.0:
        return -np.inf
    error = (d + 8) * 2.0**-51 * (own_square + square)
    return (square - own_square - error) / (2.0 * gap) - 2.0**-50 * norm


@jit
def _spill(point, scores, cells, request, slack, parts, squares):
    """One part after another, each of the least squared distance plus penalty for correlated residuals."""
    k = scores.shape[0]
    wanted = max(_SPILL_CANDIDATES, 2 * request.most)
    near, apart = _few_nearest(point, scores, cells, slack, wanted)
    count = 1
    while count < request.most:
        best, lowest = -1, np.inf
        for r in range(near.shape[0]):
            if apart[r] >= lowest or apart[r] > request.radius * request.radius:
                break
            if (parts[:count] == near[r]).any():
                continue
            loss = apart[r]
            for a in range(count):
                if squares[a] > 0.0:
                    # The residuals' product, by the law of cosines.
                    product = 0.5 * (squares[a] + apart[r] - _gap(cells, parts[a], near[r]))
                    loss += request.penalty * product * product / squares[a]
            if loss < lowest:
                best, lowest = r, loss
        seen = near.shape[0]
        if seen < k and apart[seen - 1] <= min(lowest, request.radius * request.radius):
            # A centre that was not looked at may cost less: a loss is never below the squared distance.
            wanted *= 4
            near, apart = _few_nearest(point, scores, cells, slack, wanted)
            continue
        if best < 0:
            return count, 0
        parts[count] = near[best]
        squares[count] = apart[best]
        count += 1
    return count, _more_within(near, apart, parts, count, request, k)


@jit
def _more_within(near, apart, parts, count, request, k):
    """1 when a centre within the radius holds no copy, else 0."""
    for r in range(near.shape[0]):
        if apart[r] <= request.radius * request.radius and not (parts[:count] == near[r]).any():
            return 1
    return 0


@jit
def _weigh(squares, count, weights):
    """1 for the first part; for another the least distance over its own, below 1 and above 0.

    So the first part stays the strongest, and no copy is lost as a zero of a sparse matrix.
    """
    closest = squares[:count].min()
    weights[0] = 1.0
    for a in range(1, count):
        ratio = np.sqrt(closest / squares[a]) if squares[a] > 0.0 else 1.0
        weights[a] = max(min(ratio, 1.0 - 2.0**-52), 2.0**-1000)


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
