"""Mass that spreads from seeds: flow diffusion and PageRank, in growing amounts. Called by graphs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from partita.graphs._met import MetRows
from partita.kernels.local_push import flow_rounds, rank_rounds

_SLACK = 1e-3
_TINY = 1e-12


@dataclass(frozen=True)
class Stage:
    """How far mass has spread.

    Attributes
    ----------
    budget : float
        Volume that the mass could fill.
    converged : bool
        Whether nobody holds too much.
    """

    budget: float
    converged: bool


def flow_stages(rows: MetRows, seeds: np.ndarray, budgets: np.ndarray, max_rounds: int) -> Iterator[Stage]:
    """Flow diffusion from seeds with growing mass: every node keeps its volume and passes on what is above.

    After each stage ``rows.value`` holds the values: the solution of
    ``min 1/2 x'Lx + x'(sink - source), x >= 0``, from below.
    """
    slots = rows.slots(seeds)
    share = _shares(rows.degree[slots])
    for i, budget in enumerate(budgets):
        rows.mass[slots] += share * (budget - (budgets[i - 1] if i else 0.0))
        held, most = rows.mass[: rows.n_met], (1.0 + _SLACK) * rows.degree[: rows.n_met]
        listed = _list(rows, np.flatnonzero(held > most))
        yield Stage(float(budget), _run_flow(rows, listed, max_rounds))


def rank_stages(
    rows: MetRows, seeds: np.ndarray, budgets: np.ndarray, teleport: float, max_rounds: int
) -> Iterator[Stage]:
    """PageRank with teleport to the seeds, ever more precise: no node is left 1 / budget of its volume.

    After each stage ``rows.value`` holds the mass that stays, ``rows.mass`` what is not spread yet.
    """
    slots = rows.slots(seeds)
    rows.mass[slots] = _shares(rows.degree[slots])
    for budget in budgets:
        precision = 1.0 / budget
        held, least = rows.mass[: rows.n_met], precision * rows.degree[: rows.n_met]
        listed = _list(rows, np.flatnonzero((held > 0) & (held >= least)))
        yield Stage(float(budget), _run_rank(rows, listed, precision, teleport, max_rounds))


def _shares(degree: np.ndarray) -> np.ndarray:
    total = degree.sum()
    return degree / total if total > 0 else np.full(len(degree), 1.0 / len(degree))


def _list(rows: MetRows, found: np.ndarray) -> np.ndarray:
    """Put slots on the list of those that push; their number, int64[1]."""
    rows.active[: len(found)] = found
    return np.array([len(found)], np.int64)


def _run_flow(rows: MetRows, listed: np.ndarray, max_rounds: int) -> bool:
    left = np.array([max_rounds], np.int64)
    while True:
        rows.bound[: rows.n_met] = np.maximum(_SLACK * rows.degree[: rows.n_met], _TINY)
        to_open = flow_rounds(rows.met, rows.degree, rows.bound, rows.mass, rows.value, rows.active, listed,
                              rows.scratch, left)  # fmt: skip
        if not to_open:
            return bool(listed[0] == 0)
        rows.open(rows.active[: listed[0]])


def _run_rank(rows: MetRows, listed: np.ndarray, precision: float, teleport: float, max_rounds: int) -> bool:
    left = np.array([max_rounds], np.int64)
    while True:
        rows.bound[: rows.n_met] = np.maximum(precision * rows.degree[: rows.n_met], _TINY)
        to_open = rank_rounds(rows.met, rows.bound, teleport, rows.mass, rows.value, rows.active, listed,
                              rows.scratch, left)  # fmt: skip
        if not to_open:
            return bool(listed[0] == 0)
        rows.open(rows.active[: listed[0]])
