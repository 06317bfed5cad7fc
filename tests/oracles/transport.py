"""Slow, obvious twins of the solvers of transport."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import sparse
from scipy.optimize import linprog, minimize


def _log_of_sum(A: np.ndarray) -> np.ndarray:
    """SciPy's ``logsumexp`` along rows, in a fifth of the time where there are few."""
    largest = A.max(axis=1)
    return largest + np.log(np.exp(A - largest[:, None]).sum(axis=1))


def entropic(C: np.ndarray, a: np.ndarray, b: np.ndarray, reg: float, n_iter: int = 20_000) -> np.ndarray:
    """The entropic plan by iterations in the log domain; masses positive."""
    f, g = np.zeros(len(a)), np.zeros(len(b))
    for _ in range(n_iter):
        f = reg * (np.log(a) - _log_of_sum((g[None] - C) / reg))
        previous, g = g, reg * (np.log(b) - _log_of_sum((f[:, None] - C).T / reg))
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


def quadratic(
    C: np.ndarray, a: np.ndarray, b: np.ndarray, gamma: float, allowed: np.ndarray | None = None
) -> np.ndarray | None:
    """The plan of least cost plus half of `gamma` times squares, by a general solver; None without any."""
    source, sink = np.nonzero(np.ones_like(C) if allowed is None else allowed)
    sums = np.vstack([source == i for i in range(len(a))] + [sink == j for j in range(1, len(b))]).astype(
        float
    )
    cost, wanted = C[source, sink], np.concatenate([a, b[1:]])
    start = linprog(cost, A_eq=sums, b_eq=wanted)
    if start.status != 0:
        return None
    answer = minimize(
        lambda p: float(cost @ p + 0.5 * gamma * p @ p),
        start.x,
        jac=lambda p: cost + gamma * p,
        bounds=[(0, None)] * len(cost),
        constraints={"type": "eq", "fun": lambda p: sums @ p - wanted, "jac": lambda p: sums},
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-12},
    )
    P = np.zeros_like(C)
    P[source, sink] = answer.x
    return P


def best_sparse(C: np.ndarray, a: np.ndarray, b: np.ndarray, few: int, gamma: float) -> float:
    """The least objective over all choices of `few` sources for each sink, one by one."""
    n, m = C.shape
    least = np.inf
    for choice in itertools.product(itertools.combinations(range(n), few), repeat=m):
        allowed = np.zeros((n, m))
        for j, sources in enumerate(choice):
            allowed[list(sources), j] = 1.0
        P = quadratic(C, a, b, gamma, allowed)
        if P is not None:
            least = min(least, float((C * P).sum() + 0.5 * gamma * (P**2).sum()))
    return least
