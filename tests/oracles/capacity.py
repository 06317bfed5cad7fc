"""Slow twins of the exact assignment: the whole linear program, and matching on copies of the cells."""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, linprog, milp
from scipy.sparse import eye_array, kron


def cost_by_program(C: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    """The least cost under bounds on sizes, by a linear program over all (item, cell)."""
    n, k = C.shape
    of_item = kron(eye_array(n), np.ones((1, k)))
    of_cell = kron(np.ones((1, n)), eye_array(k)).toarray()
    found = linprog(
        C.ravel(),
        A_ub=np.vstack([of_cell, -of_cell]),
        b_ub=np.concatenate([upper, -lower]),
        A_eq=of_item.tocsr(),
        b_eq=np.ones(n),
        method="highs",
    )
    return float(found.fun)


def cost_by_matching(C: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    """The same by matching items to copies of the cells; the copies that must be taken are made cheap."""
    n, k = C.shape
    gift = 1.0 + 2.0 * n * float(np.abs(C).max())
    copies = [(cell, copy < lower[cell]) for cell in range(k) for copy in range(min(upper[cell], n))]
    cells = np.array([cell for cell, _ in copies])
    costs = C[:, cells] - gift * np.array([must for _, must in copies])
    rows, columns = linear_sum_assignment(costs)
    return float(C[rows, cells[columns]].sum())


def cost_of_whole_items(C: np.ndarray, weights: np.ndarray, capacity: np.ndarray) -> float:
    """The least cost of whole items in cells of limited resources, by one integer program; inf if none."""
    n, k = C.shape
    used = np.vstack([kron(weights[:, [r]].T, eye_array(k)).toarray() for r in range(weights.shape[1])])
    found = milp(
        C.ravel(),
        integrality=np.ones(n * k),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(kron(eye_array(n), np.ones((1, k))).tocsr(), 1, 1),
            LinearConstraint(used, -np.inf, capacity.T.ravel()),
        ],
    )
    return np.inf if found.x is None else float(found.fun)
