"""The search for one local cluster, from seeds to a set and what is known of it. Called by graphs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError
from partita.graphs._improve import Improved, improve_around, improve_within
from partita.graphs._input import InputGraph
from partita.graphs._met import MetRows
from partita.graphs._spread import Stage, flow_stages, rank_stages
from partita.graphs._sweep import Found, Space, best_sweep, measured
from partita.kernels.csr import row_sums

_PATIENCE = 8.0  # how much larger the spread gets than the best set before the search ends
_GROWTH = 2.0**0.5
_FACTORS = np.arange(1.5, 5.01, 0.25)
_SAMPLE = 1 << 16
_DECAY = 0.25
_MOST = 0.9  # mass above the graph's volume would never come to rest


@dataclass(frozen=True)
class Plan:
    """How to search; see ``LocalCluster``."""

    method: str
    volume: float | None
    refine: str
    teleport: float
    locality: float
    max_volume: float
    max_iter: int


@dataclass(frozen=True)
class Outcome:
    """What a search found, and how much of the graph it met."""

    nodes: np.ndarray
    values: np.ndarray
    found: Found
    gap: float | None
    converged: bool
    n_met: int
    met_volume: float


class Ground:
    """A graph made ready for searches: degrees, and attributes in canonical order.

    Parameters
    ----------
    given : InputGraph
    attributes : float64 (n, d) or None
        By given number.
    gamma : float or None
        None: a quarter over the mean squared distance over edges.
    """

    def __init__(self, given: InputGraph, attributes: np.ndarray | None, gamma: float | None) -> None:
        self.given, self.graph, self.place = given, given.graph, given.place
        self.degree = np.empty(given.n)
        row_sums(self.graph.indptr, self.graph.weights, np.zeros(given.n), self.degree)
        self.total = float(self.degree.sum())
        self.features = np.empty((given.n, 0)) if attributes is None else given.canonical(attributes)
        self.gamma = self._usual_decay() if gamma is None else float(gamma)

    @cached_property
    def number_of(self) -> dict[Any, int]:
        """The given number of each name; empty where nodes have none."""
        names = self.given.names
        return {} if names is None else {name: number for number, name in enumerate(names.tolist())}

    @cached_property
    def space(self) -> Space:
        """The volume of the graph, and whether edges count as given."""
        return Space(self.total, self.features.shape[1] == 0)

    def _usual_decay(self) -> float:
        """A quarter over the mean squared distance of the ends of edges, of 2^16 edges evenly taken."""
        if not self.features.shape[1] or not len(self.graph.indices):
            return 0.0
        entry = np.unique(np.linspace(0, len(self.graph.indices) - 1, _SAMPLE).astype(np.int64))
        tail = np.searchsorted(self.graph.indptr, entry, side="right") - 1
        apart = self.features[tail] - self.features[self.graph.indices[entry]]
        mean = float(np.einsum("ij,ij->", apart, apart)) / len(entry)
        return _DECAY / mean if mean > 0 else 0.0

    def search(self, seeds: np.ndarray, plan: Plan) -> Outcome:
        """The local cluster around canonical nodes `seeds`."""
        rows = MetRows(self.graph, self.degree, self.features, self.gamma)
        best, converged = self._best_stage(rows, seeds, plan)
        if best is None:
            slots = rows.slots(seeds)
            rows.open(slots)
            best = measured(rows, slots, self.space)
        improved = self._refined(rows, best, plan)
        slots = improved.found.slots[np.argsort(rows.nodes[improved.found.slots])]
        return Outcome(
            rows.nodes[slots].astype(np.intp),
            rows.value[slots],
            improved.found,
            improved.gap if plan.refine != "none" else None,
            converged and improved.converged,
            rows.n_met,
            rows.opened_volume,
        )

    def _best_stage(self, rows: MetRows, seeds: np.ndarray, plan: Plan) -> tuple[Found | None, bool]:
        best: Found | None = None
        converged = True
        low, high = (0.0, np.inf) if plan.volume is None else (0.5 * plan.volume, 2.0 * plan.volume)
        for stage in self._stages(rows, seeds, plan):
            converged &= stage.converged
            found = best_sweep(rows, self.space, per_volume=plan.method == "pagerank", low=low, high=high)
            if found is not None and (best is None or found.conductance < best.conductance):
                best = found
            if plan.volume is None and best is not None and rows.reached_volume > _PATIENCE * best.volume:
                break
        return best, converged

    def _stages(self, rows: MetRows, seeds: np.ndarray, plan: Plan) -> Iterator[Stage]:
        start = float(self.degree[seeds].sum())
        limit = max(min(plan.max_volume, _MOST * self.total), start)
        if plan.volume is not None:
            budgets = np.minimum(plan.volume * _FACTORS, limit)
        else:
            count = int(np.ceil(np.log(max(limit / max(start, 1e-300), 1.0)) / np.log(_GROWTH))) + 1
            budgets = np.minimum(start * _GROWTH ** np.arange(1, count + 2), max(limit, start * _GROWTH))
        budgets = np.unique(budgets) if start > 0 else np.ones(1)
        if plan.method == "flow":
            return flow_stages(rows, seeds, budgets, plan.max_iter)
        return rank_stages(rows, seeds, 4.0 * budgets, plan.teleport, plan.max_iter)

    def _refined(self, rows: MetRows, best: Found, plan: Plan) -> Improved:
        if plan.refine == "mqi":
            return improve_within(rows, best, self.space)
        if plan.refine == "around":
            return improve_around(rows, best, self.space, locality=plan.locality, max_volume=plan.max_volume)
        return Improved(best, 0.0, True)


def check_attributes(attributes: np.ndarray, n: int) -> np.ndarray:
    """Attributes as float64, one row for each node."""
    if len(attributes) != n:
        raise InvalidDataError(
            "There must be one row of attributes for each node.",
            name="attributes",
            allowed=f"{n} rows",
            got=len(attributes),
        )
    return np.ascontiguousarray(attributes, np.float64)
