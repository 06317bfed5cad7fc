"""Nested cells over all rows: learnt on a sample, assigned exactly, divided again where too large.

Called by HierarchicalKMeans.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from partita._core.errors import InfeasibleError
from partita._core.progress import Progress
from partita.hierarchy.rows import CanonicalRows, hashes_of
from partita.points._grow import CellTree, grow_tree
from partita.points._learn import FEWEST_ROWS, Plan, learn, polish
from partita.points._nearest import Frame, Nearest
from partita.points._sample import Cells, Sample, assign_all, largest, mean_of, order_by_place

_ONE_GUIDE = 128
_MOST_CELLS = 1024
_SUSPECT = 1.5
_MARGIN = 1.01


@dataclass(frozen=True)
class Request:
    """What is wanted: `n_leaves` cells, or as many as keep every cell within `max_size` rows.

    If `flat`, no cells above them, and every row at the nearest of all.
    """

    n_leaves: int
    branching: int | None
    max_size: int | None
    plan: Plan
    flat: bool = False


@dataclass(frozen=True)
class Exceptions:
    """Rows that are not where prices would put them, since they stand exactly between cells.

    Attributes
    ----------
    hashes : uint64[e]
        Ascending.
    rows : (e, d)
    labels : int32[e]
    """

    hashes: np.ndarray
    rows: np.ndarray
    labels: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray, labels: np.ndarray) -> Exceptions:
        """From rows of `X` and where they are."""
        hashes = hashes_of(X)
        order = np.argsort(hashes, kind="stable")
        return cls(hashes[order], X[order], labels[order])

    def correct(self, X: np.ndarray, rows: np.ndarray, labels: np.ndarray) -> None:
        """Put back those of the `rows` that are exceptions (`labels` in place)."""
        if not len(self.hashes):
            return
        hashes = hashes_of(X[rows])
        place = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        for i in np.flatnonzero(self.hashes[place] == hashes):
            if (self.rows[place[i]] == X[rows[i]]).all():
                labels[rows[i]] = self.labels[place[i]]


_NO_EXCEPTIONS = Exceptions(np.empty(0, np.uint64), np.empty((0, 0)), np.empty(0, np.int32))


@dataclass
class Stage:
    """One search among cells; `below` holds the stages of cells that were divided again."""

    nearest: Nearest
    nodes: np.ndarray
    below: dict[int, Stage] = field(default_factory=dict)
    exceptions: Exceptions = _NO_EXCEPTIONS


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
            stage.exceptions.correct(X, rows, labels)
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
    points = X[rows.first[ids]]
    low, high = points.min(axis=0), points.max(axis=0)
    low, high = low.astype(np.float64), high.astype(np.float64)
    largest = float(np.maximum(-low, high).max())
    spread = float((high / 2 - low / 2).max()) or largest
    scale = float(np.ldexp(1.0, -int(np.clip(np.frexp(spread)[1], -1000, 1000)))) if spread else 1.0
    # Sums of values near the end of float64's range overflow; 2**-60 of them don't.
    lift = 2.0**-60 if largest > 1e280 else 1.0
    mean = mean_of(points * lift if lift < 1.0 else points, rows.weight[ids])
    return Frame(mean * (scale / lift), scale, False)


def build(rows: CanonicalRows, request: Request, *, unit: bool, progress: Progress) -> Nested:
    """Divide rows as requested.

    Raises
    ------
    InfeasibleError
        When float64 can't tell enough rows apart.
    """
    heavy = np.flatnonzero(rows.weight > 0)
    frame = frame_of(rows, heavy[:FEWEST_ROWS], unit=unit)
    builder = _Builder(rows, request, frame, progress)
    root, work = builder.divide(_Task(0, np.arange(len(rows.source)), heavy, request.n_leaves))
    while work:
        task = work.pop()
        stage, more = builder.divide(task)
        assert task.above is not None
        task.above.below[task.cell] = stage
        work += more
    return Nested(root, builder.parent, builder.node, builder.distances, builder.n_iter, builder.converged)


def leaves_for(n_rows: int, n_distinct: int, max_size: int) -> int:
    """How many cells to try first, that each may hold at most `max_size` rows."""
    if n_rows <= max_size:
        return 1
    return max(2, min(n_distinct, _MOST_CELLS, -(-5 * n_rows // (4 * max_size))))


@dataclass(frozen=True)
class LearntCells:
    """Cells learnt from a sample, the tree over them, and how the refinement ended."""

    tree: CellTree
    nearest: Nearest
    n_iter: int
    converged: bool


def learn_cells(
    rows: CanonicalRows, ids: np.ndarray, frame: Frame, k: int, plan: Plan, branching: int | None = None, *,
    by_size: bool = False,
) -> LearntCells:  # fmt: skip
    """`k` cells of the distinct rows `ids`, behind guides."""
    points, norms = frame.see(rows.source, rows.first[ids])
    sample = Sample(points, rows.weight[ids], (norms * norms).astype(np.float32), frame.unit)
    if plan.whole:
        sample = sample.take(order_by_place(points))
    learnt = learn(sample, k, plan, by_size=by_size)
    mass = np.bincount(learnt.cells.labels, sample.weight, k) if not plan.resample else np.ones(k)
    tree = _tree_over(learnt.centers, mass, branching)
    centers = learnt.centers[tree.centers]
    place = np.empty(k, np.intp)
    place[tree.centers] = np.arange(k)
    cells = Cells(place[learnt.cells.labels], learnt.cells.distances)
    guides, lists = _guides(tree, sample, centers, cells)
    nearest = Nearest(frame, centers, guides, lists, far=_far(sample, cells, k))
    return LearntCells(tree, nearest, learnt.n_iter, learnt.converged)


def _far(sample: Sample, cells: Cells, k: int) -> np.ndarray:
    """From which squared distance on a row is suspected to belong elsewhere; everywhere in unseen cells."""
    mass = np.bincount(cells.labels, sample.weight, k)
    inertia = np.bincount(cells.labels, sample.weight * cells.distances, k)
    return np.divide(_SUSPECT * inertia, mass, out=np.full(k, -1.0), where=mass > 0)


def flat_tree(k: int) -> CellTree:
    """The root and its `k` children; only the root for one."""
    if k == 1:
        return CellTree(np.array([-1]), np.array([0]), np.array([0]))
    return CellTree(np.array([-1] + [0] * k), np.arange(1, k + 1), np.arange(k))


def _tree_over(centers: np.ndarray, mass: np.ndarray, branching: int | None) -> CellTree:
    points = centers.astype(np.float32)
    squares = np.einsum("ij,ij->i", points, points)
    return grow_tree(Sample(points, np.maximum(mass, mass[mass > 0].min()), squares), branching)


@dataclass(frozen=True)
class _Task:
    """A node to divide: its rows, its distinct rows, and how many cells it becomes."""

    node: int
    members: np.ndarray
    ids: np.ndarray
    n_leaves: int
    above: Stage | None = None
    cell: int = 0


class _Builder:
    """The arrays that all stages write to, and the division of one node."""

    def __init__(self, rows: CanonicalRows, request: Request, frame: Frame, progress: Progress) -> None:
        n = len(rows.source)
        self._rows, self._request, self._frame, self._progress = rows, request, frame, progress
        self._labels, self._weight = np.empty(n, np.int32), np.empty(0)
        if not (rows.weight == 1.0).all():
            self._weight = np.zeros(n)
            self._weight[rows.first] = rows.weight
        self.parent, self.node, self.distances = [-1], np.empty(n, np.intp), np.empty(n)
        self.n_iter, self.converged = 0, True

    def divide(self, task: _Task) -> tuple[Stage, list[_Task]]:
        """Learn the cells of a node, assign its rows, and name the cells that are still too large."""
        tree, nearest, guide_of = self._learn(task)
        self._progress.start(f"Assign {len(task.members)} rows", len(task.members))
        nearest = self._assign(nearest, task, guide_of)
        local = np.concatenate([[task.node], len(self.parent) + np.arange(len(tree.parent) - 1)])
        self.parent += [int(local[above]) for above in tree.parent[1:]]
        stage = Stage(nearest, local[tree.leaves].astype(np.intp))
        self.node[task.members] = stage.nodes[self._labels[task.members]]
        return stage, self._too_large(stage, task)

    def _learn(self, task: _Task) -> tuple[CellTree, Nearest, np.ndarray]:
        """The cells of a node; and where all rows were asked for their guides by the way, those, int32[n]."""
        request, k = self._request, task.n_leaves
        size = request.plan.sample_size(k)
        self._progress.start(f"Learn {k} cells from {min(size, len(task.ids))} rows")
        cells = learn_cells(
            self._rows, task.ids[:size], self._frame, k, request.plan, request.branching,
            by_size=request.max_size is not None,
        )  # fmt: skip
        self.n_iter, self.converged = max(self.n_iter, cells.n_iter), self.converged and cells.converged
        nearest, asked = cells.nearest, False
        if len(task.ids) > size and not request.plan.resample:
            rows = np.sort(self._rows.first[task.ids])
            nearest = polish(nearest, self._rows.source, rows, self._weight, request.plan, self._labels)
            asked = request.plan.polish > 0 and len(task.ids) == len(task.members)
        if request.flat:
            return flat_tree(k), nearest.without_guides(), self._labels[:0]
        return cells.tree, nearest, self._labels if asked else self._labels[:0]

    def _assign(self, nearest: Nearest, task: _Task, guide_of: np.ndarray) -> Nearest:
        """Assign the rows; empty cells move to the farthest rows and take what is nearest: inertia falls."""
        X, own = self._rows.source, self._rows.first[task.ids]
        k = len(nearest.centers)
        nearest.find(X, task.members, self._labels, self.distances, self._progress, guide_of)
        while True:
            empty = np.flatnonzero(np.bincount(self._labels[own], minlength=k) == 0)
            if not len(empty):
                return nearest
            farthest = largest(self.distances[own], len(empty))
            farthest = farthest[self.distances[own[farthest]] > 0]
            if not len(farthest):
                raise InfeasibleError(
                    f"{k} cells are wanted, and float64 can tell only {k - len(empty)} rows apart.",
                    f"ask for at most {k - len(empty)} parts, or scale the columns to a common size",
                    name="n_clusters",
                )
            exact = [nearest.frame.see_exactly(X, row) for row in own[farthest]]
            nearest = nearest.moved(empty[: len(farthest)], np.array(exact))
            self._take(nearest, empty[: len(farthest)], task.members)

    def _take(self, nearest: Nearest, cells: np.ndarray, members: np.ndarray) -> None:
        """Search anew for the rows that one of `cells` is nearest to: what a search of all would find."""
        rows = members[self._may_reach(nearest, cells, members)]
        labels, distances = np.empty_like(self._labels), np.empty_like(self.distances)
        nearest.only(cells).find(self._rows.source, rows, labels, distances)
        rows = rows[distances[rows] <= self.distances[rows]]
        nearest.find(self._rows.source, rows, self._labels, self.distances)

    def _may_reach(self, nearest: Nearest, cells: np.ndarray, members: np.ndarray) -> np.ndarray:
        """Whether one of the `cells` may be as near to a row as its own: not if it is twice as far from that.

        bool, for each of `members`.
        """
        centers = nearest.centers
        apart = np.full(len(centers), np.inf)
        for cell in cells:
            between = centers - centers[cell]
            apart = np.minimum(apart, np.einsum("ij,ij->i", between, between))
        return 4.0 * _MARGIN * self.distances[members] >= apart[self._labels[members]]

    def _too_large(self, stage: Stage, task: _Task) -> list[_Task]:
        max_size = self._request.max_size
        if max_size is None:
            return []
        labels, own = self._labels[task.members], self._labels[self._rows.first[task.ids]]
        work = []
        for cell in np.flatnonzero(np.bincount(labels, minlength=len(stage.nodes)) > max_size):
            members, ids = task.members[labels == cell], task.ids[own == cell]
            n_leaves = leaves_for(len(members), len(ids), max_size)
            work.append(_Task(int(stage.nodes[cell]), members, ids, n_leaves, stage, int(cell)))
        return work


def _guides(
    tree: CellTree, sample: Sample, centers: np.ndarray, cells: Cells
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Groups of about the square root of all cells, and the cells of the rows nearest to each group."""
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
    """The group of each leaf: the highest cell above it with few leaves, or with only leaves below it."""
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
