"""Where new rows belong among the rows of a spine. Called by the makers by density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.threads import map_blocks
from partita.kernels.answering import Answers, answers_fill, queries_answer
from partita.kernels.giving import givers_choose, givers_reached
from partita.kernels.neighbours import queries_reach
from partita.points._reach import RowSpine
from partita.points._row_cells import RowCells

_BLOCK = 1 << 11
_FEW_COLUMNS = 8
_FEW_GIVERS = 0.5


@dataclass(frozen=True)
class Places:
    """Finds for new rows the fitted row of least mutual reachability.

    Attributes
    ----------
    held : RowCells
    core : float64[m]
        Squared core distances of the rows by cell.
    wanted : float
        Items within a core distance.
    length : int
        Of the lists of nearest rows that core distances of new rows are read from.
    """

    held: RowCells
    core: np.ndarray
    wanted: float
    length: int

    @classmethod
    def of(cls, spine: RowSpine, wanted: float) -> Places:
        """For the rows of a spine."""
        return cls(spine.row_cells, spine.squared_core, wanted, spine.list_length)

    def find(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The distinct row that each row of `X` reaches first, intp[b], and at which distance, float64[b].

        A fitted row finds itself, at its core distance.
        """
        exact, framed, home, order = self._by_cell(*self._framed(X))
        row, reach = np.empty(len(X), np.intp), np.empty(len(X))
        map_blocks(
            lambda start, stop: queries_reach(
                self.held.cells, exact, framed, home, start, stop, self.wanted, self.core, self.length, row,
                reach,
            ),
            len(X),
            _BLOCK,
        )  # fmt: skip
        back = np.empty(len(X), np.intp)
        back[order] = np.arange(len(X))
        return row[back], np.sqrt(reach[back]) / self.held.factor

    def answer(self, X: np.ndarray, row_part: np.ndarray, birth: np.ndarray) -> np.ndarray:
        """The part of the distinct row that each row of `X` reaches first, intp[b].

        It is -1 where that row has none, or is reached only beyond the distance at which its part appears.

        Parameters
        ----------
        X : float (b, d)
        row_part : intp[m]
            The part of each distinct row, -1 for none.
        birth : float64[p]
        """
        found, cells = np.full(len(X), -1, np.intp), self.held.cells
        part = row_part[cells.ids]
        held = np.bincount(part[part >= 0], minlength=len(birth)) > 0
        if not held.any():
            return found
        exact, framed = self._framed(X)
        near = self._reaching(framed, part, birth)
        sifted = near is not None
        if near is not None:
            exact, framed = exact[near], framed[near]
        if not len(exact):
            return found
        exact, framed, home, order = self._by_cell(exact, framed)
        n_cells = len(cells.radius)
        answers = Answers(
            part, birth, np.empty(n_cells, np.intp), np.empty(n_cells, np.float32),
            np.empty(n_cells), float(birth[held].max()), self.held.factor, sifted,
        )  # fmt: skip
        answers_fill(cells, self.core, self.wanted, answers)
        out = np.empty(len(order), np.intp)
        map_blocks(
            lambda start, stop: queries_answer(
                cells, answers, exact, framed, home, start, stop, self.wanted, self.core, self.length, out
            ),
            len(order),
            _BLOCK // 4 if sifted else _BLOCK,
        )
        found[order if near is None else near[order]] = out
        return found

    def _reaching(self, framed: np.ndarray, part: np.ndarray, birth: np.ndarray) -> np.ndarray | None:
        """The framed rows that some row with a part may be near enough to; the others are noise.

        None where a look at rows with parts alone isn't worth its while: in few columns, or if most have one.
        """
        if framed.shape[1] <= _FEW_COLUMNS:
            return None
        cells, factor = self.held.cells, self.held.factor
        chosen, furthest = np.empty(len(part), np.bool_), np.empty(len(cells.radius))
        givers_choose(cells, self.core, part, birth, factor, chosen, furthest)
        count = np.count_nonzero(chosen)
        if not 0 < count <= _FEW_GIVERS * len(part):
            return None
        givers, furthest = self.held.only(chosen), furthest[furthest >= 0]
        reached = np.zeros(len(framed), np.bool_)
        map_blocks(
            lambda start, stop: givers_reached(givers, furthest, factor, framed, start, stop, reached),
            len(framed),
            _BLOCK,
        )
        return np.flatnonzero(reached)

    def _framed(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows as their distances are taken, and framed."""
        exact = X if self.held.factor == 1.0 else X.astype(np.float64) * self.held.factor
        return exact, self.held.frame(exact)

    def _by_cell(
        self, exact: np.ndarray, framed: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Rows sorted by the cell to look at first: exact, framed, these cells, and the order."""
        home = self.held.home(framed)
        # NumPy sorts numbers of 16 bits in one pass.
        few = len(self.held.cells.radius) <= 1 << 16
        order = np.argsort(home.astype(np.uint16) if few else home, kind="stable")
        return exact[order], framed[order], home[order], order
