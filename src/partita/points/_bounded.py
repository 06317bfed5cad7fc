"""Nested cells of bounded size on every level. Called by HierarchicalKMeans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.errors import InfeasibleError
from partita._core.progress import Progress
from partita.hierarchy.rows import CanonicalRows
from partita.points._even import even_tree
from partita.points._grow import CellTree, grow_tree
from partita.points._learn import FEWEST_ROWS, Plan
from partita.points._nearest import Nearest
from partita.points._nested import Exceptions, Nested, Stage, flat_tree, frame_of, learn_cells
from partita.points._sample import Sample
from partita.points._start import share_leaves, start_centers
from partita.transport.balanced import balance_cells

_AT_ONCE = 2000
_FINER = 4.0
_FEW_PAIRS, _STARTS = 50_000, 8


@dataclass(frozen=True)
class Bounds:
    """Rows of a leaf, from `low` to `high`; a part of g leaves holds from g low to g high.

    Where they are `even`, the parts of a level have equally many leaves, to within one.
    """

    low: int
    high: int
    even: bool = False


@dataclass(frozen=True)
class _Task:
    node: int
    members: np.ndarray
    n_leaves: int
    depth: int
    above: Stage | None = None
    cell: int = 0


def build_bounded(
    rows: CanonicalRows,
    n_leaves: int,
    bounds: Bounds,
    branching: int | None,
    plan: Plan,
    *,
    unit: bool,
    progress: Progress,
) -> Nested:
    """Divide rows into `n_leaves` cells within bounds, and so on every level.

    Leaves come first, all at once, and are put together to the parts above them: so the bounds cost least.
    Only where there are very many, parts come before leaves.

    Raises
    ------
    InfeasibleError
        Where equal rows would have to be in different cells.
    """
    builder = _Builder(rows, bounds, branching, plan, unit, progress)
    # In content order, which settles ties of rows that look the same in the frame (of one direction).
    work = [_Task(0, np.argsort(rows.inverse, kind="stable"), n_leaves, 0)]
    while work:
        work += builder.divide(work.pop())
    assert builder.root is not None
    return Nested(
        builder.root, builder.parent, builder.node, builder.distances, builder.n_iter, builder.converged
    )


class _Builder:
    """The arrays that all divisions write to."""

    def __init__(
        self, rows: CanonicalRows, bounds: Bounds, branching: int | None, plan: Plan, unit: bool,
        progress: Progress,
    ) -> None:  # fmt: skip
        n = len(rows.source)
        self._rows, self._bounds, self._branching, self._plan = rows, bounds, branching, plan
        self._progress = progress
        self._frame = frame_of(rows, np.arange(min(rows.n_distinct, FEWEST_ROWS)), unit=unit)
        self._labels = np.empty(n, np.int32)
        self.root: Stage | None = None
        self.parent, self.node, self.distances = [-1], np.empty(n, np.intp), np.empty(n)
        self.n_iter, self.converged = 0, True

    def divide(self, task: _Task) -> list[_Task]:
        """Divide one node, and name the cells that hold more than one leaf."""
        at_once = task.n_leaves <= _AT_ONCE
        nearest, leaves = self._part(task, task.n_leaves if at_once else self._n_parts(task))
        tree = self._tree(nearest, task) if at_once and task.depth == 0 else flat_tree(len(leaves))
        local = np.concatenate([[task.node], len(self.parent) + np.arange(len(tree.parent) - 1)])
        self.parent += [int(local[above]) for above in tree.parent[1:]]
        nodes = np.empty(len(leaves), np.intp)
        nodes[tree.centers] = local[tree.leaves]
        stage = Stage(nearest, nodes, exceptions=self._exceptions(nearest, task.members))
        if task.above is None:
            self.root = stage
        else:
            task.above.below[task.cell] = stage
        mine = self._labels[task.members]
        self.node[task.members] = nodes[mine]
        return [
            _Task(int(nodes[c]), task.members[mine == c], int(leaves[c]), task.depth + 1, stage, int(c))
            for c in np.flatnonzero(leaves > 1)
        ]

    def _n_parts(self, task: _Task) -> int:
        if self._branching is not None:
            return min(self._branching, task.n_leaves)
        return int(np.ceil(np.sqrt(task.n_leaves)))

    def _tree(self, nearest: Nearest, task: _Task) -> CellTree:
        """The tree over the leaves of a node."""
        if self._bounds.even:
            return even_tree(nearest.centers, self._branching, unit=self._frame.unit)
        points = nearest.centers.astype(np.float32)
        mass = np.bincount(self._labels[task.members], minlength=len(points)).astype(float)
        return grow_tree(Sample(points, mass, np.einsum("ij,ij->i", points, points)), self._branching)

    def _part(self, task: _Task, n_parts: int) -> tuple[Nearest, np.ndarray]:
        """The search among the parts of a node (labels and distances of its rows), and leaves for each."""
        rows, frame, members, plan = self._rows, self._frame, task.members, self._plan
        ids = np.unique(rows.inverse[members])
        learnt = learn_cells(rows, ids[: plan.sample_size(n_parts)], frame, n_parts, plan)
        leaves = self._shared(learnt.nearest, task, n_parts)
        low, high = leaves * self._bounds.low, leaves * self._bounds.high
        points, _ = frame.see(rows.source, members)
        tried = [
            balance_cells(
                points, start, low, high, max_iter=plan.max_iter, tol=plan.tol / _FINER, unit=frame.unit,
                progress=self._progress,
            )
            for start in self._starts(learnt.nearest.centers, ids)
        ]  # fmt: skip
        cells = min(tried, key=lambda one: one.cost)
        self.n_iter, self.converged = max(self.n_iter, cells.n_iter), self.converged and cells.converged
        self._labels[members] = _united(cells.labels, rows.inverse[members], low, high)
        prices = cells.prices - cells.prices.min()
        nearest = Nearest(frame, cells.centers, cells.centers[:1], [np.arange(n_parts)], prices)
        nearest.measure(rows.source, members, self._labels, self.distances)
        return nearest, leaves

    def _starts(self, learnt: np.ndarray, ids: np.ndarray) -> list[np.ndarray]:
        """The learnt centres; for few rows, rows far from one another too, as bounds may want other cells."""
        rows, k, m = self._rows, len(learnt), len(ids)
        if m * k > _FEW_PAIRS or m < k or k == 1:
            return [learnt]
        points, norms = self._frame.see(rows.source, rows.first[ids])
        sample = Sample(points, rows.weight[ids], (norms * norms).astype(np.float32), self._frame.unit)
        turns = [np.roll(np.arange(m), turn * m // _STARTS) for turn in range(1, _STARTS)]
        return [learnt] + [start_centers(sample.take(turn), k) for turn in turns]

    def _shared(self, nearest: Nearest, task: _Task, n_parts: int) -> np.ndarray:
        """Leaves for each part: one if there are as many, by size otherwise, or to each equally many."""
        if n_parts == task.n_leaves:
            return np.ones(n_parts, np.intp)
        nearest.find(self._rows.source, task.members, self._labels, self.distances)
        sizes = np.bincount(self._labels[task.members], minlength=n_parts)
        if not self._bounds.even:
            return share_leaves(sizes.astype(float), np.full(n_parts, task.n_leaves), task.n_leaves)
        leaves = np.full(n_parts, task.n_leaves // n_parts)
        leaves[np.argsort(-sizes, kind="stable")[: task.n_leaves % n_parts]] += 1
        return leaves

    def _exceptions(self, nearest: Nearest, members: np.ndarray) -> Exceptions:
        X = self._rows.source
        found, distances = np.empty_like(self._labels), np.empty_like(self.distances)
        nearest.find(X, members, found, distances)
        apart = members[found[members] != self._labels[members]]
        return Exceptions.of(X[apart], self._labels[apart])


def _united(labels: np.ndarray, value: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Labels in which equal rows are together: each such group in a cell of its own that has room for it."""
    order = np.lexsort((labels, value))
    split = (value[order][1:] == value[order][:-1]) & (labels[order][1:] != labels[order][:-1])
    labels, sizes = labels.copy(), np.bincount(labels, minlength=len(low))
    for group in np.unique(value[order][1:][split]):
        rows = np.flatnonzero(value == group)
        cells, counts = np.unique(labels[rows], return_counts=True)
        for target in cells[np.argsort(-counts, kind="stable")]:
            after = sizes.copy()
            after[cells] -= counts
            after[target] += len(rows)
            if (after[cells] >= low[cells]).all() and (after[cells] <= high[cells]).all():
                labels[rows], sizes = target, after
                break
        else:
            raise InfeasibleError(
                f"A row that is repeated {len(rows)} times stands between cells that are full, and equal "
                "rows can't be in different cells.",
                "wider bounds, or drop repeated rows first",
                name="balance",
            )
    return labels
