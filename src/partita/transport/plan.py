"""A plan of transport, as every solver of this room returns it. For users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from partita._core.threads import map_blocks
from partita.kernels.plan_scaling import transform_least
from partita.transport._problem import Problem


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """How much mass goes from each of n sources to each of m sinks, with what proves its quality.

    Parameters
    ----------
    matrix : float64 (n, m), read-only
        The mass moved from source i to sink j.
    potentials : tuple of float64[n] and float64[m], read-only
        The dual solution, in the unit of the cost.
    cost : float
        The sum of cost times mass over all pairs, without any regularisation.
    objective, objective_bound : float
        What the solver minimises, for `matrix`, and what no plan with these marginals can be below (the dual
        objective of the potentials). The two meet where the plan is the best one.
    lower_bound : float
        No plan with these marginals costs less, regularised or not. It comes from the potentials, made
        feasible for the linear program.
    marginal_error : float
        The sum of the absolute differences between the sums of `matrix` and the marginals asked for, rows
        and columns together.
    n_iter : int
        Iterations, of all phases together.
    converged : bool
        Whether the solver reached its tolerance.
    method : str
        The solver.
    n_inner : int
        Iterations of the linear solver within Newton's iterations, each over the support of the plan alone.

    Examples
    --------
    >>> import numpy as np
    >>> plan = Plan(np.eye(2) / 2, (np.zeros(2), np.zeros(2)), 0.0, 0.0, 0.0, 0.0, 0.0, 1, True, "by hand")
    >>> plan
    Plan(2 x 2 by hand, cost 0 >= 0, marginal error 0, 1 iteration)
    >>> plan.to_csr().nnz
    2
    """

    matrix: np.ndarray
    potentials: tuple[np.ndarray, np.ndarray]
    cost: float
    objective: float
    objective_bound: float
    lower_bound: float
    marginal_error: float
    n_iter: int
    converged: bool
    method: str
    n_inner: int = 0

    def __post_init__(self) -> None:
        for array in (self.matrix, *self.potentials):
            array.flags.writeable = False

    def to_csr(self) -> sparse.csr_array:
        """The pairs that carry mass, as a SciPy CSR array (n, m)."""
        return sparse.csr_array(self.matrix)

    def __repr__(self) -> str:
        n, m = self.matrix.shape
        steps = f"{self.n_iter:,} iteration{'' if self.n_iter == 1 else 's'}"
        ending = "" if self.converged else ", not converged"
        return (
            f"Plan({n:,} x {m:,} {self.method}, cost {self.cost:.6g} >= {self.lower_bound:.6g}, "
            f"marginal error {self.marginal_error:.2g}, {steps}{ending})"
        )


def whole_potentials(problem: Problem, f: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Potentials of all sources and sinks, from those of the ones that have mass.

    The constant that both can share is such that they carry equal parts of the dual objective. A source or
    sink without mass gets the largest potential under which it stays without.
    """
    rows, columns = problem.rows, problem.columns
    shift = 0.5 * float(problem.a[rows] @ f - problem.b[columns] @ g) / problem.total
    whole_f, whole_g = np.empty(len(problem.a)), np.empty(len(problem.b))
    whole_f[rows], whole_g[columns] = f - shift, g + shift
    idle = np.setdiff1d(np.arange(len(whole_f)), rows)
    whole_f[idle] = (problem.C[np.ix_(idle, columns)] - whole_g[columns]).min(axis=1)
    idle = np.setdiff1d(np.arange(len(whole_g)), columns)
    whole_g[idle] = (problem.C[:, idle] - whole_f[:, None]).min(axis=0)
    return whole_f, whole_g


def lower_bound(problem: Problem, f: np.ndarray) -> float:
    """What no plan can cost less than: the dual objective at `f`, its best partner, and the best for that."""

    def work(start: int, stop: int) -> np.ndarray:
        least = np.empty(len(problem.b))
        transform_least(problem.C, f, start, stop, least)
        return least

    g = np.min(map_blocks(work, len(f), problem.block()), axis=0)
    return float(problem.a[problem.rows] @ f[problem.rows] + problem.b[problem.columns] @ g[problem.columns])
