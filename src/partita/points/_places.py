"""Where new rows belong among the rows of a spine. Called by the makers by density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.threads import map_blocks
from partita.kernels.neighbours import queries_reach
from partita.points._reach import RowSpine
from partita.points._row_cells import RowCells

_BLOCK = 1 << 11


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
        exact = X if self.held.factor == 1.0 else X.astype(np.float64) * self.held.factor
        framed = self.held.frame(exact)
        home = self.held.home(framed)
        order = np.argsort(home, kind="stable")
        exact, framed, home = exact[order], framed[order], home[order]
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
