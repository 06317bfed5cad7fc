"""Which cell a row belongs to: a pure function of the row and the centres. Called by HierarchicalKMeans.

A row looks for its nearest *guide* (a centre of a group of cells) first, then for the nearest among the cells
that the guide lists. Both searches are decided by ``kernels.assign``, so that neither the block nor the
threads nor the BLAS have a say, and training rows and new rows get the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from partita._core.progress import Progress
from partita._core.threads import map_blocks
from partita.kernels.assign import frame_row, frame_rows, scores_settle
from partita.kernels.lloyd import labels_group
from partita.points._sample import half_squares

_BLOCK = 8192


@dataclass(frozen=True)
class Frame:
    """How rows are seen: length 1 if `unit`, then ``row * scale - shift``.

    The scale is a power of two, so that it changes no digit; it keeps squares of 1e-200 or 1e200 in range.
    """

    shift: np.ndarray
    scale: float
    unit: bool

    def see(self, X: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows of X in the frame, float32 (b, d), and their lengths, float64[b]."""
        framed = np.empty((len(rows), X.shape[1]), np.float32)
        norms = np.empty(len(rows))
        frame_rows(X, rows, self.shift, self.scale, self.unit, framed, norms)
        return framed, norms

    def see_exactly(self, X: np.ndarray, row: int) -> np.ndarray:
        """One row in the frame, float64[d]."""
        out = np.empty(X.shape[1])
        frame_row(X[row], self.shift, self.scale, self.unit, out)
        return out

    def undo(self, centers: np.ndarray) -> np.ndarray:
        """Centres in the units of the data (for cosine, of length at most 1)."""
        return (centers + self.shift) / self.scale


@dataclass(frozen=True)
class _Table:
    """Centres with what a search needs of them, worked out once."""

    centers: np.ndarray
    numbers: np.ndarray
    columns: np.ndarray = field(init=False)
    half: np.ndarray = field(init=False)
    longest: float = field(init=False)

    def __post_init__(self) -> None:
        lengths = np.sqrt(np.einsum("ij,ij->i", self.centers, self.centers))
        object.__setattr__(self, "columns", np.ascontiguousarray(self.centers.T, dtype=np.float32))
        object.__setattr__(self, "half", half_squares(self.centers))
        object.__setattr__(self, "longest", float(lengths.max()))

    def settle(self, X, rows, frame, framed, norms, labels, distances) -> None:
        """Write the number and the squared distance of the nearest centre of each of `rows`."""
        # Rows beyond float32 give infinite products, which the kernel sees and decides in float64.
        with np.errstate(over="ignore", invalid="ignore"):
            products = framed @ self.columns
        scores_settle(
            products, self.half, X, rows, frame.shift, frame.scale, frame.unit, norms,
            self.centers, self.numbers, self.longest, labels, distances,
        )  # fmt: skip


class Nearest:
    """Centres of cells, behind guides.

    Parameters
    ----------
    frame : Frame
    centers : float64 (k, d)
        Of the cells, in the frame.
    guides : float64 (g, d)
    lists : list of intp arrays
        The cells that each guide knows, ascending, none empty.
    """

    def __init__(
        self, frame: Frame, centers: np.ndarray, guides: np.ndarray, lists: list[np.ndarray]
    ) -> None:
        self.frame, self.centers, self.guides, self.lists = frame, centers, guides, lists
        self._guides = _Table(guides, np.arange(len(guides)))
        self._tables = [_Table(np.ascontiguousarray(centers[cells]), cells) for cells in lists]

    def moved(self, cells: np.ndarray, centers: np.ndarray) -> Nearest:
        """The same with some centres elsewhere, known to every guide."""
        changed = self.centers.copy()
        changed[cells] = centers
        return Nearest(self.frame, changed, self.guides, [np.union1d(known, cells) for known in self.lists])

    def find(
        self,
        X: np.ndarray,
        rows: np.ndarray,
        labels: np.ndarray,
        distances: np.ndarray,
        progress: Progress | None = None,
    ) -> None:
        """Write cells (int32[n]) and squared distances in the frame (float64[n]) at `rows` (intp)."""

        watcher = progress or Progress()
        map_blocks(
            lambda start, stop: self._find(X, rows[start:stop], labels, distances),
            len(rows),
            _BLOCK,
            after=lambda done: watcher.advance(_BLOCK),
        )

    def _find(self, X: np.ndarray, rows: np.ndarray, labels: np.ndarray, distances: np.ndarray) -> None:
        framed, norms = self.frame.see(X, rows)
        if len(self._tables) == 1:
            self._tables[0].settle(X, rows, self.frame, framed, norms, labels, distances)
            return
        self._guides.settle(X, rows, self.frame, framed, norms, labels, distances)
        first, members = np.empty(len(self._tables) + 1, np.intp), np.empty(len(rows), np.intp)
        labels_group(labels[rows].astype(np.intp), first, members)
        for guide, table in enumerate(self._tables):
            mine = members[first[guide] : first[guide + 1]]
            if len(mine):
                table.settle(X, rows[mine], self.frame, framed[mine], norms[mine], labels, distances)
