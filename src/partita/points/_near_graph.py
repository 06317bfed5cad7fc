"""The nearest other rows of each row: exactly in few columns, nearly so in many. Called by the map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.memory import check_memory
from partita._core.progress import Progress
from partita._core.threads import map_blocks
from partita.hierarchy.rows import CanonicalRows
from partita.kernels.map_near import cells_candidates, lists_measure
from partita.kernels.near import centers_near
from partita.points._row_cells import RowCells, row_cells
from partita.points._sample import half_squares

_BLOCK = 1 << 14
_SAMPLE = 1 << 14
_COLUMNS = 50
_WIDE = 1024
_PROBES = 32
_MORE = 4.0


@dataclass(frozen=True)
class NearGraph:
    """Near rows of distinct rows, numbered by where they stand in their cells: near ones are near in memory.

    Attributes
    ----------
    ids : intp[m]
        The distinct row at each place, in content order.
    squares : float64 (m, k)
        Squared distances, ascending.
    number : intp (m, k)
        Places.
    start : float64 (m, 2)
        Coordinates of the rows along their first two principal directions.
    exact : bool
        Whether no other row is nearer.
    """

    ids: np.ndarray
    squares: np.ndarray
    number: np.ndarray
    start: np.ndarray
    exact: bool


def near_graph(rows: CanonicalRows, k: int, progress: Progress) -> NearGraph:
    """The `k` nearest other rows of each distinct row, k < m.

    Notes
    -----
    In up to 8 columns, or of few rows, exactly, by ``RowCells.neighbours``. Else the rows of each cell of
    k-means are compared, along the first 50 principal directions, with those of the 32 cells nearest to it;
    what is nearest there is measured in all columns. O(m^1.5) with k-means cells of sqrt(m) rows.
    """
    m, source = rows.n_distinct, rows.first
    check_memory(
        (100 * k + 32 * _COLUMNS) * m,
        what=f"Lists of {k} near rows of {m:,} rows",
        alternative="take fewer rows",
    )
    plane = _projected(rows, min(_COLUMNS, rows.source.shape[1]))
    narrow = plane if rows.source.shape[1] > _COLUMNS else rows.points
    held = row_cells(CanonicalRows(narrow, np.arange(m), rows.weight, np.arange(m)), progress)
    ids = held.cells.ids
    exact = held.cells.boxed and narrow is not plane
    if exact:
        squares, number = held.neighbours(k, progress)
        squares = squares / held.factor**2
    else:
        candidates = _candidates(held, min(m, int(np.ceil(_MORE * k)) + 1), progress)
        squares, number = np.empty((m, k)), np.empty((m, k), np.intp)
        map_blocks(
            lambda s, e: lists_measure(rows.source, source[ids], candidates, s, e, squares, number), m, _BLOCK
        )
    start = np.zeros((m, 2))
    start[:, : min(2, plane.shape[1])] = plane[ids, :2]
    return NearGraph(ids, squares, number, start, exact)


def _candidates(held: RowCells, k: int, progress: Progress) -> np.ndarray:
    """For each row the k of near cells that are nearest as float32 tells, the row itself among them."""
    framed = held.framed.astype(np.float32)
    first, center = held.cells.first, held.cells.center.astype(np.float32)
    every = np.arange(len(center))
    probes = np.empty((len(center), min(_PROBES, len(center))), np.intp)
    map_blocks(
        lambda s, e: centers_near(center, half_squares(center), every[s:e], every, probes), len(center), 256
    )
    near, half = np.empty((len(framed), k), np.intp), half_squares(framed)
    progress.start("near rows", len(center))
    map_blocks(
        lambda s, e: cells_candidates(framed, half, first, probes, s, e, near), len(center), 8,
        after=lambda _: progress.advance(8),
    )  # fmt: skip
    return near


def _projected(rows: CanonicalRows, p: int) -> np.ndarray:
    """Coordinates along the first `p` principal directions of a sample, float32 (m, p)."""
    sample = rows.source[rows.first[:_SAMPLE]].astype(np.float64)
    mean = sample.mean(axis=0)
    sample -= mean
    axes = _axes(sample, p)
    out = np.empty((rows.n_distinct, p), np.float32)

    def project(start: int, stop: int) -> None:
        out[start:stop] = (rows.source[rows.first[start:stop]] - mean) @ axes

    map_blocks(project, rows.n_distinct, _BLOCK // 4)
    return out


def _axes(centered: np.ndarray, p: int) -> np.ndarray:
    """The `p` directions of most variance, float64 (d, p), each with its largest entry positive."""
    d = centered.shape[1]
    if d <= _WIDE:
        _, vectors = np.linalg.eigh(centered.T @ centered)
        axes = vectors[:, ::-1][:, :p]
    else:
        axes = np.linalg.svd(centered[:_WIDE], full_matrices=False)[2][:p].T
        axes = np.concatenate([axes, np.zeros((d, p - axes.shape[1]))], axis=1)
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    return np.ascontiguousarray(axes * np.where(largest < 0, -1.0, 1.0))
