"""A plan of transport, as every solver of this room returns it. For users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse


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
    lower_bound : float
        No plan with these marginals costs less. It comes from the potentials (made feasible for the linear
        program), so it holds for any plan, converged or not.
    marginal_error : float
        The sum of the absolute differences between the sums of `matrix` and the marginals asked for, rows
        and columns together.
    n_iter : int
        Iterations, of all phases together.
    converged : bool
        Whether the solver reached its tolerance.
    method : str
        The solver.

    Examples
    --------
    >>> import numpy as np
    >>> plan = Plan(np.eye(2) / 2, (np.zeros(2), np.zeros(2)), 0.0, 0.0, 0.0, 1, True, "by hand")
    >>> plan
    Plan(2 x 2 by hand, cost 0 >= 0, marginal error 0, 1 iteration)
    >>> plan.to_csr().nnz
    2
    """

    matrix: np.ndarray
    potentials: tuple[np.ndarray, np.ndarray]
    cost: float
    lower_bound: float
    marginal_error: float
    n_iter: int
    converged: bool
    method: str

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
