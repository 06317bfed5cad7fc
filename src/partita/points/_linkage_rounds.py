"""Ward, and the average of squared distances, of vectors in O(n d) memory. Called by Linkage."""

from __future__ import annotations

import numpy as np

from partita._core.progress import Progress
from partita._core.threads import map_blocks
from partita.hierarchy.rows import CanonicalRows
from partita.kernels.lance import Front, Merges, rounds_run
from partita.kernels.lance_search import (
    Field,
    field_fill,
    field_follow,
    lists_choose,
    lists_start,
    slot_scan,
    slots_search,
)
from partita.points._row_cells import row_cells

_LISTED = 16
_BLOCK = 256
_PACKED = 8192
_FEW = 16
_MANY = 1 << 15
_FEW_COLUMNS = 128


def link_rounds(points: np.ndarray, weight: np.ndarray, *, ward: bool, progress: Progress) -> Merges:
    """All merges of distinct rows, each after those it joins.

    Parameters
    ----------
    points : float64 (u, d)
        In the order of their content; used up.
    weight : float64[u]
        Above 0.
    ward : bool
        By growth of the sum of squares, else by the mean squared distance between two clusters.

    Returns
    -------
    merges : Merges
        Side c is row c, or merge c - u. Heights are as the criterion says: the growth, or the mean.
    """
    # Scaled by a power of two, so that no product of weights is lost.
    scale, u = int(np.frexp(weight.max())[1]), len(points)
    front = _front(points, np.ldexp(weight, -scale))
    merges = Merges(np.empty(u - 1, np.int32), np.empty(u - 1, np.int32), np.empty(u - 1))
    lost, fresh = np.arange(u, dtype=np.int32), np.empty(u, np.int32)
    seeker, n_fresh, n_lost = _Seeker(front, ward, merges), 0, u
    if u >= _MANY and points.shape[1] <= _FEW_COLUMNS:
        n_fresh, n_lost = _choose_near(front, ward, lost, fresh, progress)
    progress.start("Nearest neighbours", n_lost)
    n_fresh, made = seeker.seek(lost[:n_lost], fresh, n_fresh, 0, progress), 0
    progress.start("Merges", u - 1)
    while made < u - 1:
        before = made
        made, n_fresh, n_lost = rounds_run(front, ward, made, merges, fresh, n_fresh, lost)
        n_fresh = seeker.seek(lost[:n_lost], fresh, n_fresh, made)
        progress.advance(made - before)
    return merges._replace(height=np.ldexp(merges.height, scale)) if ward else merges


def _choose_near(
    front: Front, ward: bool, lost: np.ndarray, fresh: np.ndarray, progress: Progress
) -> tuple[int, int]:
    """Let rows choose among their nearest, which cells of rows find without a look at all.

    Returns how many chose (their clusters are in `fresh`) and how many could not (their slots, in `lost`).
    """
    u, every = len(front.centers), np.arange(len(front.centers))
    cells = row_cells(CanonicalRows(front.centers, every, np.ones(u), every), progress)
    square, number = cells.neighbours(min(_LISTED + 1, u - 1), progress)
    square /= cells.factor * cells.factor
    lists_start(front, ward, square, number, cells.cells.ids, float(front.weight.min()))
    return lists_choose(front, lost.copy(), fresh, 0, lost)


def _front(points: np.ndarray, weight: np.ndarray) -> Front:
    u = len(points)
    m = max(1, min(_LISTED, u - 1))
    numbers = np.arange(2 * u, dtype=np.int32)
    return Front(
        centers=points, weight=weight, spread=np.zeros(u), cluster=numbers[:u].copy(), slot=numbers.copy(),
        joined=numbers.copy(), near=np.empty((u, m), np.int32), apart=np.empty((u, m)),
        listed=np.zeros(u, np.int32), bound=np.empty(u), nearest=np.empty(u, np.int32), lowest=np.empty(u),
        head=np.full(2 * u, -1, np.int32), after=np.full(2 * u, -1, np.int32),
        seen=np.zeros(2 * u, np.int64), clock=np.zeros(1, np.int64),
    )  # fmt: skip


class _Seeker:
    """Finds the nearest clusters of some: in float32, what that can't tell in float64, or one by one."""

    def __init__(self, front: Front, ward: bool, merges: Merges) -> None:
        self.front, self.ward, self.merges = front, ward, merges
        self._field: Field | None = None
        self._since = 0

    def seek(
        self, lost: np.ndarray, fresh: np.ndarray, n_fresh: int, made: int, progress: Progress | None = None
    ) -> int:
        """Let the slots `lost` choose; their clusters go to `fresh`, from `n_fresh` on. Returns how many."""
        if not len(lost):
            return n_fresh
        alive = len(self.front.centers) - made
        if self._field is None or alive < len(self._field.points) // 2:
            self._field = self._pack(np.float32)
        else:
            field_follow(
                self.front, self.ward, self._field, self.merges, self._since, made, _lowered(self._field)
            )
        self._since = made
        n_fresh, failed = self._choose(self._field, lost, fresh, n_fresh, progress)
        if len(failed) > _FEW:
            n_fresh, failed = self._choose(self._pack(np.float64), failed, fresh, n_fresh)
        slots = np.flatnonzero(self.front.cluster >= 0) if len(failed) else failed
        for i in failed:
            slot_scan(self.front, self.ward, i, slots)
            fresh[n_fresh] = self.front.cluster[i]
            n_fresh += 1
        return n_fresh

    def _choose(
        self,
        field: Field,
        lost: np.ndarray,
        fresh: np.ndarray,
        n_fresh: int,
        progress: Progress | None = None,
    ) -> tuple[int, np.ndarray]:
        watcher, failed = progress or Progress(), np.empty(len(lost), np.int32)
        lost = lost.copy()
        map_blocks(
            lambda start, stop: slots_search(self.front, self.ward, field, lost[start:stop]),
            len(lost),
            _BLOCK,
            after=lambda done: watcher.advance(_BLOCK),
        )
        n_fresh, n_failed = lists_choose(self.front, lost, fresh, n_fresh, failed)
        return n_fresh, failed[:n_failed]

    def _pack(self, kind: type) -> Field:
        slot = np.flatnonzero(self.front.cluster >= 0).astype(np.int32)
        p, (u, d) = len(slot), self.front.centers.shape
        field = Field(
            np.empty((p, d), kind), np.empty(p, kind), np.empty(p, kind), slot, np.empty(u, np.int32)
        )
        map_blocks(
            lambda start, stop: field_fill(self.front, self.ward, field, start, stop, _lowered(field)),
            p,
            _PACKED,
        )
        return field


def _lowered(field: Field) -> float:
    """What is left of squared lengths when more than the rounding of products of such rows is taken off."""
    return float(1.0 - 4.0 * (field.points.shape[1] + 16) * np.finfo(field.points.dtype).eps)
