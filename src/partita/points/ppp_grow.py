"""The whole tree of PPP: mixtures where they find parts, halving below, and the way of a row down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from partita._core.progress import Progress
from partita._core.threads import map_blocks
from partita.kernels.bisect import cells_divide, planes_descend
from partita.kernels.mixture import mixture_descend
from partita.points.ppp_mixture import Mixture, fit_mixture
from partita.points.ppp_space import Space, find_space
from partita.points.ppp_tree import MOST_MISTAKEN, ComponentTree, component_tree

_SAMPLE = 10_000
_MOST_CELLS = 4096
_BLOCK = 1 << 14
_FEWEST_ROWS_ANEW = 200
_WELL_EXPLAINED = 0.95


class _Model:
    """One look at some rows: their space, the mixture in it, and where each component leads.

    ``leads_to`` is the next model of a component or -1; ``cell_root`` the cell it starts from or -1;
    ``child``, ``plane`` and ``part`` are the cells of all components.
    """

    def __init__(self, space: Space, mixture: Mixture, tree: ComponentTree) -> None:
        self.space, self.mixture, self.tree = space, mixture, tree
        self.leads_to = np.full(mixture.n_components, -1, np.intp)
        self.cell_root = np.full(mixture.n_components, -1, np.intp)
        self.child = np.empty((0, 2), np.intp)
        self.plane = np.empty((0, space.rank + 1))
        self.part = np.empty(0, np.intp)

    def components_of(self, Z: np.ndarray) -> np.ndarray:
        """The component of each row, intp."""
        out = np.empty(len(Z), np.intp)
        placing, child = self.mixture.placing(), self.tree.child
        map_blocks(lambda start, stop: mixture_descend(Z, start, stop, *placing, child, out), len(Z), _BLOCK)
        return out


@dataclass
class Grown:
    """The tree in the order of its growth, and the models that place rows in it."""

    parent: list[int] = field(default_factory=list)
    height: list[float] = field(default_factory=list)
    separability: list[float] = field(default_factory=list)
    levels: list[np.ndarray] = field(default_factory=list)
    models: list[_Model] = field(default_factory=list)
    choices: dict[str, Any] = field(default_factory=dict)
    cost: float | None = None
    converged: bool | None = None
    n_components: int = 1
    placed: np.ndarray = field(default_factory=lambda: np.zeros(0, np.intp))

    def add(self, parent: int, height: float, separability: float) -> int:
        """A new part; returns its number."""
        self.parent.append(parent)
        self.height.append(min(height, self.height[parent]) if parent >= 0 else height)
        self.separability.append(separability)
        return len(self.parent) - 1

    def place(self, X: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The deepest part of some rows of `X`, intp[len(rows)], by the number of its growth."""
        out = np.zeros(len(rows), np.intp)
        waiting = [(0, np.arange(len(rows), dtype=np.intp))] if self.models else []
        while waiting:
            number, at = waiting.pop()
            model = self.models[number]
            Z = model.space.project(X, rows[at])
            component = model.components_of(Z)
            cell = np.empty(len(at), np.intp)
            here = np.flatnonzero(model.cell_root[component] >= 0)
            planes_descend(Z, here, model.cell_root[component[here]], model.child, model.plane, cell)
            out[at[here]] = model.part[cell[here]]
            leads_to = model.leads_to[component]
            waiting.extend((int(to), at[leads_to == to]) for to in np.unique(leads_to) if to >= 0)
        return out


def grow(
    X: np.ndarray,
    rows: np.ndarray,
    weight: np.ndarray,
    *,
    unit: bool,
    min_size: int,
    max_depth: int,
    progress: Progress,
) -> Grown:
    """The tree of the distinct rows ``X[rows]``, of frequencies `weight`, in content order."""
    counted = np.flatnonzero(weight > 0)
    grower = _Grower(X, unit, min_size, max_depth, progress)
    top = grower.grown.add(-1, np.inf, 1.0)
    grower.divide(top, _Rows(counted, rows[counted], weight[counted]), 0)
    grown = grower.finish()
    grown.placed = np.zeros(len(rows), np.intp)
    for leaf in grower.leaves:
        model = grown.models[leaf.model]
        root = np.full(len(leaf.Z), model.cell_root[leaf.component])
        cell = np.empty(len(leaf.Z), np.intp)
        planes_descend(leaf.Z, np.arange(len(leaf.Z)), root, model.child, model.plane, cell)
        grown.placed[leaf.number] = model.part[cell]
    uncounted = np.flatnonzero(weight <= 0)
    grown.placed[uncounted] = grown.place(X, rows[uncounted])
    return grown


class _Rows(NamedTuple):
    """Some of the distinct rows: their numbers, where they stand in the data, their frequencies."""

    number: np.ndarray
    row: np.ndarray
    weight: np.ndarray

    def at(self, where: np.ndarray) -> _Rows:
        """Those at some positions."""
        return _Rows(*(column[where] for column in self))


@dataclass
class _Leaf:
    """A component below which no mixture looks: its part, and its rows."""

    model: int
    component: int
    part: int
    Z: np.ndarray
    number: np.ndarray
    weight: np.ndarray


class _Grower:
    def __init__(self, X: np.ndarray, unit: bool, min_size: int, max_depth: int, progress: Progress) -> None:
        self.X, self.unit, self.min_size, self.max_depth = X, unit, min_size, max_depth
        self.progress = progress
        self.grown = Grown()
        self.coarse: list[int] = []
        self.found: list[tuple[int, int]] = []
        self.divided: set[int] = set()
        self.leaves: list[_Leaf] = []

    def divide(self, part: int, rows: _Rows, depth: int) -> int | None:
        """Look at the rows of a part anew; returns the number of the model, None where it finds one part."""
        self.progress.start(f"Looking at {len(rows.row):,} rows", None)
        space = find_space(self.X, rows.row, rows.weight, self.unit) if len(rows.row) > 1 else None
        if space is None:
            return None
        Z = space.project(self.X, rows.row)
        at, share = _sample(rows.weight)
        sampled = Z[at].astype(np.float64)
        mixture = fit_mixture(sampled, share, space.rounding)
        tree = component_tree(mixture, sampled, share, self.min_size * share.sum() / rows.weight.sum())
        parts = tree.parts()
        if depth and len(parts) == 1:
            return None
        model = _Model(space, mixture, tree)
        number = len(self.grown.models)
        self.grown.models.append(model)
        if depth == 0:
            self._record(model, len(at), len(parts))
        self._number_parts(part, number, parts, Z, rows, depth)
        return number

    def _record(self, model: _Model, sampled: int, n_parts: int) -> None:
        mixture, space = model.mixture, model.space
        self.grown.cost, self.grown.converged = -mixture.evidence, mixture.converged
        self.grown.n_components = mixture.n_components
        self.grown.choices = {
            "directions": f"{space.rank}, which keep {space.explained:.0%} of the scaled variance",
            "rows for the mixture": f"{sampled:,}, the first by content",
            "components": f"{mixture.n_components}, by evidence",
            "covariances": f"{mixture.shape}, by evidence",
            "parts": f"{n_parts}: at most {MOST_MISTAKEN:.0%} mistaken, with a valley between",
        }

    def _number_parts(
        self, top: int, number: int, parts: list[int], Z: np.ndarray, rows: _Rows, depth: int
    ) -> None:
        """Number the parts of one look from the top down, and go on below each."""
        model = self.grown.models[number]
        tree, k = model.tree, model.mixture.n_components
        component = model.components_of(Z)
        root = 2 * k - 2
        self.grown.height[top] = min(self.grown.height[top], tree.height[root] if k > 1 else 1.0)
        new, evident = {root: top}, set(parts)
        stack = [(root, True)]
        while stack:
            v, above = stack.pop()
            if v in evident:
                self.found.append((new[v], depth))
                at = np.flatnonzero(np.isin(component, tree.components(v)))
                below = self._look_again(model, new[v], rows.at(at), depth, len(parts))
                if below is not None:
                    model.leads_to[tree.components(v)] = below
                    continue
                above = False
            if v < k:
                at = np.flatnonzero(component == v)
                self.leaves.append(_Leaf(number, v, new[v], Z[at], rows.number[at], rows.weight[at]))
                continue
            for u in tree.child[v - k].tolist():
                new[u] = self.grown.add(new[v], tree.height[u], tree.separability[u] if above else 0.0)
                stack.append((u, above))
        if depth == 0:
            self.coarse = [new[v] for v in tree.coarse_parts(parts)]

    def _look_again(self, model: _Model, part: int, rows: _Rows, depth: int, n_parts: int) -> int | None:
        hidden = model.space.explained < _WELL_EXPLAINED and n_parts > 1
        if not hidden or depth + 1 >= self.max_depth or len(rows.row) < _FEWEST_ROWS_ANEW:
            return None
        below = self.divide(part, rows, depth + 1)
        if below is not None:
            self.divided.add(part)
        return below

    def finish(self) -> Grown:
        """Halve the components, name the levels, and hand the tree over."""
        self._halve_leaves()
        deepest = max((depth for _, depth in self.found), default=-1)
        levels = [
            [p for p, d in self.found if d == depth or (d < depth and p not in self.divided)]
            for depth in range(deepest + 1)
        ]
        levels.insert(0, self.coarse)
        self.grown.levels = [np.array(level, np.intp) for level in levels if level not in ([], [0])]
        return self.grown

    def _halve_leaves(self) -> None:
        grown = self.grown
        total = sum(len(leaf.Z) for leaf in self.leaves)
        base = 0.999 * min((h for h in grown.height if 0.0 < h < np.inf), default=1.0)
        trees = [_halve(leaf, total) for leaf in self.leaves]
        largest = max((spread[0] for _, spread, _ in trees if len(spread)), default=0.0)
        gathered: list[list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = [[] for _ in grown.models]
        offset = [0] * len(grown.models)
        for leaf, (child, spread, plane) in zip(self.leaves, trees, strict=True):
            number = np.empty(len(spread), np.intp)
            height = base * spread / largest if largest > 0.0 else np.zeros(len(spread))
            number[0] = leaf.part
            grown.height[leaf.part] = min(grown.height[leaf.part], float(height[0]))
            for v in range(len(spread)):
                for u in child[v][child[v] >= 0]:
                    number[u] = grown.add(int(number[v]), float(height[u]), 0.0)
            shift = offset[leaf.model]
            grown.models[leaf.model].cell_root[leaf.component] = shift
            gathered[leaf.model].append((np.where(child >= 0, child + shift, -1), plane, number))
            offset[leaf.model] += len(spread)
        for model, pieces in zip(grown.models, gathered, strict=True):
            if pieces:
                model.child, model.plane, model.part = (np.concatenate(a) for a in zip(*pieces, strict=True))


def _halve(leaf: _Leaf, total: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Children, spread and planes of the cells of one component; many enough for 4,096 in all."""
    n, r = leaf.Z.shape
    most = n if total <= _MOST_CELLS else max(1, round(_MOST_CELLS * n / total))
    most = max(1, most)
    start, stop = np.empty(2 * most, np.intp), np.empty(2 * most, np.intp)
    child, spread = np.full((2 * most, 2), -1, np.intp), np.zeros(2 * most)
    plane = np.zeros((2 * most, r + 1))
    order = np.arange(n, dtype=np.intp)
    made = cells_divide(leaf.Z, leaf.weight, order, most, 1, start, stop, child, spread, plane)
    return child[:made].copy(), spread[:made].copy(), plane[:made].copy()


def _sample(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most 10,000 rows for a mixture, and their frequencies.

    Rows that weigh more than their share are taken; of the others, the first by content, weighted up to stand
    for the rest. The frequencies sum to those of the rows taken, so that they claim no more evidence.
    """
    u = len(weight)
    if u <= _SAMPLE:
        return np.arange(u), weight
    heavy = weight * _SAMPLE > weight.sum()
    light = np.flatnonzero(~heavy)[: _SAMPLE - int(heavy.sum())]
    share = weight.copy()
    share[light] *= weight[~heavy].sum() / weight[light].sum()
    at = np.sort(np.concatenate([np.flatnonzero(heavy), light]))
    return at, share[at] * (weight[at].sum() / share[at].sum())
