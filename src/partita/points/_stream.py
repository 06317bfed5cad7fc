"""k-means on rows that come in blocks: a sample by hashes, then passes that add up. Called by KMeans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError
from partita._core.progress import Progress
from partita.hierarchy.rows import CanonicalRows, canonical_rows, check_points, check_weights, hashes_of
from partita.points._cells import check_cells
from partita.points._learn import FEWEST_ROWS, Plan, sample_size
from partita.points._nearest import Nearest, Tally
from partita.points._nested import Nested, Stage, flat_tree, frame_of, learn_cells

_BLOCK = 1 << 15

Blocks = Callable[[], Iterable[Any]]


@dataclass
class Stream:
    """Centres, and what they have received so far.

    Attributes
    ----------
    nearest : Nearest
        Behind guides.
    plan : Plan
    total : float
        The weight of all rows of the first pass.
    kind : dtype
        Of the rows.
    fingerprint : str
    mass, inertia : float64[k]
        Weights and inertia of the cells, as far as passes have told.
    n_iter, converged
        Of the refinement on the sample.
    """

    nearest: Nearest
    plan: Plan
    total: float
    kind: np.dtype
    fingerprint: str
    n_iter: int
    converged: bool
    mass: np.ndarray = field(init=False)
    inertia: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.mass, self.inertia = np.zeros((2, len(self.nearest.centers)))

    @classmethod
    def learn(
        cls,
        estimator: Any,
        blocks: Blocks,
        plan_of: Callable[[int, int, int], Plan],
        unit: bool,
        progress: Progress,
    ) -> Stream:
        """Centres from the sample that ``fit`` would draw from all rows.

        `plan_of` tells the plan for so many rows, centres and columns.
        """
        progress.start("Draw a sample")
        size = sample_size(estimator.rows_per_cell, estimator.n_clusters or 1)
        rows, total = _draw(estimator, blocks, size)
        k, _ = check_cells(estimator.n_clusters, rows.n_distinct, rows.n_distinct)
        ids = np.arange(rows.n_distinct)
        plan = plan_of(len(ids), k, rows.source.shape[1])
        frame = frame_of(rows, ids[:FEWEST_ROWS], unit=unit)
        progress.start(f"Learn {k} cells from {len(ids)} rows")
        cells = learn_cells(rows, ids, frame, k, plan)
        kind = rows.source.dtype
        return cls(cells.nearest, plan, total, kind, rows.fingerprint, cells.n_iter, cells.converged)

    def polish(self, estimator: Any, blocks: Blocks, progress: Progress) -> None:
        """Move centres to the means of their rows, pass by pass."""
        before = 0.0
        for turn in range(self.plan.polish):
            progress.start("Pass over all blocks")
            tally = self.nearest.tally(lambda sums: self._add(estimator, blocks, sums), self.total)
            if not tally.trusted:
                break
            self.mass = tally.mass / tally.steps[1]
            inertia = float(tally.inertia(self.nearest.centers).sum())
            self.nearest = self.nearest.at(tally.means(self.nearest.centers, unit=self.nearest.frame.unit))
            self.inertia = tally.inertia(self.nearest.centers)
            if turn and before - inertia <= self.plan.tol * before:
                break
            before = inertia

    def move(self, estimator: Any, X: Any, sample_weight: Any) -> None:
        """Move each centre to the mean of what it has received with this block."""
        nearest = self.nearest.without_guides()
        tally = nearest.tally(
            lambda sums: self._add(estimator, lambda: [(X, sample_weight)], sums), max(self.total, 1.0)
        )
        received = tally.mass / tally.steps[1]
        self.inertia, self.mass = tally.inertia(nearest.centers), self.mass + received
        share = np.divide(received, self.mass, out=np.zeros_like(received), where=self.mass > 0)
        means = tally.means(nearest.centers, unit=nearest.frame.unit)
        self.nearest = self.nearest.at(nearest.centers + share[:, None] * (means - nearest.centers))

    def _add(self, estimator: Any, blocks: Blocks, tally: Tally) -> float:
        largest = 0.0
        for X, weight in _checked(estimator, blocks, first=False):
            weight = np.empty(0) if weight is None else weight
            largest = max(largest, self.nearest.add(X, np.arange(len(X)), weight, tally))
        return largest

    @property
    def nested(self) -> Nested:
        """The cells under one root, without rows."""
        tree = flat_tree(len(self.nearest.centers))
        stage = Stage(self.nearest.without_guides(), tree.leaves)
        none = np.empty(0, np.intp)
        return Nested(stage, tree.parent.tolist(), none, np.empty(0), self.n_iter, self.converged)

    @property
    def no_rows(self) -> CanonicalRows:
        """What stands in the place of rows that are not kept."""
        none, d = np.empty(0, np.intp), self.nearest.centers.shape[1]
        return CanonicalRows(np.empty((0, d), self.kind), none, np.empty(0), none, self.fingerprint)

    def of_nodes(self, values: np.ndarray) -> np.ndarray:
        """Values of cells as values of the nodes of `nested`."""
        return values if len(values) == 1 else np.concatenate([[0.0], values])


def _checked(
    estimator: Any, blocks: Blocks, *, first: bool
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    for block in blocks():
        X, weight = block if isinstance(block, tuple) else (block, None)
        X = check_points(estimator, X, reset=first)
        first = False
        yield X, check_weights(weight, len(X))


def _draw(estimator: Any, blocks: Blocks, size: int) -> tuple[CanonicalRows, float]:
    """The `size` distinct rows of lowest hash, with their weights, and the weight of all rows."""
    total, limit = 0.0, np.iinfo(np.uint64).max
    held: list[np.ndarray] = []
    weights: list[np.ndarray] = []
    for X, weight in _checked(estimator, blocks, first=True):
        weight = np.ones(len(X)) if weight is None else weight
        total += float(weight.sum())
        low = np.flatnonzero((hashes_of(X) <= limit) & (weight > 0))
        held.append(X[low])
        weights.append(weight[low])
        if sum(map(len, held)) > 2 * size + _BLOCK:
            rows = _lowest(held, weights, size)
            held, weights = [rows.points], [rows.weight]
            limit = int(hashes_of(held[0]).max()) if rows.n_distinct == size else limit
    if not held:
        raise InvalidDataError(
            "There is no block of rows.", name="blocks", hint="return a new iterator at each call"
        )
    return _lowest(held, weights, size), total


def _lowest(held: list[np.ndarray], weights: list[np.ndarray], size: int) -> CanonicalRows:
    rows = canonical_rows(np.concatenate(held), np.concatenate(weights))
    first, weight = rows.first[:size], rows.weight[:size]
    none = np.arange(len(first))
    return CanonicalRows(rows.source[first], none, weight, none, rows.fingerprint)
