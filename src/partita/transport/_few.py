"""The semi-dual of transport with few sources a sink, and the search for shares that meet all sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize

from partita._core.threads import map_blocks
from partita.kernels.plan_sparse import columns_choose, columns_share
from partita.transport._problem import Problem, block_of

_ROUNDS = 6
_STRIDE = 0.03  # how far a round moves the potentials, in spreads of the cost


class Few:
    """Choose at most `few` sources for each sink, and their shares.

    Costs are measured from the smallest in units of their spread, masses in shares of the total.

    Attributes
    ----------
    chosen : int32 (m, few), sources of each sink by their place in ``problem.rows``
    shares : float64 (m, few)
    error : float
        What the rows are off, in sum; the columns are right.
    bound : float
        The highest dual objective.
    unit : float
        The spread of the costs.
    n_iter : int
        Iterations of L-BFGS.
    """

    def __init__(self, problem: Problem, few: int, gamma: float, max_iter: int) -> None:
        costs = problem.C[np.ix_(problem.rows, problem.columns)]
        self._least = float(costs.min())
        self.unit = float(costs.max() - self._least) or 1.0
        self._costs = np.ascontiguousarray(costs.T)
        self._costs -= self._least
        self._costs /= self.unit
        self._a, self._b = problem.a[problem.rows] / problem.total, problem.b[problem.columns] / problem.total
        self._gamma = gamma * problem.total / self.unit
        self._max_iter, self.n_iter = max_iter, 0
        self.chosen = np.zeros((len(self._b), few), np.int32)
        self.shares = np.zeros((len(self._b), few))
        self._potential = np.zeros(len(self._a))
        self.error, self.bound = np.inf, -np.inf

    def solve(self, tol: float) -> None:
        """Rounds of choosing, then sharing, until the row sums are right or the rounds are over."""
        best = self._state()
        for _ in range(_ROUNDS):
            potential = self._climb(columns_choose, self._potential)
            self._evaluate(columns_choose, potential)
            best = min(best, self._state(), key=lambda state: state[0])
            if self.error <= tol:
                return
            self._evaluate(columns_share, self._climb(columns_share, potential))
            best = min(best, self._state(), key=lambda state: state[0])
            if self.error <= tol:
                return
            away = self._potential - potential
            self._potential = potential + away * (_STRIDE / max(_STRIDE, float(np.abs(away).max())))
        self.error, self._potential, self.chosen, self.shares = best

    def potentials(self) -> tuple[np.ndarray, np.ndarray]:
        """Of sources and sinks, in the unit of the costs: they add up to a chosen pair's marginal cost."""
        sink, most = np.arange(len(self._b)), np.argmax(self.shares, axis=1)
        source = self.chosen[sink, most]
        marginal = self._costs[sink, source] + self._gamma * self.shares[sink, most]
        g = marginal - self._potential[source]
        return self._potential * self.unit, g * self.unit + self._least

    def _state(self) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
        return self.error, self._potential, self.chosen.copy(), self.shares.copy()

    def _climb(self, kernel: Callable[..., float], start: np.ndarray) -> np.ndarray:
        def downhill(potential: np.ndarray) -> tuple[float, np.ndarray]:
            value, rows = self._pass(kernel, potential)
            return value - float(self._a @ potential), rows - self._a

        options: dict[str, Any] = {"maxiter": self._max_iter, "maxfun": 4 * self._max_iter}
        answer = minimize(
            downhill, start, jac=True, method="L-BFGS-B", options={**options, "ftol": 1e-16, "gtol": 1e-13}
        )
        self.n_iter += int(answer.nit)
        return answer.x

    def _evaluate(self, kernel: Callable[..., float], potential: np.ndarray) -> None:
        value, rows = self._pass(kernel, potential)
        self._potential, self.error = potential, float(np.abs(rows - self._a).sum())
        if kernel is columns_choose:
            offset = self._least / self.unit
            self.bound = max(self.bound, float(self._a @ potential) - value + offset)

    def _pass(self, kernel: Callable[..., float], potential: np.ndarray) -> tuple[float, np.ndarray]:
        def work(start: int, stop: int) -> tuple[float, np.ndarray]:
            rows = np.empty(len(self._a))
            return kernel(
                self._costs, potential, self._b, self._gamma, start, stop, self.chosen, self.shares, rows
            ), rows

        done = map_blocks(work, len(self._b), block_of(len(self._a)))
        rows = done[0][1]
        for _, more in done[1:]:
            rows = rows + more
        return float(sum(value for value, _ in done)), rows
