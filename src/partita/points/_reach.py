"""The spanning tree of mutual reachability of rows. Called by HDBSCAN, NestedDensity and Linkage."""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock

import numpy as np

from partita._core.memory import check_memory
from partita._core.progress import Progress
from partita._core.threads import map_blocks, map_tasks
from partita.hierarchy.rows import CanonicalRows
from partita.kernels import joining
from partita.kernels.cells import Cells
from partita.kernels.joining import Best, Listed, Rows
from partita.kernels.merging import merges_levels, merges_tree
from partita.kernels.spanning import lists_core
from partita.points._row_cells import RowCells, row_cells

_MORE = 5
_BLOCK = 1 << 14
_CERTAIN_ENOUGH = 0.1


@dataclass(frozen=True)
class Spine:
    """The minimum spanning tree of the mutual reachability of distinct rows, or of items.

    Attributes
    ----------
    a, b : int32[m - 1]
        The distinct rows at the ends of each edge, in content order, a < b.
    length : float64[m - 1]
        Ascending; equal lengths by a, then b.
    apart : float64[m - 1]
        The distances of the rows at the ends, never larger than the lengths.
    core : float64[m]
        The distance from each distinct row within which `min_samples` items lie, itself included; inf where
        there are fewer items.
    """

    a: np.ndarray
    b: np.ndarray
    length: np.ndarray
    apart: np.ndarray
    core: np.ndarray

    def merges(self, *, by_distance: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The tree of merges, equal lengths at once; `by_distance`: one after the other, the nearest first.

        Many edges are as long as a core distance of one of their ends: merged at once, such an end joins
        several clusters in the moment that they become one; one after the other, it joins the nearest first.
        Edges equal in both merge at once either way.

        Returns
        -------
        parent : intp[p]
            Of each part, -1 for the root; children before parents. No parts for a single row.
        height : float64[p]
        row_part : intp[m]
            The part in which each distinct row first meets another.
        """
        if not by_distance:
            return merges_tree(self.a, self.b, self.length, len(self.core))
        order = np.lexsort((self.b, self.a, self.apart, self.length))
        length, apart = self.length[order], self.apart[order]
        level = np.zeros(len(order), np.intp)
        level[1:] = np.cumsum((np.diff(length) != 0) | (np.diff(apart) != 0))
        return merges_levels(self.a[order], self.b[order], length, level, len(self.core))


@dataclass(frozen=True)
class RowSpine(Spine):
    """A spine, and what searches among its rows need.

    Attributes
    ----------
    row_cells : RowCells
    squared_core : float64[m]
        By cell, in the unit of the cells.
    list_length : int
        Nearest rows of a place among which core distances are found.
    """

    row_cells: RowCells
    squared_core: np.ndarray
    list_length: int


def spanning_tree(rows: CanonicalRows, min_samples: float, progress: Progress | None = None) -> RowSpine:
    """The spine of rows.

    Parameters
    ----------
    rows : CanonicalRows
        Whose weights are numbers of items, above 0.
    min_samples : float
        Items within a core distance, the item itself included; 1 for plain distances.
    progress : Progress, optional

    Notes
    -----
    Exact. Each row finds its nearest others in the cells that can hold them; Borůvka's rounds start from
    these lists and search further only where the lists can't tell. Which of two equally long edges is taken
    depends on the rows alone.
    """
    progress = progress or Progress()
    held = row_cells(rows, progress)
    near, number, core = _neighbours(held, min_samples, progress)
    a, b, squares, apart = _rounds(held, near, number, core, progress)
    length = np.sqrt(squares) / held.factor
    order = np.lexsort((b, a, length))
    a, b, length, apart = a[order], b[order], length[order], np.sqrt(apart[order]) / held.factor
    by_content = np.empty(len(core))
    by_content[held.cells.ids] = np.sqrt(core) / held.factor
    least = float(rows.weight.min(initial=1.0))
    needed = min(len(core), math.ceil(min_samples) if least >= 1 else near.shape[1] + 1)
    return RowSpine(a, b, length, apart, by_content, held, core, max(1, needed))


def _neighbours(
    held: RowCells, min_samples: float, progress: Progress
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lists of nearest rows, long enough for core distances and a little longer; squared core distances."""
    m = len(held.framed)
    k = min(m - 1, math.ceil(min_samples) - 1 + _MORE)
    while True:
        check_memory(
            16 * m * k,
            what=f"Lists of {k:,} neighbours of {m:,} rows",
            alternative="take a lower min_samples",
        )
        near, number = held.neighbours(k, progress)
        core = np.empty(m)
        lists_core(near, number, held.cells.counts, min_samples, core)
        # Items of weights below 1 may need longer lists.
        if k == m - 1 or np.isfinite(core).all():
            return near, number, core
        k = min(m - 1, 2 * k)


def _rounds(
    held: RowCells, near: np.ndarray, number: np.ndarray, core: np.ndarray, progress: Progress
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Borůvka's rounds: the edges of the tree, with squared lengths and distances."""
    cells, m = held.cells, len(core)
    a, b, squares, apart = (np.empty(m - 1, kind) for kind in (np.int32, np.int32, float, float))
    rows, is_open = _start(near, core), np.empty(m, np.bool_)
    listed = Listed(np.arange(m), np.empty(m), np.empty(m))
    lowest_core = np.empty(len(cells.radius))
    joining.cells_lowest(cells.first, core, lowest_core)
    edges, components = 0, m
    progress.start("joining", m)
    while components > 1:
        best, count = _no_edges(components), np.empty(components, np.intp)
        map_blocks(
            lambda start, stop: joining.lists_lead(near, number, cells.ids, rows, start, stop, listed),
            m,
            _BLOCK,
        )
        joining.edges_offer(listed, cells.ids, rows, best)
        joining.rows_open(rows, best, is_open, count)
        certain = count == 0
        if certain.sum() < _CERTAIN_ENOUGH * components:
            chosen = _few_open(count)
            is_open &= chosen[rows.component]
            _search(held, rows, is_open, best, lowest_core)
            certain |= chosen
        before = components
        edges, components = joining.components_join(
            best, certain, cells.ids, edges, a, b, squares, apart, rows.component
        )
        progress.advance(before - components)
    return a, b, squares, apart


def _start(near: np.ndarray, core: np.ndarray) -> Rows:
    m, k = near.shape
    furthest = near[:, -1].copy() if k < m - 1 else np.full(m, np.inf)
    none = np.full(m, -1, np.intp)
    return Rows(
        core, np.arange(m), np.maximum(core, furthest), furthest, none, np.full(m, np.inf), np.full(m, np.inf)
    )


def _no_edges(components: int) -> Best:
    return Best(
        np.full(components, np.inf),
        np.full(components, np.inf),
        np.full(components, -1, np.intp),
        np.full(components, -1, np.intp),
    )


def _few_open(count: np.ndarray) -> np.ndarray:
    """Components to search: those of the fewest open rows, up to half of all open rows.

    The others are spared in this round: most of them are joined by an edge that a smaller one finds.
    """
    order = np.argsort(count, kind="stable")
    total = np.cumsum(count[order])
    chosen = np.zeros(len(count), np.bool_)
    chosen[order[: max(1, int(np.searchsorted(total, total[-1] / 2, side="right")))]] = True
    if not (chosen & (count > 0)).any():
        chosen[order[np.argmax(total > 0)]] = True
    return chosen & (count > 0)


def _search(held: RowCells, rows: Rows, is_open: np.ndarray, best: Best, lowest_core: np.ndarray) -> None:
    """Search from the open rows: first where an edge is likely and none is known, then everywhere."""
    cells, lock = held.cells, Lock()
    whole, away = np.empty(len(cells.radius), np.intp), np.empty(len(cells.radius))
    joining.cells_component(cells.first, rows.component, whole)
    joining.cells_away(cells, whole, away)

    def run(some: np.ndarray, opened: np.ndarray, probe: bool) -> None:
        with lock:
            own = Best(*(array.copy() for array in best))
        joining.cells_search(cells, some, held.framed, rows, opened, own, whole, away, lowest_core, probe)
        with lock:
            joining.best_merge(best, own, cells.ids)

    blind = is_open & (best.inner[rows.component] < 0)
    for opened, probe in ((blind, True), (is_open, False)):
        if opened.any():
            rows.target[opened] = -1
            some, count = _nearest_first(cells, opened, away)
            if probe and not cells.boxed:
                leading = np.unique(whole[some], return_index=True)[1]
                some, count = some[leading], count[leading]
            shares = np.cumsum(count) // max(1, min(_BLOCK, count.sum() // 32))
            parts = np.split(some, np.flatnonzero(np.diff(shares)) + 1)
            map_tasks(lambda part: run(part, opened, probe), parts)  # noqa: B023
    joining.rows_settle(rows, best, is_open)


def _nearest_first(cells: Cells, opened: np.ndarray, away: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cells with open rows, those nearest to what may lie in other components first; how many rows."""
    count = np.add.reduceat(opened, cells.first[:-1], dtype=np.intp)
    some = np.flatnonzero(count)
    some = some[np.argsort(away[some], kind="stable")]
    return some, count[some]
