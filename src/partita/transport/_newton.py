"""Newton's iterations on the potentials of an entropic plan, with the Hessian of its support. For transport.

The Hessian of the dual objective, with the sign of one side turned, is the Laplacian of a bipartite graph
with the masses of the plan as weights. Few pairs carry nearly all mass, so few edges stay; what the others
carry remains on the diagonal, which is an edge to the ground.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from partita.kernels.laplacian import bipartite_factor, bipartite_solve, diagonal_factor
from partita.transport._scaling import Scaling, Sums, Support

_MOST_SHARE = 0.25  # of all pairs: with more, the Hessian isn't sparse
_MOST_PER_VERTEX = 64
_FEW_PER_VERTEX = 16  # with more edges the graph is so well connected that its diagonal preconditions it
_STIFFNESS = 0.01  # ground per unit of gradient: no vertex alone moves by more than reg / _STIFFNESS
_LINEAR_TOL = 0.1
_LINEAR_ITERATIONS = 400
_SHORTEST_STEP = 1e-4
_RISE = 1e-4  # of what the slope promises


@dataclass(frozen=True)
class Step:
    """What one Newton iteration did: the sums after it (None if it did not help), and solver iterations."""

    sums: Sums | None
    n_inner: int = 0


def newton_step(scaling: Scaling, sums: Sums) -> Step:
    """Move the potentials of `scaling` towards the maximum of the dual objective.

    Parameters
    ----------
    scaling : Scaling
        Its potentials are changed when the step helps.
    sums : Sums
        Of the present potentials.
    """
    off_rows, off_columns = scaling.a - sums.rows, scaling.b - sums.columns
    share = sums.error / scaling.a.sum()
    support = _support(scaling, share)
    if support is None:
        return Step(None)
    left, right = _diagonal(support, sums, off_rows, off_columns)
    wanted = np.concatenate([off_rows, -off_columns])
    move = np.empty(len(wanted))
    graph = (support.first, support.partner, support.mass, left, right)
    few = len(support.mass) <= _FEW_PER_VERTEX * len(wanted)
    factor = bipartite_factor(*graph) if few else diagonal_factor(left, right)
    tol = min(_LINEAR_TOL, max(1e-7, share))
    n_inner = bipartite_solve(*graph, factor, wanted, tol, _LINEAR_ITERATIONS, move)
    if not np.isfinite(move).all():
        return Step(None, n_inner)
    n = len(off_rows)
    return Step(_line_search(scaling, sums, scaling.reg * move[:n], -scaling.reg * move[n:]), n_inner)


def _support(scaling: Scaling, share: float) -> Support | None:
    """The pairs to keep: the nearer to the end, the more, but never more than a sparse matrix holds."""
    n, m = scaling.C.shape
    most = max(int(_MOST_SHARE * n * m), _MOST_PER_VERTEX * (n + m))
    dropped = min(0.3, max(1e-4, 0.5 * share))
    while dropped < 0.5:
        support = scaling.support(dropped, most)
        if support is not None:
            return support
        dropped *= 10.0
    return None


def _diagonal(
    support: Support, sums: Sums, off_rows: np.ndarray, off_columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The diagonal of the Hessian, so much larger where the gradient is that no vertex can run away."""
    n, m = len(sums.rows), len(sums.columns)
    row_of = np.repeat(np.arange(n), np.diff(support.first))
    kept_rows = np.bincount(row_of, support.mass, n)
    kept_columns = np.bincount(support.partner, support.mass, m)
    left = np.maximum(sums.rows, kept_rows + _STIFFNESS * np.abs(off_rows))
    right = np.maximum(sums.columns, kept_columns + _STIFFNESS * np.abs(off_columns))
    return left, right


def _line_search(scaling: Scaling, sums: Sums, df: np.ndarray, dg: np.ndarray) -> Sums | None:
    """Take the first of ever shorter steps on which the dual objective rises enough."""
    slope = _slope(scaling, sums, df, dg)
    if not slope > 0.0:
        return None
    promised = float(scaling.a @ df + scaling.b @ dg)
    length, mass = 1.0, float(sums.rows.sum())
    while length > _SHORTEST_STEP:
        f, g = scaling.f + length * df, scaling.g + length * dg
        after = scaling.sums(f, g)
        if math.isfinite(after.error):
            gain = length * promised - scaling.reg * (float(after.rows.sum()) - mass)
            noise = 1e-14 * float(scaling.a @ np.abs(f) + scaling.b @ np.abs(g))
            if gain >= _RISE * length * slope - noise:
                scaling.f, scaling.g = f, g
                return after
            turned = _slope(scaling, after, df, dg)
            length *= min(0.5, max(0.1, slope / (slope - turned)))
        else:
            length *= 0.1
    return None


def _slope(scaling: Scaling, sums: Sums, df: np.ndarray, dg: np.ndarray) -> float:
    return float((scaling.a - sums.rows) @ df + (scaling.b - sums.columns) @ dg)
