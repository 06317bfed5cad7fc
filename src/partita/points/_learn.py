"""Centres learnt on a sample and polished on all rows. Called by the makers of points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from partita.points._nearest import Nearest
from partita.points._refine import Effort, near_centers, refine, search_near
from partita.points._sample import Cells, Sample, fill_empty
from partita.points._start import nested_start

FEWEST_ROWS = 32768
_FILLS = 5
_CLOSEST = 4
_SMALL = 1 << 23
_MOST_STARTS = 10


@dataclass(frozen=True)
class Plan:
    """How centres are learnt.

    Attributes
    ----------
    rows_per_cell : int
        Rows of the sample for each centre.
    swaps, max_iter, tol
        Of the refinement on the sample (``Effort``).
    polish : int
        Lloyd's iterations on all rows.
    resample : int
        Rounds in which centres are learnt anew from the rows closest to each. Nothing is polished then.
    n_init : int
        Starts, of which the one of lowest inertia on the sample is kept.
    whole : bool
        The sample is all rows. They are then seen in an order that their scale leaves as it is.
    """

    rows_per_cell: int
    swaps: int
    max_iter: int
    tol: float
    polish: int
    resample: int = 0
    n_init: int = 1
    whole: bool = False

    def sample_size(self, k: int) -> int:
        """Rows to learn `k` centres from."""
        return sample_size(self.rows_per_cell, k)

    def effort(self, k: int) -> Effort:
        """The refinement of `k` centres."""
        return Effort(self.swaps, self.max_iter, self.tol, 64 if k <= 2048 else 32)


def sample_size(rows_per_cell: int, k: int) -> int:
    """Rows to learn `k` centres from."""
    return max(FEWEST_ROWS, rows_per_cell * k)


def patience(n: int, k: int, d: int, *, whole: bool) -> tuple[int, int, float]:
    """How many starts, most iterations and which tolerance `n` rows of `d` columns and `k` centres deserve.

    Where all rows are learnt from and a comparison of all with all centres is cheap: every start to its end,
    and as many starts as cost about as much as one at the most that is called cheap.
    """
    work = n * k * d
    if not whole or work > _SMALL:
        return 1, 10, 2e-3
    only_one = k in (1, n)
    return 1 if only_one else min(_MOST_STARTS, _SMALL // max(work, 1)), 300, 0.0


@dataclass(frozen=True)
class Learnt:
    """Centres float64 (k, d), the cells of the sample, and how the refinement ended."""

    centers: np.ndarray
    cells: Cells
    n_iter: int
    converged: bool

    def inertia(self, sample: Sample) -> float:
        """Sum of weighted squared distances of the sample to its centres."""
        return float(sample.weight @ self.cells.distances)


def learn(sample: Sample, k: int, plan: Plan, *, by_size: bool = False) -> Learnt:
    """`k` centres of a sample; with `by_size` in proportion to weight rather than to inertia."""
    best = _learn_from(sample, k, plan, 0, by_size)
    for turn in range(1, plan.n_init):
        found = _learn_from(sample, k, plan, turn * len(sample) // plan.n_init, by_size)
        best = found if found.inertia(sample) < best.inertia(sample) else best
    return best


def _learn_from(sample: Sample, k: int, plan: Plan, turned: int, by_size: bool) -> Learnt:
    """As ``learn``, with one start: that of the rows from number `turned` on, those before it last."""
    centers, labels = _start_from(sample, k, turned, by_size)
    effort = plan.effort(k)
    cells, n_iter, converged = refine(sample, centers, Cells(labels, np.zeros(len(sample))), effort)
    for _ in range(plan.resample):
        cells = _resample(sample, centers, cells, plan)
    for _ in range(_FILLS):  # a row that leaves may empty its cell in turn
        fill_empty(sample, cells, centers, np.flatnonzero(np.bincount(cells.labels, minlength=k) == 0))
    return Learnt(centers, cells, n_iter, converged)


def _start_from(sample: Sample, k: int, turned: int, by_size: bool) -> tuple[np.ndarray, np.ndarray]:
    if not turned:
        return nested_start(sample, k, by_size=by_size)
    order = np.roll(np.arange(len(sample)), -turned)
    centers, found = nested_start(sample.take(order), k, by_size=by_size)
    labels = np.empty_like(found)
    labels[order] = found
    return centers, labels


def _resample(sample: Sample, centers: np.ndarray, cells: Cells, plan: Plan) -> Cells:
    """Learn `centers` (in place) from as many rows of each cell, the closest; the cells of all rows then."""
    k = len(centers)
    first, members = cells.groups(k)
    most = max(1, len(sample) // (_CLOSEST * k))
    kept = []
    for c in range(k):
        own = members[first[c] : first[c + 1]]
        kept.append(own[np.argsort(cells.distances[own], kind="stable")[:most]])
    rows = np.sort(np.concatenate(kept))
    union = sample.take(rows)
    effort = replace(plan.effort(k), max_iter=max(1, plan.max_iter))
    refine(union, centers, Cells(cells.labels[rows], cells.distances[rows]), effort)
    return search_near(sample, centers, cells, near_centers(centers, effort.n_near))


def polish(
    nearest: Nearest, X: np.ndarray, rows: np.ndarray, weight: np.ndarray, plan: Plan, guide_of: np.ndarray
) -> Nearest:
    """Move centres to the means of all `rows` (intp, with weights float64[n] or none) that are nearest.

    The guides of the rows are left in `guide_of`, int32[n].
    Where a row lies thousands of times farther out than those that were learnt from, nothing is moved.
    """
    # In the order of size: with parts of 1 the sum would depend on the order of the rows.
    total = float(np.sort(weight[rows]).sum()) if len(weight) else float(len(rows))
    before = 0.0
    for turn in range(plan.polish):
        add = partial(nearest.add, X, rows, weight, guide_of=guide_of, known=turn > 0)
        tally = nearest.tally(add, total)
        if not tally.trusted:
            break
        inertia = float(tally.inertia(nearest.centers).sum())
        nearest = nearest.at(tally.means(nearest.centers, unit=nearest.frame.unit))
        if turn and before - inertia <= plan.tol * before:
            break
        before = inertia
    return nearest
