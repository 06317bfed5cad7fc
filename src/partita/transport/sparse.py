"""Plans of transport in which every sink has few sources. For users."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.memory import check_memory
from partita._core.params import Integer, Optional, Real, Rule, check_parameters
from partita._core.threads import thread_scope
from partita.transport._few import Few
from partita.transport._problem import Problem, check_few, check_problem
from partita.transport.plan import Plan, lower_bound, whole_potentials

_RULES: dict[str, Rule] = {
    "max_nonzeros": Integer(low=1),
    "gamma": Real(low=0.0, open_low=True),
    "tol": Real(low=0.0, open_low=True),
    "max_iter": Integer(low=1),
    "n_jobs": Optional(Integer()),
}
_MATRICES = 2  # as large as C: the costs by sink, and the plan


def sparse_plan(
    C: Any,
    a: Any,
    b: Any,
    max_nonzeros: int,
    gamma: float,
    *,
    tol: float = 1e-6,
    max_iter: int = 1000,
    n_jobs: int | None = None,
) -> Plan:
    """A plan of transport in which every sink takes from at most `max_nonzeros` sources.

    It aims at the least ``cost + gamma / 2 * sum(P**2)`` of all such plans.

    *When to choose this*: items (the columns) should each have a few partners, with exact zeros elsewhere.
    With ``max_nonzeros=1`` it is a hard assignment, with ``max_nonzeros=n`` transport with a quadratic
    regularisation.

    Parameters
    ----------
    C : array-like of shape (n, m)
        What it costs to move one unit from source i to sink j.
    a, b : array-like of shape (n,) and (m,), or None
        Masses of the sources and the sinks, of equal sums. None: all equal.
    max_nonzeros : int
        Most sources of a sink.
    gamma : float
        The weight of the squares. With masses of about ``1 / m``, it begins to matter at `m` times the costs.
    tol : float
        The marginal error to reach, as a share of the mass.
    max_iter : int
        Most iterations of one run of L-BFGS.
    n_jobs : int, optional
        Threads; the result is the same for any number.

    Returns
    -------
    plan : Plan
        Its columns add up to `b` in any case. ``converged`` says whether the rows add up to `a`;
        ``objective - objective_bound`` how far the plan can be from the best one.

    Raises
    ------
    InvalidParameterError, InvalidDataError
    InfeasibleError
        When `a` and `b` have different sums, or so few sources a sink can't be enough.
    BudgetError
        When two matrices of the size of `C` don't fit into memory.

    Notes
    -----
    The problem isn't convex; its dual is. The semi-dual objective is maximised by L-BFGS; each evaluation
    takes O(n m), and the best sources of each sink by a selection of the highest. Where several choices of
    sources are equally good at the optimum, the plan of the dual can miss the row sums (the paper says
    so, and leaves it there). Then the choice is kept, and the shares alone are found by the same dual with
    fixed sources; if they can't meet the sums either, other choices near the optimum are tried. That part is
    ours. The bound holds for whatever plan comes out.

    References
    ----------
    T. Liu, J. Puigcerver and M. Blondel, Sparsity-constrained optimal transport, ICLR 2023.
    https://arxiv.org/abs/2209.15466

    Examples
    --------
    >>> import numpy as np
    >>> C = np.random.default_rng(0).random((10, 300))
    >>> plan = sparse_plan(C, None, None, max_nonzeros=2, gamma=300.0)
    >>> plan.converged, int((plan.matrix > 0).sum(axis=0).max())
    (True, 2)
    >>> plan.objective < 1.01 * plan.objective_bound
    True
    """
    given = {"max_nonzeros": max_nonzeros, "gamma": gamma, "tol": tol, "max_iter": max_iter}
    check_parameters("sparse_plan", _RULES, {**given, "n_jobs": n_jobs})
    with thread_scope(n_jobs):
        problem = check_problem(C, a, b)
        few = check_few(problem, int(max_nonzeros))
        n, m = problem.C.shape
        check_memory(
            _MATRICES * 8 * n * m,
            what=f"A plan for {n:,} x {m:,} pairs",
            alternative="divide both sides into parts first, and move mass between the parts",
        )
        solver = Few(problem, few, float(gamma), int(max_iter))
        solver.solve(float(tol))
        return _plan(problem, solver, float(gamma), float(tol))


def _plan(problem: Problem, solver: Few, gamma: float, tol: float) -> Plan:
    matrix, total = np.zeros(problem.C.shape), problem.total
    rows = problem.rows[solver.chosen]
    matrix[rows, problem.columns[:, None]] = solver.shares * total
    potentials = whole_potentials(problem, *solver.potentials())
    cost = float((problem.C[rows, problem.columns[:, None]] * solver.shares).sum()) * total
    return Plan(
        matrix,
        potentials,
        cost=cost,
        objective=cost + 0.5 * gamma * total**2 * float((solver.shares**2).sum()),
        objective_bound=solver.bound * solver.unit * total,
        lower_bound=lower_bound(problem, potentials[0]),
        marginal_error=solver.error * total,
        n_iter=solver.n_iter,
        converged=solver.error <= tol,
        method="sparse",
    )
