"""The lifted semidefinite program of clustering, by ADMM, with a bound that holds at any time.

Maximise ``sum_k <A_k, Z_k>`` over symmetric matrices that are positive semidefinite, nowhere negative, of
given traces, and whose sum maps a given vector to itself. For ``LikelihoodSDP``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_CHECK_EVERY = 25
_RELAXATION = 1.6
_TINY = 1e-300


@dataclass(frozen=True)
class LiftedSolution:
    """A nearly optimal point of the program.

    Attributes
    ----------
    Z : float64 (K, n, n)
        Nowhere negative; the other constraints hold up to `residual`.
    value : float
        ``sum_k <A_k, Z_k>``.
    bound : float
        No feasible point has a larger value, whatever `residual` is.
    residual : float
        The largest violation: of the sum, the traces, or the smallest eigenvalue below 0.
    n_iter : int
    converged : bool
    """

    Z: np.ndarray
    value: float
    bound: float
    residual: float
    n_iter: int
    converged: bool


@dataclass
class _Scaled:
    """The program with costs of about 1."""

    A: np.ndarray
    trace: float
    sums: np.ndarray
    size: float


def solve_lifted(
    A: np.ndarray,
    trace: float,
    sums: np.ndarray,
    max_iter: int,
    tol: float,
    reached: Callable[[np.ndarray], float] | None = None,
) -> LiftedSolution:
    """Solve the program.

    Parameters
    ----------
    A : float64 (K, n, n)
        Symmetric.
    trace : float
        Of each matrix.
    sums : float64[n]
        The vector that the sum of the matrices maps to itself, above 0.
    max_iter : int
    tol : float
        It ends when violations are below this, and the gap to the bound is, for each row.
    reached : callable, optional
        The value of a feasible point made from a solution; it also ends when the bound is as low.

    Notes
    -----
    Three copies of the matrices (semidefinite with the trace; nowhere negative; with the sum) are brought to
    agree. O(K n^3) an iteration. For any multipliers ``y`` and ``N_k >= 0``, the number ``y . sums + trace
    sum_k eigmax(A_k + N_k - (y sums' + sums y') / 2)`` bounds the program; those of ADMM give the bound here.
    """
    program = _Scaled(A, trace, sums, max(float(np.abs(A).max()), _TINY))
    Z = np.broadcast_to(_diagonal_start(trace, sums, len(A)), A.shape).copy()
    scaled, rho = A / program.size, 1.0
    copies, duals = [Z.copy() for _ in range(3)], [np.zeros_like(Z) for _ in range(3)]
    best, residual, step = np.inf, np.inf, 0
    for step in range(1, max_iter + 1):
        copies[0] = _semidefinite(Z - duals[0], trace)
        copies[1] = np.maximum(Z - duals[1], 0.0)
        copies[2], y = _summing(Z - duals[2], sums)
        relaxed = [_RELAXATION * copy + (1.0 - _RELAXATION) * Z for copy in copies]
        before = Z
        Z = sum(c + u for c, u in zip(relaxed, duals)) / 3.0 + scaled / (3.0 * rho)
        duals = [u + c - Z for u, c in zip(duals, relaxed)]
        if step % _CHECK_EVERY and step < max_iter:
            continue
        best = min(best, _bound(program, rho, duals[1], y))
        residual = _violation(copies[1], trace, sums)
        value = float(np.einsum("kij,kij->", A, copies[1]))
        if _done(program, value, best, residual, tol) or (
            reached is not None and best - reached(copies[1]) <= tol * float(sums @ sums)
        ):
            break
        rho, duals = _balanced(rho, duals, copies, Z, before)
    value = float(np.einsum("kij,kij->", A, copies[1]))
    return LiftedSolution(copies[1], value, best, residual, step, _done(program, value, best, residual, tol))


def _diagonal_start(trace: float, sums: np.ndarray, K: int) -> np.ndarray:
    """Even shares: on the diagonal what the trace needs, elsewhere what the sums need."""
    even = np.outer(sums, sums) / float(sums @ sums)
    return even / K + np.eye(len(sums)) * (trace - 1.0 / K) / len(sums)


def _semidefinite(V: np.ndarray, trace: float) -> np.ndarray:
    """The nearest positive semidefinite matrices of the trace."""
    values, vectors = np.linalg.eigh(V)
    projected = np.stack([_simplex(v, trace) for v in values])
    out = np.empty_like(V)
    for k, (value, vector) in enumerate(zip(projected, vectors)):
        some = value > 0.0
        half = vector[:, some] * np.sqrt(value[some])
        out[k] = half @ half.T
    return out


def _simplex(v: np.ndarray, total: float) -> np.ndarray:
    """The nearest vector without negative entries that adds up to `total`."""
    falling = np.sort(v)[::-1]
    above = (np.cumsum(falling) - total) / np.arange(1, len(v) + 1)
    last = np.flatnonzero(falling > above)[-1]
    return np.maximum(v - above[last], 0.0)


def _summing(V: np.ndarray, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest matrices whose sum maps `sums` to itself, and the multiplier that brought them there."""
    K, c = len(V), float(sums @ sums)
    missing = sums - V.sum(axis=0) @ sums
    y = (2.0 * missing / K - sums * float(sums @ missing) / (K * c)) / c
    return V + 0.5 * (np.outer(y, sums) + np.outer(sums, y)), y


def _bound(program: _Scaled, rho: float, u: np.ndarray, y: np.ndarray) -> float:
    """The dual objective: at a fixed point `u` holds the multipliers of the signs, -y those of the sum."""
    N = program.size * rho * np.maximum(u, 0.0)
    price = -program.size * rho * y
    tied = 0.5 * (np.outer(price, program.sums) + np.outer(program.sums, price))
    top = np.linalg.eigvalsh(program.A + N - tied)[:, -1]
    return float(price @ program.sums) + program.trace * float(top.sum())


def _violation(Z: np.ndarray, trace: float, sums: np.ndarray) -> float:
    off = float(np.abs(Z.sum(axis=0) @ sums - sums).max() / sums.max())
    traces = float(np.abs(np.trace(Z, axis1=1, axis2=2) - trace).max())
    return max(off, traces, -float(np.linalg.eigvalsh(Z)[:, 0].min()))


def _done(program: _Scaled, value: float, bound: float, residual: float, tol: float) -> bool:
    return residual <= tol and abs(bound - value) <= tol * float(program.sums @ program.sums)


def _balanced(
    rho: float, duals: list[np.ndarray], copies: list[np.ndarray], Z: np.ndarray, before: np.ndarray
) -> tuple[float, list[np.ndarray]]:
    """A larger penalty where the copies disagree more than the mean still moves, a smaller one otherwise."""
    apart = np.sqrt(sum(float(((c - Z) ** 2).sum()) for c in copies))
    moving = rho * np.sqrt(3.0 * float(((Z - before) ** 2).sum()))
    factor = 2.0 if apart > 5.0 * moving else 0.5 if moving > 5.0 * apart else 1.0
    return rho * factor, [u / factor for u in duals]
