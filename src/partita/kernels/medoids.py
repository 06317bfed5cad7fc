"""Swaps of medoids: what exchanging one for any candidate would gain, and the exchange. For dissimilarities.

Distances are a matrix D (candidates x items), rows contiguous. Losses are whole numbers of a small step
(``worth``), so that sums are exact: neither the order of items nor the way of adding leaves a trace, and PAM
and its faster twins find the same swaps, ties included.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit

_LANES = 8


class Medoids(NamedTuple):
    """Medoids, and what each item knows of its two nearest ones.

    Attributes
    ----------
    rows : intp[k]
        The candidate in each slot.
    chosen : bool[number of candidates]
    near, second : int32[n]
        Slots of the nearest and second nearest medoid of an item.
    d1, d2 : float[n]
        Distances to them, as in D.
    worth : int64 (n, 3)
        What the distances to them are worth, and the nearest slot: side by side, being read together.
    unit : float64[n]
        Steps that a distance of 1 is worth: the item's weight times a power of two.
    removal : int64[k]
        What the loss would grow by without the medoid of a slot.
    """

    rows: np.ndarray
    chosen: np.ndarray
    near: np.ndarray
    second: np.ndarray
    d1: np.ndarray
    d2: np.ndarray
    worth: np.ndarray
    unit: np.ndarray
    removal: np.ndarray


class Room(NamedTuple):
    """Scratch of one worker: flags uint8 (n up to whole words), hits int32[n + 8], loss int64[k]."""

    flags: np.ndarray
    hits: np.ndarray
    loss: np.ndarray


@jit
def room_make(n, k):
    """Scratch for n items and k medoids."""
    return Room(
        np.zeros(-(-n // _LANES) * _LANES, np.uint8), np.empty(n + _LANES, np.int32), np.empty(k, np.int64)
    )


@jit
def row_hits(row, limit, flags, hits):
    """Items whose distance in `row` is below their `limit`, ascending; returns how many.

    Most are not: they are passed over in words of eight flags.
    """
    for o in range(row.shape[0]):
        flags[o] = row[o] < limit[o]
    words = flags.view(np.uint64)
    count = 0
    for w in range(words.shape[0]):
        if words[w] != 0:
            for o in range(_LANES * w, _LANES * w + _LANES):
                hits[count] = o
                count += flags[o]
    return count


@jit
def slot_finish(state, o):
    """Enter the distances of item `o` into ``worth`` and ``removal`` (its old share is out already)."""
    slot, unit = state.near[o], state.unit[o]
    first, second = np.int64(unit * state.d1[o]), np.int64(unit * state.d2[o])
    state.worth[o, 0], state.worth[o, 1], state.worth[o, 2] = first, second, slot
    state.removal[slot] += second - first


@jit
def second_find(D, state, o):
    """The nearest medoid of item `o` but for its own, into ``second`` and ``d2``."""
    best, slot = D.dtype.type(np.inf), -1
    for j in range(state.rows.shape[0]):
        if j != state.near[o]:
            d = D[state.rows[j], o]
            if d < best or slot < 0:
                best, slot = d, j
    state.second[o], state.d2[o] = slot, best


@jit
def medoids_enter(D, state):
    """Fill `state` from its ``rows``. At least two medoids."""
    state.removal[:] = 0
    state.chosen[:] = False
    for row in state.rows:
        state.chosen[row] = True
    for o in range(state.near.shape[0]):
        slot = 0
        for j in range(1, state.rows.shape[0]):
            if D[state.rows[j], o] < D[state.rows[slot], o]:
                slot = j
        state.near[o], state.d1[o] = slot, D[state.rows[slot], o]
        second_find(D, state, o)
        slot_finish(state, o)


@jit
def candidate_gain(D, state, c, room):
    """By how much the loss changes if candidate `c` takes the best slot; and that slot."""
    row, loss, worth = D[c], room.loss, state.worth
    n_hits = row_hits(row, state.d2, room.flags, room.hits)
    for j in range(loss.shape[0]):
        loss[j] = state.removal[j]
    shared = np.int64(0)
    for h in range(n_hits):
        o = room.hits[h]
        value, first = np.int64(state.unit[o] * row[o]), worth[o, 0]
        shared += min(value, first) - first
        loss[worth[o, 2]] += max(value, first) - worth[o, 1]
    slot = 0
    for j in range(1, loss.shape[0]):
        if loss[j] < loss[slot]:
            slot = j
    return loss[slot] + shared, slot


@jit
def swap_enter(D, state, slot, c):
    """Let candidate `c` take `slot`."""
    row = D[c]
    state.chosen[state.rows[slot]], state.chosen[c] = False, True
    state.rows[slot] = c
    near, second, d1, d2 = state.near, state.second, state.d1, state.d2
    for o in range(near.shape[0]):
        d = row[o]
        if near[o] != slot and second[o] != slot and d >= d2[o]:
            continue
        state.removal[near[o]] -= state.worth[o, 1] - state.worth[o, 0]
        if near[o] == slot:
            if d <= d2[o]:
                d1[o] = d
            else:
                near[o], d1[o] = second[o], d2[o]
                second_find(D, state, o)
        elif d < d1[o]:
            second[o], d2[o] = near[o], d1[o]
            near[o], d1[o] = slot, d
        elif d <= d2[o]:
            second[o], d2[o] = slot, d
        else:
            second_find(D, state, o)
        slot_finish(state, o)


@jit
def swaps_eager(D, order, state, start, idle, calm, most, room):
    """Look at candidates in turn and swap as soon as one gains (FasterPAM).

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
        gain, slot = candidate_gain(D, state, c, room)
        if gain < 0:
            swap_enter(D, state, slot, c)
            idle, quiet, swaps = 0, 0, swaps + 1
    return start, idle, swaps, seen


@jit
def gains_scan(D, order, state, start, stop, gain, slot):
    """Gains of the candidates at `start` to `stop` (cyclic) of `order`; 0 for medoids. OUT gain, slot."""
    n = order.shape[0]
    room = room_make(state.near.shape[0], state.rows.shape[0])
    for position in range(start, stop):
        c = order[position % n]
        gain[position - start], slot[position - start] = 0, 0
        if not state.chosen[c]:
            gain[position - start], slot[position - start] = candidate_gain(D, state, c, room)


@jit
def swap_best_pam(D, order, state, start, stop):
    """The best swap with a candidate at `start` to `stop` of `order`, pair by pair, as PAM looks for it.

    Returns the change of loss, the position of the candidate and the slot; the first of equal ones.
    """
    best, where, which = np.int64(0), -1, -1
    for position in range(start, stop):
        c = order[position]
        if state.chosen[c]:
            continue
        row = D[c]
        for slot in range(state.rows.shape[0]):
            change = np.int64(0)
            for o in range(row.shape[0]):
                value = np.int64(state.unit[o] * row[o])
                if state.near[o] == slot:
                    change += min(value, state.worth[o, 1]) - state.worth[o, 0]
                elif value < state.worth[o, 0]:
                    change += value - state.worth[o, 0]
            if change < best:
                best, where, which = change, position, slot
    return best, where, which
