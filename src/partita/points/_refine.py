"""k-means among near cells: Lloyd's iterations, and centres that move far. Called by the makers of points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.threads import map_blocks
from partita.kernels.near import cells_search, cells_search_two, centers_near
from partita.kernels.swap import cells_halve, swap_make, swaps_make
from partita.points._sample import Cells, Sample, half_squares, move_centers
from partita.points._start import split

_CELLS = 32
_CENTERS = 128
_GROUPED = 4096
_GROUPS = 16
_REFRESH = 4
_SETTLING = 1
_MOST_SWAPS = 0.3
_HALVED = 0.6
_HALVE_STEPS = 3
_LEAST_GAIN = 1e-4
_FEW = 64
_RANKS = 4
_TRIALS = 16
_TRIAL_STEPS = 4


@dataclass(frozen=True)
class Effort:
    """How long to refine.

    Attributes
    ----------
    swaps : int
        Most rounds in which centres move far.
    max_iter : int
        Most of Lloyd's iterations after them.
    tol : float
        They end when one lowers the inertia by less than this share of it.
    n_near : int
        Centres that a row is compared with.
    """

    swaps: int
    max_iter: int
    tol: float
    n_near: int = 64


@dataclass(frozen=True)
class Lists:
    """The centres that each cell lists: ``centers[first[c]:first[c + 1]]``, intp."""

    first: np.ndarray
    centers: np.ndarray

    @classmethod
    def of(cls, lists: list[np.ndarray]) -> Lists:
        """From one array a cell."""
        first = np.concatenate([[0], np.cumsum([len(some) for some in lists])])
        return cls(first.astype(np.intp), np.concatenate(lists).astype(np.intp))


def near_centers(centers: np.ndarray, n_near: int) -> Lists:
    """The `n_near` nearest centres of each centre, itself among them, ascending. O(k^2 d)."""
    k = len(centers)
    first = np.arange(k + 1) * min(n_near, k)
    if n_near >= k:
        return Lists(first, np.tile(np.arange(k), k))
    if k > _GROUPED:
        return Lists(first, _near_in_groups(centers, n_near).ravel())
    rows32, half = centers.astype(np.float32), half_squares(centers)
    every, near = np.arange(k), np.empty((k, n_near), np.intp)
    map_blocks(lambda start, stop: centers_near(rows32, half, every[start:stop], every, near), k, _CENTERS)
    return Lists(first, near.ravel())


def _near_in_groups(centers: np.ndarray, n_near: int) -> np.ndarray:
    """Near centres, intp (k, n_near), looked for in the groups around each one's own. O(k^1.5 d)."""
    k = len(centers)
    rows32, half = centers.astype(np.float32), half_squares(centers)
    every = Sample(rows32, np.ones(k), 2.0 * half)
    means, grouped = split(every, int(np.sqrt(k)))
    groups, members = grouped.groups(len(means))
    around, near = near_centers(means, _GROUPS), np.empty((k, n_near), np.intp)

    def group(start: int, stop: int) -> None:
        for g in range(start, stop):
            own = members[groups[g] : groups[g + 1]]
            others = around.centers[around.first[g] : around.first[g + 1]]
            listed = np.concatenate([members[groups[other] : groups[other + 1]] for other in others])
            enough = np.sort(listed) if len(listed) >= n_near else np.arange(k)
            centers_near(rows32, half, own, enough, near)

    map_blocks(group, len(means), 1)
    return near


def search_near(sample: Sample, centers: np.ndarray, cells: Cells, near: Lists) -> Cells:
    """For each row the nearest of the centres that its present cell lists. O(s m d) for m in a list."""
    rows32, half = centers.astype(np.float32), half_squares(centers)
    n_lists = len(near.first) - 1
    first, members = cells.groups(n_lists)
    found = Cells(np.empty_like(cells.labels), np.empty_like(cells.distances))
    map_blocks(
        lambda start, stop: cells_search(
            sample.points, sample.squares, first, members, start, stop, near.first, near.centers, rows32,
            half, found.labels, found.distances,
        ),
        n_lists,
        _CELLS,
    )  # fmt: skip
    return found


def refine(sample: Sample, centers: np.ndarray, cells: Cells, effort: Effort) -> tuple[Cells, int, bool]:
    """Improve `centers` (in place) by swaps and Lloyd's iterations in which rows re-check near cells alone.

    Parameters
    ----------
    cells : Cells
        Where the rows are at first.

    Returns
    -------
    cells : Cells
        The nearest centre for each row, as far as it was looked for.
    n_iter : int
        Of Lloyd's iterations, those between swaps included.
    converged : bool
        Whether an iteration lowered the inertia by less than `tol` of it.
    """
    near = near_centers(centers, effort.n_near)
    cells, n_iter = search_near(sample, centers, cells, near), 0
    if effort.swaps and len(centers) > 1:
        cells, near, n_iter = _swap_rounds(sample, centers, cells, near, effort)
    inertia, converged = float(sample.weight @ cells.distances), False
    for iteration in range(1, effort.max_iter + 1):
        move_centers(sample, cells, centers)
        if iteration % _REFRESH == 0:
            near = near_centers(centers, effort.n_near)
        cells = search_near(sample, centers, cells, near)
        before, inertia = inertia, float(sample.weight @ cells.distances)
        n_iter += 1
        converged = before - inertia <= effort.tol * before
        if converged:
            break
    return cells, n_iter, converged


def _settle(sample: Sample, centers: np.ndarray, cells: Cells, near: Lists, n_iter: int) -> Cells:
    for _ in range(n_iter):
        move_centers(sample, cells, centers)
        cells = search_near(sample, centers, cells, near)
    return cells


def _swap_rounds(
    sample: Sample, centers: np.ndarray, cells: Cells, near: Lists, effort: Effort
) -> tuple[Cells, Lists, int]:
    k, n_iter = len(centers), 0
    for _ in range(effort.swaps):
        cells = _settle(sample, centers, cells, near, _SETTLING)
        move_centers(sample, cells, centers)
        swaps = _Swaps.measure(sample, centers, cells, near)
        saved = swaps.make(max(1, int(_MOST_SWAPS * k)))
        cells = swaps.cells
        move_centers(sample, cells, centers)
        near = near_centers(centers, effort.n_near)
        cells = search_near(sample, centers, cells, near)
        n_iter += _SETTLING + 1
        if saved <= _LEAST_GAIN:
            break
    if k <= _FEW:
        cells, tried = _try_swaps(sample, centers, cells, near)
        n_iter += tried
    return cells, near, n_iter


def _try_swaps(sample: Sample, centers: np.ndarray, cells: Cells, near: Lists) -> tuple[Cells, int]:
    """Among few centres: swaps that are not sure to save anything, each undone where it doesn't."""
    cells, n_iter, left = _settle(sample, centers, cells, near, _TRIAL_STEPS), _TRIAL_STEPS, _TRIALS
    improved = True
    while improved and left > 0:
        improved = False
        swaps = _Swaps.measure(sample, centers, cells, near)
        inertia = float(sample.weight @ swaps.cells.distances)
        for source, target in swaps.likely(min(left, _TRIALS // 2)):
            left -= 1
            trial, moved = swaps.made(source, target), centers.copy()
            trial = _settle(sample, moved, trial, near, _TRIAL_STEPS)
            n_iter += _TRIAL_STEPS
            if float(sample.weight @ trial.distances) < (1.0 - _LEAST_GAIN) * inertia:
                centers[:], cells, improved = moved, trial, True
                break
    return cells, n_iter


@dataclass(frozen=True)
class _Swaps:
    """What swaps would save and cost. Parameters as in ``kernels.swap``; `inertia` of all rows."""

    cells: Cells
    first: np.ndarray
    members: np.ndarray
    second: np.ndarray
    upper: np.ndarray
    gain: np.ndarray
    cost: np.ndarray
    inertia: float

    @classmethod
    def measure(cls, sample: Sample, centers: np.ndarray, cells: Cells, near: Lists) -> _Swaps:
        """Assign rows to near cells, and look at each cell's loss and the gain of halving the large ones."""
        k = len(centers)
        rows32, half = centers.astype(np.float32), half_squares(centers)
        first, members = cells.groups(k)
        found = Cells(np.empty_like(cells.labels), np.empty_like(cells.distances))
        second, extra = np.empty_like(cells.labels), np.empty_like(cells.distances)
        map_blocks(
            lambda start, stop: cells_search_two(
                sample.points, sample.squares, first, members, start, stop, near.first, near.centers,
                rows32, half, found.labels, found.distances, second, extra,
            ),
            k,
            _CELLS,
        )  # fmt: skip
        first, members = found.groups(k)
        mass = np.bincount(found.labels, sample.weight, k)
        inertia = np.bincount(found.labels, sample.weight * found.distances, k)
        n_halved = min(k, max(_FEW, int(np.ceil(_HALVED * k))))
        large = np.sort(np.argsort(-inertia, kind="stable")[:n_halved])
        gain, upper = np.zeros(k), np.zeros(len(sample), bool)
        map_blocks(
            lambda start, stop: cells_halve(
                sample.points, sample.weight, first, members, large, start, stop, centers, mass,
                _HALVE_STEPS, gain, upper,
            ),
            len(large),
            _CELLS,
        )  # fmt: skip
        cost = np.bincount(found.labels, sample.weight * extra, k)
        return cls(found, first, members, second, upper, gain, cost, float(inertia.sum()))

    def make(self, most: int) -> float:
        """Make the swaps that save for sure (`cells` in place); by what share of it the inertia falls."""
        saved, _ = swaps_make(
            self.first, self.members, self.second, self.upper, self.gain, self.cost, most, self.cells.labels
        )
        return saved / max(self.inertia, np.finfo(float).tiny)

    def likely(self, n: int) -> list[tuple[int, int]]:
        """The `n` pairs (source, target) that cost least beyond what they gain."""
        few = min(len(self.gain), _RANKS)
        sources = np.argsort(self.cost, kind="stable")[:few]
        targets = np.argsort(-self.gain, kind="stable")[:few]
        pairs = [(self.cost[s] - self.gain[t], int(s), int(t)) for s in sources for t in targets if s != t]
        return [(source, target) for _, source, target in sorted(pairs)[:n]]

    def made(self, source: int, target: int) -> Cells:
        """The cells after one swap."""
        labels = self.cells.labels.copy()
        swap_make(self.first, self.members, self.second, self.upper, source, target, labels)
        return Cells(labels, self.cells.distances)
