"""Entropic plans of transport: Sinkhorn in the log domain, and Sinkhorn-Newton-Sparse. For users."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from partita._core.memory import check_memory
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Real, Rule, check_parameters
from partita._core.progress import Progress, progress_scope
from partita._core.threads import map_blocks, thread_scope
from partita.kernels.plan_scaling import plan_fill
from partita.transport._ascent import Ascent
from partita.transport._problem import Problem, check_problem
from partita.transport._scaling import Scaling
from partita.transport.plan import Plan, lower_bound, whole_potentials

_RULES: dict[str, Rule] = {
    "reg": Real(low=0.0, open_low=True),
    "method": OneOf(("sinkhorn", "newton_sparse")),
    "tol": Real(low=0.0, open_low=True),
    "max_iter": Integer(low=1),
    "n_jobs": Optional(Integer()),
    "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
}
_MATRICES = 2  # as large as C: the costs in content order, and the plan


def sinkhorn(
    C: Any,
    a: Any,
    b: Any,
    reg: float,
    *,
    method: str = "sinkhorn",
    tol: float = 1e-9,
    max_iter: int = 10_000,
    n_jobs: int | None = None,
    progress: bool | Progress | None = None,
) -> Plan:
    """The entropic plan of transport: least ``cost + reg * sum(P * log(P))``, given row and column sums.

    *When to choose this*: you want a smooth plan, every pair carrying some mass, for soft or balanced
    assignments. ``method="newton_sparse"`` gives the same plan in far fewer iterations where `reg` is small
    beside the costs. For a plan with few pairs take ``sparse_plan``.

    Parameters
    ----------
    C : array-like of shape (n, m)
        What it costs to move one unit from source i to sink j; finite, of either sign.
    a : array-like of shape (n,), or None
        Masses of the sources, at least 0. None: all equal.
    b : array-like of shape (m,), or None
        Masses of the sinks, of the same sum; a difference of less than a millionth is taken for rounding, and
        `b` is scaled. None: all equal.
    reg : float
        The weight of the entropy, in the unit of the costs. It works down to about 1e-12 of the largest cost
        (the error that can be reached is about ``1e-16 * C.max() / reg``, in shares of the mass).
    method : {"sinkhorn", "newton_sparse"}
        "sinkhorn": rows and columns are balanced in turn. "newton_sparse": the same at falling regularisation
        for a start, then Newton's iterations with the Hessian of the pairs that carry nearly all mass.
    tol : float
        The marginal error to reach, as a share of the mass.
    max_iter : int
        Most iterations, of Sinkhorn and Newton together.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress on standard error.

    Returns
    -------
    plan : Plan
        With ``converged=False`` where the error is still above `tol`; ``marginal_error`` tells by how much.

    Raises
    ------
    InvalidParameterError, InvalidDataError
        For NaN, infinities, negative masses, wrong shapes: with the place.
    InfeasibleError
        When `a` and `b` have different sums.
    BudgetError
        When two matrices of the size of `C` don't fit into memory.

    Notes
    -----
    An iteration of either kind is O(n m). Memory is two matrices as large as `C` (float64), and for Newton
    about 60 bytes for each pair of the support, which is at most a quarter of all pairs (or 64 for each
    source and sink).

    The linear systems of Newton's iterations are Laplacians of bipartite graphs; they are solved by conjugate
    gradients, preconditioned by a sampled elimination of fixed random numbers. Where a Newton iteration
    doesn't raise the dual objective, Sinkhorn's follow instead. What is iterated doesn't depend on the order
    of rows and columns or the number of threads.

    References
    ----------
    M. Cuturi, Sinkhorn distances: lightspeed computation of optimal transport, NeurIPS 2013.
    https://arxiv.org/abs/1306.0895

    X. Tang, M. Shavlovsky, H. Rahmanian, E. Tardini, K. K. Thekumparampil, T. Xiao and L. Ying, Accelerating
    Sinkhorn algorithm with sparse Newton iterations, ICLR 2024. https://arxiv.org/abs/2401.12253

    R. Kyng and S. Sachdeva, Approximate Gaussian elimination for Laplacians: fast, sparse, and simple,
    FOCS 2016. https://arxiv.org/abs/1605.02353

    Examples
    --------
    >>> import numpy as np
    >>> C = np.random.default_rng(0).random((100, 80))
    >>> slow = sinkhorn(C, None, None, 1e-3, max_iter=20_000)
    >>> fast = sinkhorn(C, None, None, 1e-3, method="newton_sparse")
    >>> bool(np.allclose(slow.matrix, fast.matrix, atol=1e-8)), fast.converged, fast.n_iter < slow.n_iter / 20
    (True, True, True)
    """
    given = {"reg": reg, "method": method, "tol": tol, "max_iter": max_iter}
    check_parameters("sinkhorn", _RULES, {**given, "n_jobs": n_jobs, "progress": progress})
    with thread_scope(n_jobs), progress_scope(progress) as shown:
        problem = check_problem(C, a, b)
        _check_room(problem)
        scaling = _start(problem, float(reg))
        ascent = Ascent(scaling, float(tol), int(max_iter), shown)
        sums = ascent.sinkhorn() if method == "sinkhorn" else ascent.newton()
        potentials = whole_potentials(problem, scaling.f, scaling.g)
        of_units = problem.total * reg * math.log(problem.total)
        return Plan(
            _matrix(problem, scaling),
            potentials,
            cost=sums.cost * problem.total,
            objective=scaling.objective(sums) * problem.total + of_units,
            objective_bound=scaling.dual(sums) * problem.total + of_units,
            lower_bound=lower_bound(problem, potentials[0]),
            marginal_error=sums.error * problem.total,
            n_iter=ascent.n_iter,
            n_inner=ascent.n_inner,
            converged=sums.error <= tol,
            method=method,
        )


def _check_room(problem: Problem) -> None:
    n, m = problem.C.shape
    check_memory(
        _MATRICES * 8 * n * m,
        what=f"A plan for {n:,} x {m:,} pairs",
        alternative="divide both sides into parts first, and move mass between the parts",
    )


def _start(problem: Problem, reg: float) -> Scaling:
    rows, columns = problem.rows, problem.columns
    masses = problem.a[rows] / problem.total, problem.b[columns] / problem.total
    return Scaling(problem.C[np.ix_(rows, columns)], *masses, reg)


def _matrix(problem: Problem, scaling: Scaling) -> np.ndarray:
    """The plan in the order of the caller; sources and sinks without mass get none."""
    f, g = np.full(len(problem.a), -np.inf), np.full(len(problem.b), -np.inf)
    f[problem.rows] = scaling.f + scaling.reg * math.log(problem.total)
    g[problem.columns] = scaling.g
    matrix = np.empty(problem.C.shape)

    def work(start: int, stop: int) -> None:
        plan_fill(problem.C, f, g, scaling.reg, start, stop, matrix)

    map_blocks(work, len(matrix), problem.block())
    return matrix
