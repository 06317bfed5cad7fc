"""Slow, obvious twins of the solvers of transport."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import linprog
from scipy.special import logsumexp


def entropic(C: np.ndarray, a: np.ndarray, b: np.ndarray, reg: float, n_iter: int = 20_000) -> np.ndarray:
    """The entropic plan by iterations in the log domain; masses positive."""
    f, g = np.zeros(len(a)), np.zeros(len(b))
    for _ in range(n_iter):
        f = reg * (np.log(a) - logsumexp((g[None] - C) / reg, axis=1))
        previous, g = g, reg * (np.log(b) - logsumexp((f[:, None] - C) / reg, axis=0))
        if np.abs(g - previous).max() < 1e-15 * np.abs(C).max():
            break
    return np.exp((f[:, None] + g[None] - C) / reg)


def cheapest(C: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """The least cost of any plan, by a linear program."""
    n, m = C.shape
    rows = sparse.kron(sparse.eye_array(n), np.ones((1, m)))
    columns = sparse.kron(np.ones((1, n)), sparse.eye_array(m))
    answer = linprog(C.ravel(), A_eq=sparse.vstack([rows, columns]), b_eq=np.concatenate([a, b]))
    assert answer.status == 0
    return float(answer.fun)
