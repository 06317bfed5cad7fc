"""Nested cells over all rows: learnt on a sample, assigned exactly, divided again where too large.

Called by HierarchicalKMeans.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from partita._core.errors import InfeasibleError
from partita._core.progress import Progress
from partita.points._grow import CellTree, grow_cells
from partita.points._input import CanonicalRows
from partita.points._nearest import Frame, Nearest
from partita.points._sample import Cells, Sample, assign_all, refine

_ROWS_PER_CELL = 128
_FEWEST_ROWS = 32768
_NEAR = 64
_ONE_GUIDE = 128
_MOST_CELLS = 1024
_ROUNDS = 5


@dataclass(frozen=True)
class Request:
    """What is wanted: `n_leaves` cells, or as many as keep every cell within `max_size` rows."""

    n_leaves: int
    branching: int | None
    max_size: int | None
    max_iter: int
    tol: float


@dataclass
class Stage:
    """One search among cells; `below` holds the stages of cells that were divided again."""

    nearest: Nearest
    nodes: np.ndarray
    below: dict[int, Stage] = field(default_factory=dict)


@dataclass
class Nested:
    """The tree of all stages, and what the assignment of the training rows found.

    Attributes
    ----------
    root : Stage
    parent : list of int
        Of each node; -1 for the root, parents first.
    node : intp[n]
        The leaf node of each row.
    distances : float64[n]
        Squared, to the centre of that leaf, in the frame.
    n_iter, converged
        Iterations of the longest refinement, and whether all refinements ended by `tol`.
    """

    root: Stage
    parent: list[int]
    node: np.ndarray
    distances: np.ndarray
    n_iter: int
    converged: bool

    def stages(self) -> list[Stage]:
        """All stages, each after the one above it."""
        found = [self.root]
        for stage in found:
            found.extend(stage.below.values())
        return found

    def find(self, X: np.ndarray) -> np.ndarray:
        """The leaf node of each row of new data, intp[n]."""
        node, labels = np.empty(len(X), np.intp), np.empty(len(X), np.int32)
        distances = np.empty(len(X))
        waiting = [(self.root, np.arange(len(X)))]
        while waiting:
            stage, rows = waiting.pop()
            stage.nearest.find(X, rows, labels, distances)
            node[rows] = stage.nodes[labels[rows]]
            for cell, below in stage.below.items():
                mine = rows[labels[rows] == cell]
                if len(mine):
                    waiting.append((below, mine))
        return node


def frame_of(rows: CanonicalRows, ids: np.ndarray, *, unit: bool) -> Frame:
    """The frame in which the rows of a sample have mean 0 and size about 1."""
    X = rows.source
    d = X.shape[1]
    if unit:
        return Frame(np.zeros(d), 1.0, True)
    points = X[rows.first[ids]].astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    half = high / 2 - low / 2 if np.abs(points).max() > 1e300 else (high - low) / 2
    spread = float(half.max(initial=0.0)) or float(np.abs(points).max(initial=0.0))
    scale = float(np.ldexp(1.0, -int(np.clip(np.frexp(spread)[1], -1000, 1020)))) if spread else 1.0
    return Frame(np.average(points * scale, axis=0, weights=rows.weight[ids]), scale, False)


def build(rows: CanonicalRows, request: Request, *, unit: bool, progress: Progress) -> Nested:
    """Divide rows as requested.

    Raises
    ------
    InfeasibleError
        When float64 can't tell enough rows apart.
    """
    n = len(rows.source)
    heavy = np.flatnonzero(rows.weight > 0)
    frame = frame_of(rows, heavy[: _sample_size(request.n_leaves)], unit=unit)
    nested = Nested(Stage(None, np.empty(0)), [-1], np.empty(n, np.intp), np.empty(n), 0, True)  # type: ignore[arg-type]
    labels = np.empty(n, np.int32)
    work = [(None, 0, 0, np.arange(n), heavy, request.n_leaves)]
    while work:
        above, cell, node, members, ids, n_leaves = work.pop()
        stage = _stage(nested, labels, rows, frame, node, members, ids, n_leaves, request, progress)
        if above is None:
            nested.root = stage
        else:
            above.below[cell] = stage
        if request.max_size is not None:
            work += _too_large(stage, labels, rows, members, ids, request.max_size)
    return nested


def leaves_for(n_rows: int, n_distinct: int, max_size: int) -> int:
    """How many cells to try first, that each may hold at most `max_size` rows."""
    if n_rows <= max_size:
        return 1
    return max(2, min(n_distinct, _MOST_CELLS, -(-5 * n_rows // (4 * max_size))))


def _sample_size(n_leaves: int) -> int:
    return max(_FEWEST_ROWS, _ROWS_PER_CELL * n_leaves)


def _stage(nested, labels, rows, frame, node, members, ids, n_leaves, request, progress) -> Stage:
    X = rows.source
    learnt = ids[: _sample_size(n_leaves)]
    progress.start(f"Learn {n_leaves} cells from {len(learnt)} rows")
    points, norms = frame.see(X, rows.first[learnt])
    sample = Sample(points, rows.weight[learnt], (norms * norms).astype(np.float32), frame.unit)
    tree = grow_cells(sample, n_leaves, request.branching, by_size=request.max_size is not None)
    centers = tree.centers.copy()
    cells, n_iter, converged = refine(
        sample, centers, max_iter=request.max_iter, tol=request.tol, n_near=_NEAR
    )
    nested.n_iter, nested.converged = max(nested.n_iter, n_iter), nested.converged and converged
    cells = _fill_sample(sample, centers, cells)
    guides, lists = _guides(tree, sample, centers, cells)
    progress.start(f"Assign {len(members)} rows", len(members))
    nearest = _fill_exactly(
        Nearest(frame, centers, guides, lists), rows, members, ids, labels, nested.distances, progress
    )
    local = np.concatenate([[node], len(nested.parent) + np.arange(len(tree.parent) - 1)]).astype(np.intp)
    nested.parent += [int(local[above]) for above in tree.parent[1:]]
    stage = Stage(nearest, local[tree.leaves])
    nested.node[members] = stage.nodes[labels[members]]
    return stage


def _fill_sample(sample: Sample, centers: np.ndarray, cells: Cells) -> Cells:
    """Give centres without rows the rows that are farthest from theirs."""
    for _ in range(_ROUNDS):
        empty = np.flatnonzero(np.bincount(cells.labels, minlength=len(centers)) == 0)
        if not len(empty):
            break
        farthest = np.argsort(-cells.distances, kind="stable")[: len(empty)]
        centers[empty[: len(farthest)]] = sample.points[farthest]
        cells = assign_all(sample, centers)
    return cells


def _fill_exactly(nearest, rows, members, ids, labels, distances, progress) -> Nearest:
    """Assign `members`; while cells stay empty, move them to the farthest rows, so the inertia falls each time."""
    X, own = rows.source, rows.first[ids]
    while True:
        nearest.find(X, members, labels, distances, progress)
        empty = np.flatnonzero(np.bincount(labels[own], minlength=len(nearest.centers)) == 0)
        if not len(empty):
            return nearest
        farthest = np.argsort(-distances[own], kind="stable")[: len(empty)]
        farthest = farthest[distances[own[farthest]] > 0]
        if not len(farthest):
            n_cells = len(nearest.centers) - len(empty)
            raise InfeasibleError(
                f"{len(nearest.centers)} cells are wanted, and float64 can tell only {n_cells} rows apart.",
                f"ask for at most {n_cells} parts, or scale the columns to a common size",
                name="n_clusters",
            )
        centers = nearest.centers.copy()
        centers[empty[: len(farthest)]] = [nearest.frame.see_exactly(X, row) for row in own[farthest]]
        lists = [np.union1d(cells, empty) for cells in nearest.lists]
        nearest = Nearest(nearest.frame, centers, nearest.guides, lists)


def _guides(
    tree: CellTree, sample: Sample, centers: np.ndarray, cells: Cells
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Groups of about the square root of all cells, and the cells that rows near each group's centre fall in."""
    k = len(centers)
    everything = np.arange(k)
    if k <= _ONE_GUIDE:
        return centers[:1], [everything]
    group = _groups(tree)
    n_groups = int(group.max()) + 1
    mass = np.bincount(cells.labels, sample.weight, k)
    total = np.bincount(group, mass, n_groups)
    guides = np.zeros((n_groups, centers.shape[1]))
    np.add.at(guides, group, mass[:, None] * centers)
    guides = guides[total > 0] / total[total > 0, None]
    asked = assign_all(sample, guides).labels
    pairs = np.unique(asked * k + cells.labels)
    unseen = np.flatnonzero(mass == 0)
    lists = [np.union1d(pairs[pairs // k == guide] % k, unseen) for guide in range(len(guides))]
    lists = [cells_of if len(cells_of) else everything for cells_of in lists]
    return guides, lists


def _groups(tree: CellTree) -> np.ndarray:
    """The group of each leaf: the highest cell above it with few leaves, or with nothing but leaves below it."""
    m, k = len(tree.parent), len(tree.leaves)
    below, inner = np.zeros(m, np.intp), np.zeros(m, bool)
    below[tree.leaves] = 1
    is_leaf = below.astype(bool)
    for v in range(m - 1, 0, -1):
        below[tree.parent[v]] += below[v]
        inner[tree.parent[v]] |= not is_leaf[v]
    stops = (below * below <= k) | ~inner
    group = np.full(m, -1, np.intp)
    for v in range(m):
        above = group[tree.parent[v]] if v else -1
        group[v] = above if above >= 0 else (v if stops[v] else -1)
    return np.unique(group[tree.leaves], return_inverse=True)[1]


def _too_large(stage, labels, rows, members, ids, max_size) -> list:
    count = np.bincount(labels[members], minlength=len(stage.nodes))
    own = labels[rows.first[ids]]
    work = []
    for cell in np.flatnonzero(count > max_size):
        inside, distinct = members[labels[members] == cell], ids[own == cell]
        n_leaves = leaves_for(len(inside), len(distinct), max_size)
        work.append((stage, int(cell), int(stage.nodes[cell]), inside, distinct, n_leaves))
    return work
