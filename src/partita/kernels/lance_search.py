"""The nearest clusters of some, among all: products of float32 or float64 as a filter, float64 to decide.

A score is ``(|x|^2 + |y|^2 - 2 x y) / (1 / w_x + 1 / w_y)`` (Ward) with squared lengths lowered by more than
the rounding of the products, so that it is never above the distance that it stands for. Called by
``points.Linkage``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.lance import list_choose, list_put, nearest_set, slots_apart, tie_key
from partita.kernels.near import scores_within

_TILE = 1024
_RUN = 64
_KEPT = 1.0 - 1e-9
_LOST = 1e-290


class Field(NamedTuple):
    """The clusters that are left, packed, in float32 or float64; those gone since have ``square == inf``."""

    points: np.ndarray  # (p, d)
    square: np.ndarray  # [p]: squared lengths, lowered; for averages with the spread
    thin: np.ndarray  # [p]: 1 / weight
    slot: np.ndarray  # int32[p]
    place: np.ndarray  # int32[u]: where a slot is packed


@jit
def field_put(front, ward, field, p, lowered):
    """Pack anew what place p holds. IN lowered: what is left of a squared length."""
    i = field.slot[p]
    if front.cluster[i] < 0:
        field.square[p], field.thin[p] = np.inf, 1.0
        return
    square = 0.0
    for j in range(field.points.shape[1]):
        field.points[p, j] = front.centers[i, j]
        square += front.centers[i, j] * front.centers[i, j]
    field.square[p] = lowered * (square + front.spread[i]) - 1e-36
    field.thin[p] = 1.0 / front.weight[i]


@jit
def field_fill(front, ward, field, start, stop, lowered):
    """Pack places `start` to `stop`. OUT field (all but slot)."""
    for p in range(start, stop):
        field.place[field.slot[p]] = p
        field_put(front, ward, field, p, lowered)


@jit
def field_follow(front, ward, field, merges, since, made, lowered):
    """Follow merges `since` to `made`."""
    for t in range(since, made):
        field_put(front, ward, field, field.place[front.slot[merges.left[t]]], lowered)
        field_put(front, ward, field, field.place[front.slot[merges.right[t]]], lowered)


@jit
def scores_fill(products, ward, square, thin, own_square, own_thin):
    """INOUT products: become scores."""
    if ward:
        for j in range(products.shape[0]):
            products[j] = (own_square + square[j] - 2 * products[j]) / (own_thin + thin[j])
    else:
        for j in range(products.shape[0]):
            products[j] = own_square + square[j] - 2 * products[j]


@jit
def lowest_keep(scores, first, kept, places, count):
    """The lowest scores so far, ascending, equal ones by place. INOUT kept, places. Returns how many."""
    room, n = kept.shape[0], scores.shape[0]
    for base in range(0, n, _RUN):
        run = scores[base : min(base + _RUN, n)]
        if count == room and scores_within(run, kept[room - 1])[0] == 0:
            continue
        for j in range(run.shape[0]):
            score = run[j]
            if score == np.inf or (count == room and score >= kept[room - 1]):
                continue
            at = min(count, room - 1)
            while at > 0 and kept[at - 1] > score:
                kept[at], places[at] = kept[at - 1], places[at - 1]
                at -= 1
            kept[at], places[at] = score, first + base + j
            count = min(count + 1, room)
    return count


@jit
def slots_search(front, ward, field, slots):
    """Fill the lists of `slots` (int32[b], not gone) and their bounds. INOUT front, at those slots alone."""
    b, m, (n, d) = slots.shape[0], front.near.shape[1], field.points.shape
    own = np.empty((b, d), field.points.dtype)
    kept = np.full((b, m + 1), np.inf).astype(field.points.dtype)
    places, count = np.empty((b, m + 1), np.int32), np.zeros(b, np.intp)
    for t in range(b):
        own[t] = field.points[field.place[slots[t]]]
    products = np.empty((b, _TILE), field.points.dtype)
    part = np.empty((b, n % _TILE), field.points.dtype)
    for first in range(0, n, _TILE):
        stop = min(first + _TILE, n)
        out = products if stop - first == _TILE else part
        np.dot(own, field.points[first:stop].T, out)
        for t in range(b):
            place = field.place[slots[t]]
            scores_fill(
                out[t], ward, field.square[first:stop], field.thin[first:stop], field.square[place],
                field.thin[place],
            )  # fmt: skip
            if first <= place < stop:
                out[t, place - first] = np.inf
            count[t] = lowest_keep(out[t], first, kept[t], places[t], count[t])
    for t in range(b):
        i = slots[t]
        front.listed[i] = 0
        front.bound[i] = np.inf
        if count[t] == m + 1:
            bound = np.float64(kept[t, m])
            front.bound[i] = bound * _KEPT if bound > 0.0 else bound
        for k in range(min(count[t], m)):
            j = field.slot[places[t, k]]
            list_put(front, i, front.cluster[j], slots_apart(front, ward, i, j))


@jit
def lists_start(front, ward, square, number, ids, lightest):
    """Fill the lists of single rows, and their bounds, from the nearest others of each by plain distance.

    IN square float64 (u, k), ascending, number intp (u, k) (places of those), both by place, ids intp[u] (the
    slot of a place), lightest (weight of a row). INOUT front.
    """
    u, k = square.shape
    for p in range(u):
        i = ids[p]
        front.listed[i], front.bound[i] = 0, np.inf
        if k < u - 1:
            # A row outside is at least as far as the last of them, and may weigh as little as any.
            bound = square[p, k - 1]
            if ward:
                bound /= 1.0 / front.weight[i] + 1.0 / lightest
            front.bound[i] = bound * _KEPT - _LOST
        for t in range(k):
            j = ids[number[p, t]]
            list_put(front, i, front.cluster[j], slots_apart(front, ward, i, j))


@jit
def lists_choose(front, slots, fresh, n_fresh, failed):
    """Let slots choose from their lists.

    OUT fresh (numbers of those who could, from `n_fresh` on), failed int32 (slots of the others). Returns how
    many of each.
    """
    n_failed = 0
    for i in slots:
        if list_choose(front, i):
            fresh[n_fresh] = front.cluster[i]
            n_fresh += 1
        else:
            failed[n_failed] = i
            n_failed += 1
    return n_fresh, n_failed


@jit
def slot_scan(front, ward, i, alive):
    """The nearest of all clusters of slot i, without a filter. IN alive intp: slots. INOUT front at i."""
    front.listed[i] = 0
    front.bound[i] = np.inf
    best, lowest, key = -1, np.inf, np.uint64(0)
    for j in alive:
        if j == i:
            continue
        gap = slots_apart(front, ward, i, j)
        if gap < lowest or (gap == lowest and tie_key(i, j) < key):
            best, lowest, key = front.cluster[j], gap, tie_key(i, j)
        list_put(front, i, front.cluster[j], gap)
    nearest_set(front, i, best, lowest)
