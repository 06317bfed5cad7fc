"""Potentials of an entropic plan, and the blocked passes over the plan that they stand for. For transport."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.threads import map_blocks
from partita.kernels.plan_scaling import columns_balance, plan_sums, rows_balance, support_count, support_fill
from partita.transport._problem import block_of


@dataclass(frozen=True)
class Sums:
    """Row and column sums of a plan, its cost, and how far the sums are from the marginals (L1)."""

    rows: np.ndarray
    columns: np.ndarray
    cost: float
    error: float


@dataclass(frozen=True)
class Support:
    """The pairs that carry nearly all mass, as CSR."""

    first: np.ndarray
    partner: np.ndarray
    mass: np.ndarray


class Scaling:
    """The plan ``exp((f + g - C) / reg)`` between positive masses `a` and `b`, by its potentials alone.

    Memory: the potentials, and one row of column sums for each block of rows.
    """

    def __init__(self, C: np.ndarray, a: np.ndarray, b: np.ndarray, reg: float) -> None:
        self.C, self.a, self.b, self.reg = C, a, b, reg
        self.f, self.g = np.zeros(len(a)), np.zeros(len(b))
        self._block = block_of(len(b))

    def balance(self) -> float:
        """One Sinkhorn iteration: rows, then columns. Returns the error of the rows before it.

        That is the whole marginal error, since the columns were right after the iteration before.
        """

        def work(start: int, stop: int) -> tuple[float, np.ndarray]:
            columns = np.empty(len(self.b))
            error = rows_balance(self.C, self.g, self.reg, self.a, start, stop, self.f, columns)
            return error, columns

        done = map_blocks(work, len(self.a), self._block)
        columns = _added([columns for _, columns in done])
        columns_balance(self.C, self.f, self.reg, self.b, columns, self.g)
        return float(sum(error for error, _ in done))

    def sums(self, f: np.ndarray | None = None, g: np.ndarray | None = None) -> Sums:
        """The sums of the plan of these potentials (default: the present ones)."""
        f, g = self.f if f is None else f, self.g if g is None else g
        rows = np.empty(len(self.a))

        def work(start: int, stop: int) -> tuple[float, np.ndarray]:
            columns = np.empty(len(self.b))
            return plan_sums(self.C, f, g, self.reg, start, stop, rows, columns), columns

        done = map_blocks(work, len(self.a), self._block)
        columns = _added([columns for _, columns in done])
        error = float(np.abs(rows - self.a).sum() + np.abs(columns - self.b).sum())
        return Sums(rows, columns, float(sum(cost for cost, _ in done)), error)

    def objective(self, sums: Sums) -> float:
        """The cost and `reg` times the sum of mass times its logarithm."""
        return float(sums.rows @ self.f + sums.columns @ self.g)

    def dual(self, sums: Sums) -> float:
        """What the objective of no plan with the marginals is below."""
        surplus = float(sums.rows.sum() - self.a.sum())
        return float(self.a @ self.f + self.b @ self.g) - self.reg * surplus

    def support(self, dropped: float, most: int) -> Support | None:
        """The pairs without which no row or column lacks more than a share `dropped` of its mass.

        None when there are more than `most` of them.
        """
        low_row = self.reg * np.log(dropped * self.a / len(self.b))
        low_column = self.reg * np.log(dropped * self.b / len(self.a))
        n, counts = len(self.a), np.empty(len(self.a), np.intp)
        bounds = low_row, low_column
        map_blocks(
            lambda start, stop: support_count(self.C, self.f, self.g, *bounds, start, stop, counts),
            n,
            self._block,
        )
        first = np.zeros(n + 1, np.intp)
        np.cumsum(counts, out=first[1:])
        if first[-1] > most:
            return None
        partner, mass = np.empty(first[-1], np.int32), np.empty(first[-1])
        map_blocks(
            lambda start, stop: support_fill(
                self.C, self.f, self.g, self.reg, *bounds, start, stop, first, partner, mass
            ),
            n,
            self._block,
        )
        return Support(first, partner, mass)


def _added(parts: list[np.ndarray]) -> np.ndarray:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
