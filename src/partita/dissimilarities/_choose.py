"""Medoids of the largest average medoid silhouette, and how many. Called by KMedoids.

L. Lenssen and E. Schubert, Medoid silhouette clustering with automatic cluster number selection, Information
Systems 120 (2024), doi:10.1016/j.is.2023.102290, arXiv 2309.03751.
"""

from __future__ import annotations

import math

import numpy as np

from partita._core.progress import Progress
from partita.dissimilarities._swap import SILHOUETTE, Outcome, Problem, start_rows, swap_eagerly
from partita.kernels.silhouette import Thirds

_MOST = 32


def medoid_silhouette(state: Thirds) -> float:
    """Weighted mean of 1 - d1 / d2, the distances to the two nearest medoids; 0 where both are 0."""
    return 1.0 - int(state.share.sum()) / math.fsum(state.unit)


def choose_medoids(
    problem: Problem, max_iter: int | None, n_threads: int, progress: Progress
) -> tuple[Outcome, dict[int, float]]:
    """Medoids in the number whose silhouette is the largest, the smallest of equal ones.

    From the square root of the number of candidates (2 to 32) downwards: the medoid that is missed least
    goes, the others are swapped for better ones (DynMSC).

    Returns
    -------
    outcome : Outcome
    silhouettes : dict of int to float
    """
    n = len(problem.order)
    k = min(n, _MOST, max(2, math.isqrt(n - 1) + 1)) if n > 1 else 1
    rows = start_rows(problem, k, "first")
    table: dict[int, float] = {}
    best = Outcome(rows)
    while len(rows) > 1:
        outcome = swap_eagerly(problem, rows, max_iter, n_threads, progress, SILHOUETTE)
        state = problem.thirds(outcome.rows)
        k = len(outcome.rows)
        table[k] = medoid_silhouette(state)
        if table[k] >= max(table.values()):
            best = outcome
        rows = np.delete(outcome.rows, _missed_least(problem, state))
    if not table or max(table.values()) <= 0.0:
        return Outcome(np.array([problem.best_single()]), 1), table
    return best, table


def _missed_least(problem: Problem, state: Thirds) -> int:
    removal, rows = state.removal, state.rows
    place = np.empty(len(problem.D), np.intp)
    place[problem.order] = np.arange(len(problem.order))
    return int(min(range(len(rows)), key=lambda slot: (removal[slot], place[rows[slot]])))
