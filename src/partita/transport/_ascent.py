"""The two ways up the dual objective of an entropic plan: Sinkhorn alone, and with Newton. For transport."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from partita._core.progress import Progress
from partita.transport._newton import newton_step
from partita.transport._scaling import Scaling, Sums

_LEVEL = 3.0  # each level of the warm start has the regularisation of the one before, divided by this
_FIRST = 9.0  # the first level's, as a share of the spread of the costs
_AHEAD = 0.85  # how far the potentials follow the line through the two levels before
_ROUGH = 0.05  # a level is done when its marginal error is under this share of the mass
_FEW = 40  # Sinkhorn goes on alone where it seems to need no more iterations than that
_RECOVERY = 3  # Sinkhorn iterations after a Newton step that didn't help


@dataclass(frozen=True)
class _Level:
    reg: float
    f: np.ndarray
    g: np.ndarray


class Ascent:
    """Iterations of both kinds on one `Scaling`, counted.

    Attributes
    ----------
    n_iter : int
        Iterations of Sinkhorn and Newton.
    n_inner : int
        Iterations of the linear solver.
    """

    def __init__(self, scaling: Scaling, tol: float, max_iter: int, progress: Progress) -> None:
        self.scaling, self.tol, self.max_iter, self.progress = scaling, tol, max_iter, progress
        self.n_iter = self.n_inner = 0

    def sinkhorn(self) -> Sums:
        """Sinkhorn's iterations alone, from potentials of 0."""
        self.progress.start("Sinkhorn")
        self._balance(self.max_iter, self.tol)
        return self.scaling.sums()

    def newton(self) -> Sums:
        """Levels of falling regularisation, each roughly solved; then the last, to the end."""
        scaling, last = self.scaling, self.scaling.reg
        scaling.reg = float(scaling.C.max() - scaling.C.min()) / _FIRST
        self.progress.start("warm start")
        done: list[_Level] = []
        while scaling.reg > last:
            self._balance(1, _ROUGH)
            self._newton(scaling.sums(), _ROUGH)
            done.append(_Level(scaling.reg, scaling.f.copy(), scaling.g.copy()))
            scaling.reg = max(last, scaling.reg / _LEVEL)
            _look_ahead(scaling, done)
        scaling.reg = last
        self.progress.start("Newton")
        self._balance_while_quick()
        return self._newton(scaling.sums(), self.tol)

    def _newton(self, sums: Sums, tol: float) -> Sums:
        while sums.error > tol and self.n_iter < self.max_iter:
            step = newton_step(self.scaling, sums)
            self.n_iter += 1
            self.n_inner += step.n_inner
            self.progress.advance()
            if step.sums is None:
                self._balance(_RECOVERY, tol)
            sums = step.sums or self.scaling.sums()
        return sums

    def _balance(self, n_iter: int, tol: float) -> float:
        """At most `n_iter` of Sinkhorn's iterations; the error before the last."""
        error = math.inf
        for _ in range(min(n_iter, self.max_iter - self.n_iter)):
            error = self.scaling.balance()
            self.n_iter += 1
            self.progress.advance()
            if error <= tol:
                break
        return error

    def _balance_while_quick(self) -> None:
        before = self._balance(1, self.tol)
        while before > self.tol and self.n_iter < self.max_iter:
            after = self._balance(1, self.tol)
            rate = after / before
            if after > self.tol and (rate >= 1.0 or math.log(self.tol / after) / math.log(rate) > _FEW):
                return
            before = after


def _look_ahead(scaling: Scaling, done: list[_Level]) -> None:
    """Guess the potentials of the next level: they change about evenly with the regularisation, or stay."""
    if len(done) > 1:
        two, one = done[-2:]
        ahead = _AHEAD * (one.reg - scaling.reg) / (two.reg - one.reg)
        f, g = one.f + ahead * (one.f - two.f), one.g + ahead * (one.g - two.g)
        if scaling.sums(f, g).error < scaling.sums().error:
            scaling.f, scaling.g = f, g
