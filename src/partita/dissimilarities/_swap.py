"""PAM and its faster twins on a matrix of distances (candidates x items). Called by KMedoids.

L. Kaufman and P. J. Rousseeuw, Finding groups in data, 1990; E. Schubert and P. J. Rousseeuw,
arXiv 1810.05691 (FastPAM1, LAB) and arXiv 2008.05171 (FasterPAM); L. Lenssen and E. Schubert, arXiv
2309.03751 (FasterMSC).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from partita._core.errors import InvalidDataError
from partita._core.progress import Progress
from partita._core.threads import map_blocks
from partita.kernels import medoids as kernel
from partita.kernels import medoids_start as start_kernel
from partita.kernels import silhouette as silhouette_kernel

_CALM = 128
_RUN = 32
_LONGEST_RUN = 2048
_ROWS = 256
_BITS = 61


class Problem:
    """Distances, weights of the items, and the candidates in the order in which they are looked at.

    Parameters
    ----------
    D : float (candidates, items), C-contiguous
    weight : float64[items]
    order : intp
        Rows of D; rows that are left out are no candidates.
    spare : int
        Bits left free for distances that D will hold later.
    top : float, optional
        The largest distance, where D holds but some.
    """

    def __init__(
        self, D: np.ndarray, weight: np.ndarray, order: np.ndarray, spare: int = 0, top: float | None = None
    ) -> None:
        self.D, self.weight, self.order = D, weight, order
        if top is None:
            tops = map_blocks(lambda start, stop: start_kernel.largest_of(D, start, stop), len(D), _ROWS)
            top = max(tops)
        mass = float(weight.sum())
        if not math.isfinite(top):
            raise InvalidDataError(
                "A distance is infinite, or too large for float32.",
                name="X",
                hint="scale the data, or choose a metric that compares all of them",
            )
        exponent = 0 if top == 0 else _BITS - spare - math.frexp(top)[1] - math.frexp(mass)[1]
        self.step = math.ldexp(1.0, min(exponent, 1000))
        self.unit = weight * self.step

    def state(self, rows: np.ndarray) -> kernel.Medoids:
        """What the items know of medoids in `rows` (two at least)."""
        n, k, kind = self.D.shape[1], len(rows), self.D.dtype
        state = kernel.Medoids(
            np.array(rows, np.intp), np.zeros(len(self.D), bool), np.empty(n, np.int32),
            np.empty(n, np.int32), np.empty(n, kind), np.empty(n, kind), np.empty((n, 3), np.int64),
            self.unit, np.zeros(k, np.int64),
        )  # fmt: skip
        kernel.medoids_enter(self.D, state)
        return state

    def thirds(self, rows: np.ndarray) -> silhouette_kernel.Thirds:
        """What the items know of their three nearest medoids in `rows` (two at least)."""
        n, k = self.D.shape[1], len(rows)
        steps = math.ldexp(1.0, _BITS - math.frexp(float(self.weight.sum()))[1])
        state = silhouette_kernel.Thirds(
            np.array(rows, np.intp), np.zeros(len(self.D), bool), np.empty((n, 3), np.int32),
            np.empty((n, 3)), np.empty(n, self.D.dtype), self.weight * steps, np.zeros(n, np.int64),
            np.zeros(k, np.int64),
        )  # fmt: skip
        silhouette_kernel.thirds_enter(self.D, state)
        return state

    def best_single(self) -> int:
        """The candidate with the least sum of distances; the first of equal ones."""
        total = np.empty(len(self.D), np.int64)
        map_blocks(
            lambda start, stop: start_kernel.totals_scan(self.D, self.unit, start, stop, total),
            len(self.D),
            _ROWS,
        )
        return int(self.order[np.argmin(total[self.order])])


@dataclass
class Outcome:
    """Medoids (rows of D), passes, swaps, and whether nothing was left to gain."""

    rows: np.ndarray
    n_iter: int = 0
    n_swap: int = 0
    converged: bool = True


class Aim(NamedTuple):
    """What swaps are for: how a state is made, candidates in turn, gains of some, and a swap."""

    state: Callable[[Problem, np.ndarray], Any]
    eager: Callable[..., Any]
    scan: Callable[..., None]
    enter: Callable[..., None]


LOSS = Aim(Problem.state, kernel.swaps_eager, kernel.gains_scan, kernel.swap_enter)
SILHOUETTE = Aim(
    Problem.thirds,
    silhouette_kernel.raises_eager,
    silhouette_kernel.raises_scan,
    silhouette_kernel.thirds_swap,
)


def start_rows(problem: Problem, k: int, init: str) -> np.ndarray:
    """Rows of D to start from: "first" of the order, "build" (PAM's BUILD) or "lab" (BUILD on samples)."""
    if k == 1:
        return np.array([problem.best_single()])
    if init == "first":
        return problem.order[:k].copy()
    D, d1 = problem.D, None
    chosen: list[int] = []
    for turn in range(k):
        some = problem.order if init == "build" else _some(problem.order, k, turn)
        some = some[~np.isin(some, chosen)]
        if d1 is None:
            total = np.empty(len(D), np.int64)
            for c in some:
                start_kernel.totals_scan(D, problem.unit, c, c + 1, total)
            best = int(some[np.argmin(total[some])])
            d1 = D[best].copy()
        else:
            best = int(some[np.argmin(_gains(problem, some, d1))])
            np.minimum(d1, D[best], out=d1)
        chosen.append(best)
    return np.array(chosen)


def _some(order: np.ndarray, k: int, turn: int) -> np.ndarray:
    size = min(len(order), 10 + math.isqrt(len(order)) + k)
    return order[(turn * size + np.arange(size)) % len(order)]


def _gains(problem: Problem, some: np.ndarray, d1: np.ndarray) -> np.ndarray:
    gain = np.empty(len(problem.D), np.int64)

    def scan(start: int, stop: int) -> None:
        for c in some[start:stop]:
            start_kernel.additions_scan(problem.D, problem.unit, d1, c, c + 1, gain)

    map_blocks(scan, len(some), _ROWS)
    return gain[some]


def swap_eagerly(
    problem: Problem,
    rows: np.ndarray,
    max_iter: int | None,
    n_threads: int,
    progress: Progress,
    aim: Aim = LOSS,
) -> Outcome:
    """FasterPAM, FasterMSC: each candidate in turn takes the best slot, until a whole round gains nothing.

    Where swaps have become rare, candidates ahead are looked at on all threads; the first that gains is
    swapped and the looks behind it are thrown away. So the swaps are those of one thread.
    """
    if len(rows) == 1:
        return Outcome(np.array([problem.best_single()]), 1)
    D, order, state = problem.D, problem.order, aim.state(problem, rows)
    n = len(order)
    room = kernel.room_make(D.shape[1], len(rows))
    most = n * max_iter if max_iter is not None else np.iinfo(np.int64).max
    at = idle = swaps = seen = 0
    calm = _CALM if n_threads > 1 else n
    while idle < n and seen < most:
        at, idle, made, looked = aim.eager(D, order, state, at, idle, calm, most - seen, room)
        swaps, seen = swaps + made, seen + looked
        progress.advance(looked)
        run, found = _RUN, False
        while n_threads > 1 and idle < n and seen < most and not found:
            run = min(2 * run, _LONGEST_RUN, n - idle, most - seen)
            at, looked, found = _look_ahead(problem, state, at, run, n_threads, aim)
            swaps, seen, idle = swaps + found, seen + looked, 0 if found else idle + looked
            progress.advance(looked)
    return Outcome(state.rows.copy(), max(1, -(-seen // n)), swaps, idle >= n)


def _look_ahead(
    problem: Problem, state: Any, at: int, run: int, n_threads: int, aim: Aim
) -> tuple[int, int, bool]:
    """Look at `run` candidates from place `at` on, and swap the first that gains: place, looks, swapped."""
    D, order = problem.D, problem.order
    gain, slot = np.empty(run, np.int64), np.empty(run, np.intp)
    map_blocks(
        lambda start, stop: aim.scan(
            D, order, state, at + start, at + stop, gain[start:stop], slot[start:stop]
        ),
        run,
        -(-run // n_threads),
    )
    better = np.flatnonzero(gain < 0)
    if not len(better):
        return (at + run) % len(order), run, False
    first = int(better[0])
    aim.enter(D, state, slot[first], order[(at + first) % len(order)])
    return (at + first + 1) % len(order), first + 1, True


def swap_best(problem: Problem, rows: np.ndarray, max_iter: int | None, *, pairwise: bool) -> Outcome:
    """PAM (`pairwise`) and FastPAM1: the best of all swaps, again and again, until none gains.

    PAM looks at each pair of medoid and candidate, O(k (n - k)^2) a swap; FastPAM1 at all medoids at once.
    The losses are whole numbers, so both find the same swap, and of equal ones the same.
    """
    if len(rows) == 1:
        return Outcome(np.array([problem.best_single()]), 1)
    D, order, state = problem.D, problem.order, problem.state(rows)
    swaps, find = 0, _find_pairwise if pairwise else _find_at_once
    while max_iter is None or swaps < max_iter:
        change, where, slot = find(D, order, state)
        if change >= 0:
            return Outcome(state.rows.copy(), swaps + 1, swaps)
        kernel.swap_enter(D, state, slot, order[where])
        swaps += 1
    return Outcome(state.rows.copy(), swaps, swaps, converged=False)


def _find_pairwise(D: np.ndarray, order: np.ndarray, state: kernel.Medoids) -> tuple[int, int, int]:
    found = map_blocks(
        lambda start, stop: kernel.swap_best_pam(D, order, state, start, stop), len(order), _ROWS
    )
    return min(found)


def _find_at_once(D: np.ndarray, order: np.ndarray, state: kernel.Medoids) -> tuple[int, int, int]:
    gain, slot = np.empty(len(order), np.int64), np.empty(len(order), np.intp)
    map_blocks(
        lambda start, stop: kernel.gains_scan(
            D, order, state, start, stop, gain[start:stop], slot[start:stop]
        ),
        len(order),
        _ROWS,
    )
    where = int(np.argmin(gain))
    return int(gain[where]), where, int(slot[where])


def alternate(problem: Problem, rows: np.ndarray, rank: np.ndarray, max_iter: int | None) -> Outcome:
    """Items to their nearest medoids, medoids to the middle of their items, in turn. D must be square."""
    rows, n_iter = np.array(rows), 0
    while max_iter is None or n_iter < max_iter:
        n_iter += 1
        near = np.argmin(problem.D[rows], axis=0)
        near[rows] = np.arange(len(rows))
        groups = [np.flatnonzero((near == slot) & (problem.weight > 0)) for slot in range(len(rows))]
        found = [
            start_kernel.medoid_of_group(problem.D, problem.unit, group, rank, row)
            for group, row in zip(groups, rows)
        ]
        if not any(change < 0 for _, change in found):
            return Outcome(rows, n_iter)
        rows = np.array([row for row, _ in found], dtype=np.intp)
    return Outcome(rows, n_iter, converged=False)
