"""Items of unequal weight in cells with limited resources: a linear program, then whole items.

Called by ``assign`` and ``capacity_assign``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array, csr_array, hstack

from partita._core.errors import InfeasibleError, InvalidDataError, InvalidTypeError
from partita.transport._costs import content_order

_FIRST_CELLS = 8
_WHOLE = 1.0 - 1e-6
_TOLERANCE = 1e-9
_NARROWED = 1e-5
_FREED = 16
_NODES = 500


@dataclass(frozen=True)
class Resources:
    """What items use and cells have: `weights` float64 (n, r), `capacity` float64 (k, r)."""

    weights: np.ndarray
    capacity: np.ndarray

    @classmethod
    def check(cls, weights: Any, capacity: Any, n: int, k: int) -> Resources:
        """Read both; refuse what is negative, not finite or of the wrong shape, and what can't fit."""
        used = _numbers(weights, "weights")
        used = used[:, None] if used.ndim == 1 else used
        if used.ndim != 2 or len(used) != n:
            raise InvalidDataError(
                "weights have the wrong shape.",
                name="weights",
                allowed=f"({n},) or ({n}, resources)",
                got=used.shape,
            )
        r = used.shape[1]
        has = _numbers(capacity, "capacity", infinite=True)
        if has.ndim == 1:
            has = has[:, None] if r == 1 and len(has) == k else has[None, :]
        if has.ndim > 2 or (has.ndim == 2 and (has.shape[0] not in (1, k) or has.shape[1] not in (1, r))):
            raise InvalidDataError(
                "capacity has the wrong shape.",
                name="capacity",
                allowed=f"a number, ({k},) for one resource, ({r},), or ({k}, {r})",
                got=np.shape(capacity),
            )
        # More than all items use is as good as no limit, and spares the program infinite numbers.
        has = np.minimum(np.broadcast_to(has, (k, r)), used.sum(axis=0))
        found = cls(used, np.ascontiguousarray(has))
        found._refuse_too_little()
        return found

    def are_unit(self) -> bool:
        """Whether all items use the same."""
        return bool((self.weights == self.weights[:1]).all())

    def most_items(self) -> np.ndarray:
        """How many items of equal weight each cell can hold, intp[k]."""
        n, one = len(self.weights), self.weights[:1]
        with np.errstate(divide="ignore", invalid="ignore"):
            count = np.where(one > 0, np.floor(self.capacity / one * (1.0 + 4e-16)), n)
        return np.minimum(count.min(axis=1, initial=n), n).astype(np.intp)

    def refuse_too_few_places(self, places: np.ndarray) -> None:
        """Refuse cells that hold fewer items of equal weight than there are."""
        n, room = len(self.weights), int(places.sum())
        if room < n:
            one = self.weights[0].tolist()
            raise InfeasibleError(
                f"The cells hold {room} items of weight {one} together, and there are {n}.",
                f"room for {n - room} more: a capacity larger by {one} in as many cells",
                name="capacity",
            )

    def fits(self) -> np.ndarray:
        """Whether each item alone fits into each cell, bool (n, k)."""
        fits = np.ones((len(self.weights), len(self.capacity)), bool)
        for used, has in zip(self.weights.T, self.capacity.T):
            fits &= used[:, None] <= has * (1.0 + _TOLERANCE)
        return fits

    def _refuse_too_little(self) -> None:
        used, has = self.weights.sum(axis=0), self.capacity.sum(axis=0)
        short = np.flatnonzero(used > has * (1.0 + _TOLERANCE))
        if len(short):
            r = int(short[0])
            raise InfeasibleError(
                f"The items use {used[r]:g} of resource {r}, and the cells have {has[r]:g} together.",
                f"capacity larger by {used[r] - has[r]:g} in all" + _times(used[r], has[r]),
                name="capacity",
            )
        homeless = np.flatnonzero(~self.fits().any(axis=1))
        if len(homeless):
            item = int(homeless[0])
            raise InfeasibleError(
                f"Item {item} uses {self.weights[item].tolist()} and fits into no cell.",
                f"a cell with a capacity of {self.weights[item].tolist()}",
                name="capacity",
            )


@dataclass(frozen=True)
class Placed:
    """Whole items in cells, with a lower bound; `prices` float64 (k, r) are those of the resources."""

    labels: np.ndarray
    lower_bound: float
    prices: np.ndarray
    rounds: int


def settle_resources(C: np.ndarray, lower: np.ndarray, upper: np.ndarray, resources: Resources) -> Placed:
    """Place items of unequal weight: nearly the cheapest way, always within the bounds.

    Raises
    ------
    InfeasibleError
        When even items that could be split would not fit, or no way to place whole items was found.
    """
    order = content_order(np.column_stack([C.astype(np.float64), resources.weights]))
    # The solver's tolerances are absolute, so all is brought to about 1, by powers of two.
    costs = C[order].astype(np.float64)
    least = costs.min(axis=1, keepdims=True)
    costs -= least
    step, units = _power_of_two(costs.max(initial=0.0)), _power_of_two(resources.capacity.max(axis=0))
    scaled = Resources(resources.weights[order] / units, resources.capacity / units)
    program = _Program(costs / step, lower, upper, scaled)
    split = program.solve()
    labels = np.empty(len(C), np.int32)
    labels[order] = program.whole(split)
    bound = float(least.sum()) + program.lower_bound() * float(step)
    return Placed(labels, bound, program.prices * step / units, program.rounds)


def _power_of_two(sizes: np.ndarray) -> np.ndarray:
    """The next above each size; 1 for 0."""
    sizes = np.asarray(sizes, np.float64)
    return np.where(sizes > 0, np.ldexp(1.0, np.clip(np.frexp(sizes)[1], -1000, 1000)), 1.0)


class _Program:
    """The linear program over a growing list of (item, cell), and its dual solution."""

    def __init__(self, C: np.ndarray, lower: np.ndarray, upper: np.ndarray, resources: Resources) -> None:
        self.n, self.k = C.shape
        self.C, self.lower, self.upper, self.resources = C, lower, upper, resources
        self.fits = resources.fits()
        self.prices = np.zeros_like(resources.capacity)
        self.tolls = np.zeros(self.k)
        self.rounds = 0
        spread = float(C.max() - C.min()) if C.size else 0.0
        self._penalty = 10.0 * (spread + 1.0)

    def solve(self) -> np.ndarray:
        """Shares of items in cells, float64 (n, k), of least cost; writes prices, tolls and rounds."""
        listed = _cheapest_cells(np.where(self.fits, self.C, np.inf), _FIRST_CELLS) & self.fits
        while True:
            self.rounds += 1
            share, value, missing = self._solve_listed(listed)
            dearer = self.adjusted() < value[:, None] - _TOLERANCE * (1.0 + np.abs(self.C).max())
            fresh = dearer & self.fits & ~listed
            if fresh.any():
                # The best few new cells of each item: enough to go on, without a list of all.
                gain = np.where(fresh, self.adjusted(), np.inf)
                listed |= _cheapest_cells(gain, _FIRST_CELLS) & fresh
            elif missing <= 1e-7 * max(1, self.n):
                return share
            elif listed.sum() < self.fits.sum():
                listed = self.fits
            else:
                self._refuse_or_insist()

    def adjusted(self) -> np.ndarray:
        """Costs with prices of resources and tolls of items, (n, k)."""
        return self.C + self.resources.weights @ self.prices.T + self.tolls

    def lower_bound(self) -> float:
        """The value of the dual solution, valid for whatever prices there are."""
        least = np.where(self.fits, self.adjusted(), np.inf).min(axis=1).sum()
        spent = (self.prices * self.resources.capacity).sum()
        bounds = np.where(
            self.tolls > 0, self.tolls * np.minimum(self.upper, self.n), self.tolls * self.lower
        )
        return float(least - spent - bounds.sum())

    def whole(self, share: np.ndarray) -> np.ndarray:
        """Labels: items that the program split, and some that lie at boundaries, by an integer program."""
        labels = share.argmax(axis=1).astype(np.int32)
        is_split = share.max(axis=1) < _WHOLE
        if not is_split.any() and self._keeps(labels):
            return labels
        adjusted = np.where(self.fits, self.adjusted(), np.inf)
        regret = np.partition(adjusted, min(1, self.k - 1), axis=1)
        loose = np.where(is_split, -1.0, regret[:, min(1, self.k - 1)] - regret[:, 0])
        by_regret, freed = np.argsort(loose, kind="stable"), int(is_split.sum()) + _FREED
        while True:
            items = np.sort(by_regret[:freed])
            placed = self._place(items, labels)
            if placed is not None:
                labels[items] = placed
                return labels
            if freed >= self.n:
                raise InfeasibleError(
                    "Items could be placed in parts, but no way to place them whole was found.",
                    "more capacity, or smaller items",
                    name="capacity",
                )
            freed *= 4

    def _solve_listed(self, listed: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        items, cells = np.nonzero(listed)
        limits, bound = self._limits(items, cells)
        n_rows, n_cells = len(items), self.k
        # Items without a place and cells without enough items pay a penalty: there is always a solution.
        spare = csr_array((np.ones(self.n), (np.arange(self.n), np.arange(self.n))), (self.n, self.n))
        whole = csr_array((np.ones(n_rows), (items, np.arange(n_rows))), (self.n, n_rows))
        lack = coo_array(
            (np.full(n_cells, -1.0), (limits.shape[0] - n_cells + np.arange(n_cells), np.arange(n_cells))),
            (limits.shape[0], n_cells),
        )
        found = linprog(
            np.concatenate([self.C[items, cells], np.full(self.n + n_cells, self._penalty)]),
            A_ub=hstack([limits, csr_array((limits.shape[0], self.n)), lack]).tocsr(),
            b_ub=bound,
            A_eq=hstack([whole, spare, csr_array((self.n, n_cells))]).tocsr(),
            b_eq=np.ones(self.n),
            method="highs-ds",
        )
        share = np.zeros((self.n, self.k))
        share[items, cells] = found.x[:n_rows]
        dual, r = -found.ineqlin.marginals, self.resources.capacity.shape[1]
        dual = np.maximum(dual, 0.0)
        self.prices = dual[: self.k * r].reshape(self.k, r)
        self.tolls = dual[self.k * r : self.k * (r + 1)] - dual[self.k * (r + 1) :]
        return share, found.eqlin.marginals, float(found.x[n_rows:].sum())

    def _limits(self, items: np.ndarray, cells: np.ndarray) -> tuple[csr_array, np.ndarray]:
        """Rows: resource by resource of each cell, most items, fewest items (negated)."""
        r, column = self.resources.capacity.shape[1], np.arange(len(items))
        rows = [cells * r + one for one in range(r)] + [self.k * r + cells, self.k * (r + 1) + cells]
        ones = np.ones(len(items))
        values = [self.resources.weights[items, one] for one in range(r)] + [ones, -ones]
        limits = csr_array(
            (np.concatenate(values), (np.concatenate(rows), np.tile(column, r + 2))),
            (self.k * (r + 2), len(items)),
        )
        most = np.minimum(self.upper, self.n)
        return limits, np.concatenate([self.resources.capacity.ravel(), most, -self.lower]).astype(float)

    def _place(self, freed: np.ndarray, labels: np.ndarray) -> np.ndarray | None:
        """Cells for the freed items, whole, beside all others where they are; None where that can't be."""
        stay = np.setdiff1d(np.arange(self.n), freed)
        local, cells = np.nonzero(self.fits[freed])
        items = freed[local]
        limits, bound = self._limits(items, cells)
        taken, _ = self._limits(stay, labels[stay])
        left = bound - taken @ np.ones(len(stay))
        whole = csr_array((np.ones(len(items)), (local, np.arange(len(items)))), (len(freed), len(items)))
        # The solver may go beyond its limits by a millionth; where it did, they are narrowed by more.
        for room in (_TOLERANCE, -_NARROWED):
            found = milp(
                self.C[items, cells],
                integrality=np.ones(len(items)),
                bounds=Bounds(0, 1),
                constraints=[
                    LinearConstraint(limits, -np.inf, left + room * np.abs(bound)),
                    LinearConstraint(whole, 1, 1),
                ],
                options={"node_limit": _NODES, "mip_rel_gap": 1e-4},
            )
            if found.x is None:
                return None
            placed = np.zeros((len(freed), self.k))
            placed[local, cells] = found.x
            trial = labels.copy()
            trial[freed] = placed.argmax(axis=1)
            if self._keeps(trial):
                return trial[freed]
        return None

    def _keeps(self, labels: np.ndarray) -> bool:
        """Whether whole items keep all limits, up to rounding."""
        limits, bound = self._limits(np.arange(self.n), labels)
        return bool((limits @ np.ones(self.n) <= bound + _TOLERANCE * np.abs(bound)).all())

    def _refuse_or_insist(self) -> None:
        """Refuse what is infeasible even for items that can be split; else raise the penalty."""
        items, cells = np.nonzero(self.fits)
        limits, bound = self._limits(items, cells)
        r = self.resources.capacity.shape[1]
        slack = np.concatenate([-self.resources.capacity.ravel(), np.zeros(2 * self.k)])[:, None]
        whole = csr_array((np.ones(len(items)), (items, np.arange(len(items)))), (self.n, len(items)))
        found = linprog(
            np.concatenate([np.zeros(len(items)), [1.0]]),
            A_ub=hstack([limits, csr_array(slack)]).tocsr(),
            b_ub=bound,
            A_eq=hstack([whole, csr_array((self.n, 1))]).tocsr(),
            b_eq=np.ones(self.n),
            method="highs-ds",
        )
        if found.status == 0 and found.x[-1] <= _TOLERANCE:
            self._penalty *= 100.0
            return
        resources = "resource" if r == 1 else f"{r} resources"
        raise InfeasibleError(
            f"Sizes and capacities of the {resources} can't be kept together, even by items in parts.",
            f"capacity * {1.0 + found.x[-1]:.6g}" if found.status == 0 else "other min_size or max_size",
            name="capacity",
        )


def _cheapest_cells(costs: np.ndarray, m: int) -> np.ndarray:
    """The m cheapest cells of each item, bool (n, k)."""
    n, k = costs.shape
    mask = np.zeros((n, k), bool)
    if m >= k:
        mask[:] = True
    else:
        np.put_along_axis(mask, np.argpartition(costs, m - 1, axis=1)[:, :m], True, axis=1)
    return mask


def _times(used: float, has: float) -> str:
    return f" (capacity * {used / has:.6g})" if has > 0 else ""


def _numbers(value: Any, name: str, *, infinite: bool = False) -> np.ndarray:
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(f"{name} can't be read as numbers: {error}", name=name) from error
    bad = np.argwhere(~((np.isfinite(array) | (infinite & (array == np.inf))) & (array >= 0)))
    if len(bad):
        place = "" if array.ndim == 0 else f" at {tuple(bad[0].tolist())}"
        raise InvalidDataError(
            f"{name} is not valid{place}.",
            name=name,
            allowed="numbers of at least 0",
            got=float(array[tuple(bad[0])]),
        )
    return array
