"""Distinct rows in cells, for exact searches that look at few of them. For the spine and ``predict``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.progress import Progress
from partita._core.threads import map_blocks, map_tasks
from partita.hierarchy.rows import CanonicalRows
from partita.kernels.cells import (
    Cells,
    cells_between,
    cells_fill,
    cells_lean,
    cells_measure,
    rows_frame,
    slack_of,
)
from partita.kernels.halving import Halves, halves_box, halves_descend, rows_halve
from partita.kernels.lloyd import labels_group
from partita.kernels.neighbours import cells_neighbours, rows_home
from partita.points._learn import Plan
from partita.points._nested import Request, build

_BLOCK = 1 << 14
_FEW_COLUMNS = 8
_SMALL_CELL = 32
_SAMPLE = 1 << 14
_FURTHEST = 1e15
_FEWEST_FOR_MEANS = 4096
_MEANS = 2.2
_CROWDED = 8
_FAR = 8.0
_PLAN = Plan(rows_per_cell=64, swaps=1, max_iter=2, tol=1e-2, polish=0, resample=0)


@dataclass(frozen=True)
class RowCells:
    """Rows by cell, and the frame in which distances are estimated.

    Attributes
    ----------
    cells : Cells
    framed : float64 (m, d)
        The rows in the frame, by cell.
    shift : float64[d]
    turn : float64 (d, d) or None
        A rotation that brings the columns that vary most to the front.
    factor : float
        A power of two by which rows were multiplied so that squares of distances are numbers; nearly always
        1.
    """

    cells: Cells
    framed: np.ndarray
    shift: np.ndarray
    turn: np.ndarray | None
    factor: float

    @property
    def place(self) -> np.ndarray:
        """Where each distinct row stands in the cells, intp[m]."""
        place = np.empty(len(self.cells.ids), np.intp)
        place[self.cells.ids] = np.arange(len(place))
        return place

    def frame(self, rows: np.ndarray) -> np.ndarray:
        """Rows (multiplied by `factor`) in the frame, float64 (b, d)."""
        return _framed(rows, self.shift, self.cells.scale, self.turn)

    def home(self, framed: np.ndarray) -> np.ndarray:
        """The cell in which to look first for what is near to each framed row, intp[b]."""
        home = np.empty(len(framed), np.intp)
        find = (
            (lambda start, stop: halves_descend(self.cells.halves, framed[start:stop], home[start:stop]))
            if self.cells.boxed
            else (lambda start, stop: rows_home(self.cells, framed[start:stop], home[start:stop]))
        )
        map_blocks(find, len(framed), _BLOCK // 8)
        return home

    def only(self, chosen: np.ndarray) -> Cells:
        """Cells of some of the rows, bool[m]; cells without any are left out, and so is how far rows lean."""
        cells, framed = self.cells, self.framed[chosen]
        size = np.add.reduceat(chosen.astype(np.intp), cells.first[:-1])
        first = np.concatenate([[0], np.cumsum(size[size > 0])])
        center, radius = np.empty((len(first) - 1, framed.shape[1])), np.empty(len(first) - 1)
        cells_measure(framed, first, 0, len(radius), center, radius)
        columns, squares = np.empty(framed.size, np.float32), np.empty(len(framed), np.float32)
        cells_fill(framed, first, center, 0, len(radius), columns, squares)
        return cells._replace(
            rows=cells.rows[chosen], ids=cells.ids[chosen], counts=cells.counts[chosen], first=first,
            columns=columns, squares=squares, center=center, radius=radius,
            outward=np.empty((0, 0), np.float32), between=np.empty((0, 0), np.float32),
        )  # fmt: skip

    def tasks(self) -> list[tuple[int, int]]:
        """Runs of cells of about equal numbers of rows."""
        first = self.cells.first
        wanted = np.arange(0, first[-1], max(1, min(_BLOCK, first[-1] // 32)))
        starts = np.unique(np.searchsorted(first, wanted, side="right") - 1)
        return list(zip(starts.tolist(), [*starts[1:].tolist(), len(first) - 1]))

    def neighbours(self, k: int, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances and places of the k nearest other rows of each row, by cell, ascending."""
        m = len(self.framed)
        near, number, tasks = np.empty((m, k)), np.empty((m, k), np.intp), self.tasks()
        progress.start("nearest rows", len(tasks))
        map_tasks(
            lambda task: cells_neighbours(self.cells, *task, self.framed, near, number),
            tasks,
            after=lambda _: progress.advance(),
        )
        return near, number


def row_cells(rows: CanonicalRows, progress: Progress) -> RowCells:
    """The distinct rows in cells: halved at medians in few columns, cells of k-means in many."""
    points, factor = _in_range(rows.points)
    m, d = points.shape
    with np.errstate(invalid="ignore"):
        shift = _mean(points)
        spread = max(float((points.max(axis=0) - shift).max()), float((shift - points.min(axis=0)).max()))
    scale = float(np.ldexp(1.0, -int(np.frexp(spread)[1]))) if spread > 0 else 1.0
    turn = _directions(points, shift, scale) if d > _FEW_COLUMNS else None
    framed = _framed(points, shift, scale, turn)
    boxed = d <= _FEW_COLUMNS or m < _FEWEST_FOR_MEANS
    order, first, halves = _halved(framed) if boxed else _means(framed, progress)
    framed = _taken(framed, order)
    cells = _measured(_taken(points, order), order, rows.weight[order], first, framed, halves, scale)
    return RowCells(cells, framed, shift, turn, factor)


def _mean(points: np.ndarray) -> np.ndarray:
    sums = map_blocks(
        lambda start, stop: points[start:stop].sum(axis=0, dtype=np.float64), len(points), _BLOCK
    )
    return np.asarray(np.sum(sums, axis=0) / len(points))


def _taken(rows: np.ndarray, order: np.ndarray) -> np.ndarray:
    taken = np.empty_like(rows)
    map_blocks(
        lambda start, stop: np.take(rows, order[start:stop], axis=0, out=taken[start:stop], mode="clip"),
        len(rows),
        _BLOCK,
    )
    return taken


def _framed(rows: np.ndarray, shift: np.ndarray, scale: float, turn: np.ndarray | None) -> np.ndarray:
    """Rows less `shift`, times `scale`, rotated by `turn`, float64."""
    out = np.empty(rows.shape)

    def frame(start: int, stop: int) -> None:
        exact = np.empty((stop - start, rows.shape[1]))
        rows_frame(rows[start:stop], shift, scale, exact)
        # New rows may lie anywhere; brought nearer, they are estimated nearer, which rules out less.
        np.clip(exact, -_FURTHEST, _FURTHEST, out=exact)
        out[start:stop] = exact if turn is None else exact @ turn

    map_blocks(frame, len(rows), _BLOCK // 4)
    return out


def _directions(points: np.ndarray, shift: np.ndarray, scale: float) -> np.ndarray:
    """Principal directions of a sample (rows in content order: the first are one), widest first."""
    sample = _framed(points[:_SAMPLE], shift, scale, None)
    _, vectors = np.linalg.eigh(sample.T @ sample)
    return np.ascontiguousarray(vectors[:, ::-1])


def _in_range(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Rows whose squared distances are neither lost nor infinite."""
    if points.dtype == np.float32:
        return points, 1.0
    largest = float(np.abs(points).max(initial=0.0))
    if largest == 0.0 or 1e-100 < largest < 1e100:
        return points, 1.0
    factor = float(np.ldexp(1.0, -int(np.clip(np.frexp(largest)[1], -1000, 1000))))
    return points * factor, factor


def _no_halves(room: int, d: int) -> Halves:
    numbers = [np.empty(room, np.intp) for _ in range(3)]
    boxes = [np.empty((room, d)) for _ in range(2)]
    return Halves(numbers[0], numbers[1], np.empty(room), numbers[2], *boxes)


def _halved(framed: np.ndarray) -> tuple[np.ndarray, np.ndarray, Halves]:
    m, d = framed.shape
    order, first = np.empty(m, np.intp), np.empty(m + 1, np.intp)
    halves = _no_halves(4 * (m // _SMALL_CELL) + 4, d)
    n_cells, n_nodes = rows_halve(framed, _SMALL_CELL, order, first, halves)
    halves = Halves(*(array[:n_nodes].copy() for array in halves))
    halves_box(framed, order, first, halves)
    return order, first[: n_cells + 1].copy(), halves


def _means(framed: np.ndarray, progress: Progress) -> tuple[np.ndarray, np.ndarray, Halves]:
    """Cells of k-means; a crowded one is divided by k-means again, in a frame of its own."""
    m = len(framed)
    usual = max(1, int(np.sqrt(m) / _MEANS))
    labels, count = _nearest_means(framed, int(np.ceil(_MEANS * np.sqrt(m))), progress), 0
    waiting = _crowded(labels, _CROWDED * usual)
    while waiting:
        count = int(labels.max()) + 1
        for group in _by_scale(framed, waiting.pop()):
            own = np.zeros(len(group), np.intp)
            if len(group) > _CROWDED * usual:
                own = _nearest_means(_own_frame(framed[group]), -(-2 * len(group) // usual), progress)
            labels[group] = count + own
            count += int(own.max()) + 1
            if own.any():
                waiting += [group[rows] for rows in _crowded(own, _CROWDED * usual)]
    labels = np.unique(labels, return_inverse=True)[1].astype(np.intp)
    order, first = np.empty(m, np.intp), np.empty(int(labels.max()) + 2, np.intp)
    labels_group(labels, first, order)
    return order, first, _no_halves(0, framed.shape[1])


def _nearest_means(framed: np.ndarray, k: int, progress: Progress) -> np.ndarray:
    """Which of `k` means, numbered from 0, each row belongs to."""
    m = len(framed)
    # The framed rows stand in content order; should two be equal by now, it does not matter where they go.
    rows = CanonicalRows(framed.astype(np.float32), np.arange(m), np.ones(m), np.arange(m))
    nested = build(rows, Request(k, None, None, _PLAN), unit=False, progress=progress)
    return np.unique(nested.node, return_inverse=True)[1].astype(np.intp)


def _crowded(labels: np.ndarray, most: int) -> list[np.ndarray]:
    """The rows of each cell of more than `most`."""
    return [np.flatnonzero(labels == c) for c in np.flatnonzero(np.bincount(labels) > most)]


def _by_scale(framed: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
    """Rows that lie far outside of what most of them span, apart from the others."""
    own = framed[rows]
    away = np.sqrt(((own - np.median(own, axis=0)) ** 2).sum(axis=1))
    inner = away <= _FAR * np.median(away)
    return [rows] if inner.all() or away.max() < _FAR**2 * np.median(away) else [rows[inner], rows[~inner]]


def _own_frame(framed: np.ndarray) -> np.ndarray:
    centered = framed - framed.mean(axis=0)
    return centered / max(float(np.abs(centered).max()), 2.0**-1000)


def _measured(
    points: np.ndarray, order: np.ndarray, count: np.ndarray, first: np.ndarray, framed: np.ndarray,
    halves: Halves, scale: float,
) -> Cells:  # fmt: skip
    n_cells, d = len(first) - 1, framed.shape[1]
    center, radius = np.empty((n_cells, d)), np.empty(n_cells)
    map_blocks(lambda start, stop: cells_measure(framed, first, start, stop, center, radius), n_cells, 256)
    columns, squares = np.empty(framed.size, np.float32), np.empty(len(framed), np.float32)
    map_blocks(
        lambda start, stop: cells_fill(framed, first, center, start, stop, columns, squares), n_cells, 256
    )
    longest = max(map_blocks(lambda start, stop: _longest(framed[start:stop]), len(framed), _BLOCK))
    slack, leaf = slack_of(float(np.sqrt(longest)), d), np.flatnonzero(halves.cell >= 0)
    boxed = bool(len(leaf))
    outward, between = (np.empty((0, 0) if boxed else (n_cells, n_cells), np.float32) for _ in range(2))
    if not boxed:
        map_blocks(
            lambda start, stop: cells_lean(framed, first, center, radius, start, stop, outward, between),
            n_cells,
            32,
        )
        map_blocks(lambda start, stop: cells_between(outward, start, stop, between), n_cells, 128)
    return Cells(
        points,
        order,
        count,
        first,
        columns,
        squares,
        center,
        radius,
        outward,
        between,
        halves,
        leaf,
        boxed,
        slack,
        scale,
    )


def _longest(framed: np.ndarray) -> float:
    """The square of the length of the longest row."""
    return float(np.einsum("ij,ij->i", framed, framed).max())
