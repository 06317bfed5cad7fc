"""Medoids of many items without all their distances: one batch, CLARA, CLARANS. Called by KMedoids.

A. de Mathelin and others, OneBatchPAM, arXiv 2501.19285; E. Schubert and P. J. Rousseeuw, arXiv 2008.05171
(FastCLARA, FastCLARANS). Samples are runs of the order of content, which is as good as random.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from partita._core.memory import check_memory
from partita._core.progress import Progress
from partita.dissimilarities._condensed import CondensedItems
from partita.dissimilarities._items import Items, Placed
from partita.dissimilarities._swap import Outcome, Problem, start_rows, swap_eagerly
from partita.kernels import medoids as kernel
from partita.kernels.medoids_start import medoid_of_group, nearest_two, totals_scan

_BATCH_BYTES = 400 << 20
_BATCH_FACTOR = 100
_POLISH = 8
_GROUP = 4096
_SAMPLES = 5
_AHEAD = 64
_SHARE = 0.025
_STARTS = 2
_PATIENCE = 250
_SPARE = 4  # bits for distances that are larger than those known at first


def place(items: Items, medoids: np.ndarray, *, costs: bool = False) -> Placed:
    """The nearest of `medoids` (items) for every item."""
    order = items.order
    found = items.placer(medoids).nearest(items.data, items.n, items.weight[order] if costs else None)
    labels, d1, d2 = np.empty_like(found.labels), np.empty_like(found.d1), np.empty_like(found.d2)
    labels[order], d1[order], d2[order] = found.labels, found.d1, found.d2
    return Placed(labels, d1, d2, found.cost)


def batch_size(n: int, k: int) -> int:
    """Items of the batch: 100 log(k n), no more than fit into 400 MiB with all candidates, all of few."""
    wanted = math.ceil(_BATCH_FACTOR * math.log(max(2, k * n)))
    return min(n, max(wanted if 4 * n * wanted <= _BATCH_BYTES else _BATCH_BYTES // (4 * n), 2 * k))


def one_batch(items: Items, k: int, max_iter: int | None, n_threads: int, progress: Progress) -> Outcome:
    """FasterPAM with every item as a candidate, and its loss on one batch of items; then medoids of parts.

    Items of the batch weigh as much as the items to which they are the nearest of the batch.
    """
    order = items.candidates
    batch = order[: batch_size(len(order), k)]
    D = items.block(np.arange(items.n), batch)
    near, d1, d2 = np.empty(items.n, np.int32), np.empty(items.n), np.empty(items.n)
    nearest_two(D, 0, near, d1, d2)
    weight = np.bincount(near, items.weight, len(batch))
    problem = Problem(D, weight, order)
    outcome = swap_eagerly(problem, start_rows(problem, k, "first"), max_iter, n_threads, progress)
    if len(batch) == len(order):
        return outcome
    del D, problem
    return polish(items, outcome)


def polish(items: Items, outcome: Outcome) -> Outcome:
    """Put each medoid in the middle of its own items, while the loss of all falls.

    Of large parts, the first 4,096 items in the order of content stand for all.
    """
    rows = outcome.rows[np.argsort(items.rank[outcome.rows])]
    placed, order = place(items, rows), items.candidates
    loss = math.fsum(items.weight * placed.d1)
    for turn in range(_POLISH):
        labels = placed.labels[order]
        moved = np.array([_middle(items, order[labels == slot], row) for slot, row in enumerate(rows)])
        moved = moved[np.argsort(items.rank[moved])]
        if np.array_equal(moved, rows):
            break
        trial = place(items, moved)
        lower = math.fsum(items.weight * trial.d1)
        if not lower < loss:
            break
        rows, placed, loss = moved, trial, lower
        outcome.n_iter += 1
        outcome.converged = outcome.converged and turn < _POLISH - 1
    outcome.rows = rows
    return outcome


def _middle(items: Items, members: np.ndarray, medoid: int) -> int:
    some = members[:_GROUP]
    if medoid not in some:
        some = np.append(some, medoid)
    D = items.block(some, some)
    own = Problem(D, items.weight[some], np.arange(len(some)))
    at = int(np.flatnonzero(some == medoid)[0])
    found, _ = medoid_of_group(D, own.unit, np.arange(len(some)), items.rank[some], at)
    return int(some[found])


def fast_clara(items: Items, k: int, max_iter: int | None, n_threads: int, progress: Progress) -> Outcome:
    """FasterPAM on five samples of 80 + 4k items, each with the best medoids so far; the best for all."""
    order = items.candidates
    size = min(len(order), 80 + 4 * k)
    best, least, n_iter, n_swap = np.empty(0, np.intp), math.inf, 0, 0
    for turn in range(_SAMPLES if size < len(order) else 1):
        drawn = order[(turn * size + np.arange(size)) % len(order)]
        sample = np.concatenate([best, drawn[~np.isin(drawn, best)]])
        problem = Problem(items.block(sample, sample), items.weight[sample], np.arange(len(sample)))
        outcome = swap_eagerly(problem, np.arange(k), max_iter, n_threads, progress)
        rows = np.sort(sample[outcome.rows])
        rows = rows[np.argsort(items.rank[rows])]
        loss = math.fsum(items.weight * place(items, rows).d1)
        n_iter, n_swap = n_iter + outcome.n_iter, n_swap + outcome.n_swap
        if loss < least:
            best, least = rows, loss
    return Outcome(best, n_iter, n_swap)


def fast_clarans(items: Items, k: int, progress: Progress) -> Outcome:
    """Two searches that try candidates in turn, until 2.5 % of them (at least 250) in a row gain nothing."""
    order = items.candidates
    outcomes = [_search(items, k, turn * (len(order) // _STARTS), progress) for turn in range(_STARTS)]
    losses = [math.fsum(items.weight * place(items, outcome.rows).d1) for outcome in outcomes]
    best = outcomes[int(np.argmin(losses))]
    n_iter, n_swap = (sum(getattr(o, name) for o in outcomes) for name in ("n_iter", "n_swap"))
    return Outcome(best.rows, n_iter, n_swap)


def _search(items: Items, k: int, start: int, progress: Progress) -> Outcome:
    order, everything = items.candidates, np.arange(items.n)
    rows = order[(start + np.arange(k)) % len(order)]
    if k == 1:
        return Outcome(rows, 1)
    patience = min(len(order), max(_PATIENCE, math.ceil(_SHARE * (len(order) - k))))

    def fetch(some: np.ndarray) -> np.ndarray:
        return items.block(some, everything)

    problem = Problem(fetch(rows), items.weight, order, spare=_SPARE)
    return swap_fetched(problem, fetch, rows, start + k, patience, None, progress)


def swap_fetched(
    problem: Problem,
    fetch: Callable[[np.ndarray], np.ndarray],
    rows: np.ndarray,
    at: int,
    patience: int,
    max_iter: int | None,
    progress: Progress,
) -> Outcome:
    """Swap as soon as a candidate gains, where only the distances of medoids and of some candidates are held.

    Parameters
    ----------
    problem : Problem
        Of the distances of the medoids alone, and the order of candidates.
    fetch : callable
        All distances of some items, float (some, n).
    rows : intp[k]
        The first medoids, two or more.
    at : int
        The place in the order of candidates to start from.
    patience : int
        Candidates in a row that may gain nothing.
    max_iter : int, optional
        Most passes over the candidates.
    """
    order, k, n = problem.order, len(rows), len(problem.order)
    D = problem.D = np.concatenate([problem.D, np.empty((_AHEAD, problem.D.shape[1]), problem.D.dtype)])
    state, room = problem.state(np.arange(k)), kernel.room_make(D.shape[1], k)
    rows, most = rows.copy(), n * max_iter if max_iter is not None else np.iinfo(np.int64).max
    at, idle, swaps, seen = at % n, 0, 0, 0
    while idle < patience and seen < most:
        run = order[(at + np.arange(min(_AHEAD, patience - idle, most - seen))) % n]
        D[k : k + len(run)] = fetch(run)
        for ahead, candidate in enumerate(run):
            at, idle, seen = (at + 1) % n, idle + 1, seen + 1
            if candidate in rows:
                continue
            gain, slot = kernel.candidate_gain(D, state, k + ahead, room)
            if gain < 0:
                kernel.swap_enter(D, state, slot, k + ahead)
                D[slot], state.rows[slot], rows[slot] = D[k + ahead], slot, candidate
                idle, swaps = 0, swaps + 1
        progress.advance(len(run))
    return Outcome(rows, max(1, -(-seen // n)), swaps, idle >= patience)


def swap_condensed(
    items: CondensedItems, rows: np.ndarray, max_iter: int | None, progress: Progress
) -> Outcome:
    """FasterPAM, swap for swap as on the square, with rows of condensed distances fetched when needed."""
    order = items.candidates
    if len(rows) == 1:
        total = [_total(items, order[start : start + _AHEAD]) for start in range(0, len(order), _AHEAD)]
        return Outcome(order[[int(np.argmin(np.concatenate(total)))]], 1)
    check_memory(
        (2 * len(rows) + _AHEAD) * items.n * items.itemsize,
        what=f"The distances of {len(rows)} medoids of {items.n} items",
        alternative="ask for fewer parts, or take method='onebatch'",
    )
    problem = Problem(items.rows(rows), items.weight, order, top=items.largest)
    return swap_fetched(problem, items.rows, rows, 0, len(order), max_iter, progress)


def _total(items: CondensedItems, some: np.ndarray) -> np.ndarray:
    """Losses with each of some candidates as the only medoid, in whole steps."""
    problem = Problem(items.rows(some), items.weight, some, top=items.largest)
    total = np.empty(len(some), np.int64)
    totals_scan(problem.D, problem.unit, 0, len(some), total)
    return total
