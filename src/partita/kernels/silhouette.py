"""Swaps of medoids that raise the medoid silhouette. For dissimilarities.

An item's share of the loss is the distance to its nearest medoid over that to its second, 1 where both are 0;
the silhouette is 1 less the mean of the shares. What an item's share becomes without one of the two, only the
third nearest tells. Shares are whole numbers of a small step, as losses are in ``partita.kernels.medoids``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.medoids import room_make, row_hits


class Thirds(NamedTuple):
    """Medoids, and what each item knows of its three nearest ones.

    Attributes
    ----------
    rows : intp[k]
        The candidate in each slot.
    chosen : bool[number of candidates]
    near : int32 (n, 3)
        Slots of the nearest medoids of an item; -1 where there are no more.
    apart : float64 (n, 3)
        Distances to them; inf where there are no more.
    limit : float[n]
        The third distance, in the type of the distances.
    unit : float64[n]
        Steps that a share of 1 is worth: the item's weight times a power of two.
    share : int64[n]
        What the items add to the loss.
    removal : int64[k]
        What the loss would grow by without the medoid of a slot.
    """

    rows: np.ndarray
    chosen: np.ndarray
    near: np.ndarray
    apart: np.ndarray
    limit: np.ndarray
    unit: np.ndarray
    share: np.ndarray
    removal: np.ndarray


@jit
def share_of(unit, nearest, second):
    """What an item adds to the loss, in steps."""
    if second > 0.0:
        return np.int64(unit * (nearest / second))
    return np.int64(unit)


@jit
def thirds_insert(state, o, slot, d):
    """Let the medoid of a slot be among the nearest of item `o`, if it is; equal ones stay in front."""
    near, apart = state.near[o], state.apart[o]
    if d >= apart[2] and near[2] >= 0:
        return
    at = 2
    while at > 0 and (near[at - 1] < 0 or d < apart[at - 1]):
        near[at], apart[at] = near[at - 1], apart[at - 1]
        at -= 1
    near[at], apart[at] = slot, d


@jit
def shares_move(state, o, sign):
    """Take item `o` into the sums (`sign` 1), or out of them (-1)."""
    near, apart, unit = state.near[o], state.apart[o], state.unit[o]
    if sign > 0:
        state.share[o] = share_of(unit, apart[0], apart[1])
        state.limit[o] = apart[2]
    own = state.share[o]
    state.removal[near[0]] += sign * (share_of(unit, apart[1], apart[2]) - own)
    state.removal[near[1]] += sign * (share_of(unit, apart[0], apart[2]) - own)


@jit
def item_enter(D, state, o):
    """Find the three nearest medoids of item `o`, and take it into the sums."""
    state.near[o, :] = -1
    state.apart[o, :] = np.inf
    for slot in range(state.rows.shape[0]):
        thirds_insert(state, o, slot, np.float64(D[state.rows[slot], o]))
    shares_move(state, o, 1)


@jit
def thirds_enter(D, state):
    """Fill `state` from its ``rows``. At least two medoids."""
    state.removal[:] = 0
    state.chosen[:] = False
    for row in state.rows:
        state.chosen[row] = True
    for o in range(state.near.shape[0]):
        item_enter(D, state, o)


@jit
def candidate_raise(D, state, c, room):
    """By how much the loss changes if candidate `c` takes the best slot; and that slot."""
    row, loss = D[c], room.loss
    n_hits = row_hits(row, state.limit, room.flags, room.hits)
    loss[:] = state.removal
    shared = np.int64(0)
    for h in range(n_hits):
        o = room.hits[h]
        d, unit, own = np.float64(row[o]), state.unit[o], state.share[o]
        d1, d2, d3 = state.apart[o, 0], state.apart[o, 1], state.apart[o, 2]
        kept = own
        if d < d2:
            kept = share_of(unit, min(d, d1), max(d, d1))
        shared += kept - own
        first = share_of(unit, min(d, d2), max(d, d2)) - share_of(unit, d2, d3)
        second = share_of(unit, min(d, d1), max(d, d1)) - share_of(unit, d1, d3)
        loss[state.near[o, 0]] += first - (kept - own)
        loss[state.near[o, 1]] += second - (kept - own)
    slot = 0
    for j in range(1, loss.shape[0]):
        if loss[j] < loss[slot]:
            slot = j
    return loss[slot] + shared, slot


@jit
def thirds_swap(D, state, slot, c):
    """Let candidate `c` take `slot`."""
    row = D[c]
    state.chosen[state.rows[slot]], state.chosen[c] = False, True
    state.rows[slot] = c
    for o in range(state.near.shape[0]):
        near = state.near[o]
        lost = near[0] == slot or near[1] == slot or near[2] == slot
        if not lost and row[o] >= state.limit[o]:
            continue
        shares_move(state, o, -1)
        if lost:
            item_enter(D, state, o)
        else:
            thirds_insert(state, o, slot, np.float64(row[o]))
            shares_move(state, o, 1)


@jit
def raises_eager(D, order, state, start, idle, calm, most, room):
    """Look at candidates in turn and swap as soon as one raises the silhouette (FasterMSC).

    IN order intp[number of candidates], start (position), idle (candidates since the last swap), calm (return
    after so many without a swap), most (candidates to look at). INOUT state.
    Returns position, idle, and the numbers of swaps and of candidates looked at.
    """
    n, swaps, quiet, seen = order.shape[0], 0, 0, 0
    while idle < n and quiet < calm and seen < most:
        c = order[start]
        start = start + 1 if start + 1 < n else 0
        idle, quiet, seen = idle + 1, quiet + 1, seen + 1
        if state.chosen[c]:
            continue
        gain, slot = candidate_raise(D, state, c, room)
        if gain < 0:
            thirds_swap(D, state, slot, c)
            idle, quiet, swaps = 0, 0, swaps + 1
    return start, idle, swaps, seen


@jit
def raises_scan(D, order, state, start, stop, gain, slot):
    """Gains of the candidates at `start` to `stop` (cyclic) of `order`; 0 for medoids. OUT gain, slot."""
    n = order.shape[0]
    room = room_make(state.near.shape[0], state.rows.shape[0])
    for position in range(start, stop):
        c = order[position % n]
        gain[position - start], slot[position - start] = 0, 0
        if not state.chosen[c]:
            gain[position - start], slot[position - start] = candidate_raise(D, state, c, room)
