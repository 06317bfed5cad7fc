"""Which cell a row belongs to: a pure function of the row and the centres. Called by HierarchicalKMeans.

A row looks for its nearest *guide* (a centre of a group of cells) first, then for the nearest among the cells
that the guide lists. Both searches are decided by ``kernels.find``, so that neither the block nor the
threads nor the BLAS have a say, and training rows and new rows get the same answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from partita._core.progress import Progress
from partita._core.threads import map_blocks
from partita.kernels.assign import frame_row, frame_rows
from partita.kernels.find import rows_find, rows_measure, rows_tally
from partita.kernels.probe import rows_probe
from partita.points._prune import Neighbours, Way, choose, worth
from partita.points._sample import half_squares, normalise

_BLOCK = 16384
_TILE = 256
_CACHED = 1 << 18
_BITS = 61
_BOUND = 4.0
_MOST_BOUND = 4096.0
_PROBES = 2
_UNKNOWN = np.empty(0, np.int32)


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
        map_blocks(
            lambda start, stop: frame_rows(
                X, rows[start:stop], self.shift, self.scale, self.unit, framed[start:stop], norms[start:stop]
            ),
            len(rows),
            _BLOCK,
        )
        return framed, norms

    def see_exactly(self, X: np.ndarray, row: int) -> np.ndarray:
        """One row in the frame, float64[d]."""
        out = np.empty(X.shape[1])
        frame_row(X[row], self.shift, self.scale, self.unit, out)
        return out

    def undo(self, centers: np.ndarray) -> np.ndarray:
        """Centres in the units of the data (for cosine, of length at most 1)."""
        return (centers + self.shift) / self.scale


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
    prices : float64[k], optional
        Added to squared distances where cells are compared, not below 0: they keep cells small.
    guided : Nearest, optional
        The same centres behind several guides, where this one compares every row with all of them.
    far : float64[k], optional
        Rows at a larger squared distance from their cell's centre look at the lists of the next guides too.
    """

    def __init__(
        self,
        frame: Frame,
        centers: np.ndarray,
        guides: np.ndarray,
        lists: list[np.ndarray],
        prices: np.ndarray | None = None,
        guided: Nearest | None = None,
        far: np.ndarray | None = None,
    ) -> None:
        prices = np.zeros(len(centers)) if prices is None else prices
        self.frame, self.centers, self.guides, self.lists = frame, centers, guides, lists
        first = np.concatenate([[0], np.cumsum([len(cells) for cells in lists])]).astype(np.intp)
        numbers = np.concatenate(lists).astype(np.intp)
        rows, half = centers.astype(np.float32), half_squares(centers) + (0.5 * prices).astype(np.float32)
        longest = np.maximum.reduceat(np.hypot(_lengths(centers), np.sqrt(prices))[numbers], first[:-1])
        self._guides = guides, guides.astype(np.float32), half_squares(guides), float(_lengths(guides).max())
        self._listed = first, numbers, rows[numbers], half[numbers], longest, centers, prices
        self.guided, self._far = guided, far
        self._chosen: list[Way | None] = []

    def at(self, centers: np.ndarray) -> Nearest:
        """The same with all centres elsewhere, known to the guides that knew them."""
        return Nearest(self.frame, centers, self.guides, self.lists, far=self._far)

    def moved(self, cells: np.ndarray, centers: np.ndarray) -> Nearest:
        """The same with some centres elsewhere, known to every guide."""
        changed = self.centers.copy()
        changed[cells] = centers
        guided = self.guided.moved(cells, centers) if self.guided else None
        lists = [np.union1d(known, cells) for known in self.lists]
        far = None if self._far is None else self._far.copy()
        if far is not None:
            far[cells] = -1.0
        return Nearest(self.frame, changed, self.guides, lists, guided=guided, far=far)

    def without_guides(self) -> Nearest:
        """The same with all centres compared with every row, or spared in ways that change no label."""
        guided = self if len(self.guides) > 1 else None
        return Nearest(
            self.frame, self.centers, self.centers[:1], [np.arange(len(self.centers))], guided=guided
        )

    def only(self, cells: np.ndarray) -> Nearest:
        """The same with some of the cells alone, known to one guide."""
        return Nearest(self.frame, self.centers, self.centers[:1], [cells])

    def find(
        self,
        X: np.ndarray,
        rows: np.ndarray,
        labels: np.ndarray,
        distances: np.ndarray,
        progress: Progress | None = None,
        guide_of: np.ndarray = _UNKNOWN,
    ) -> None:
        """Write cells (int32[n]) and squared distances in the frame (float64[n]) at `rows` (intp).

        With `guide_of` (int32[n], as ``add`` left it; may be `labels`) guides are not asked again.
        """
        watcher, way = progress or Progress(), self._way(X, rows)

        def block(start: int, stop: int) -> None:
            own = rows[start:stop]
            left = way.decide(self, X, own, labels, distances) if way else own
            self.decide(X, left, labels, distances, guide_of)

        size = self._block(way)
        map_blocks(block, len(rows), size, after=lambda done: watcher.advance(size))

    def _block(self, way: Way | None) -> int:
        """Rows a block: many where they are shared among guides, else about as many as caches hold."""
        if len(self.guides) > 1 or isinstance(way, Neighbours):
            return _BLOCK
        return int(np.clip(_CACHED // self.centers.shape[1] // _TILE, 1, _BLOCK // _TILE)) * _TILE

    def decide(
        self,
        X: np.ndarray,
        rows: np.ndarray,
        labels: np.ndarray,
        distances: np.ndarray,
        guide_of: np.ndarray = _UNKNOWN,
    ) -> None:
        """As ``find``, for the rows of one block, by the centres that the guides list."""
        frame = self.frame
        rows_find(
            X, rows, frame.shift, frame.scale, frame.unit, *self._guides, *self._listed, guide_of, labels,
            distances,
        )  # fmt: skip
        if self._far is not None and len(self.guides) > 1:
            rows_probe(
                X, rows, self._far, min(_PROBES, len(self.guides) - 1), frame.shift, frame.scale, frame.unit,
                self._guides[1], *self._listed, labels, distances,
            )  # fmt: skip

    def _way(self, X: np.ndarray, rows: np.ndarray) -> Way | None:
        """How to spare centres, chosen once; only the time depends on it."""
        exhaustive = len(self.guides) == 1 and len(self.lists[0]) == len(self.centers)
        if not exhaustive or self._listed[-1].any():
            return None
        if not self._chosen and worth(self, len(rows)):
            self._chosen.append(choose(self, X, rows))
        return self._chosen[0] if self._chosen else None

    def tally(self, add: Callable[[Tally], float], total: float) -> Tally:
        """Sums of rows by the nearest listed cell, the same for any order of the rows.

        Parameters
        ----------
        add : callable
            Adds all rows to a tally (by `add`) and returns the largest coordinate. Called again where that is
            beyond the range of the steps.
        total : float
            The weight of all rows.
        """
        bound = _BOUND
        while True:
            tally = Tally.empty(self.centers.shape, total, bound)
            largest = add(tally)
            if largest <= bound or bound >= _MOST_BOUND:
                return replace(tally, trusted=largest <= bound)
            bound = min(2.0 ** np.ceil(np.log2(largest)), _MOST_BOUND)

    def add(
        self,
        X: np.ndarray,
        rows: np.ndarray,
        weight: np.ndarray,
        tally: Tally,
        guide_of: np.ndarray = _UNKNOWN,
        known: bool = False,
    ) -> float:
        """Add `rows` (intp) with weights (float64[n], or of length 0: all 1); the largest coordinate.

        Their guides are kept in `guide_of` (int32[n]), or taken from there if `known`.
        """
        frame = self.frame
        spare: list[Tally] = []

        def block(start: int, stop: int) -> float:
            own = spare.pop() if spare else tally.like()
            found = rows_tally(
                X, rows[start:stop], weight, frame.shift, frame.scale, frame.unit, *self._guides,
                *self._listed, known, guide_of, tally.steps, own.sums, own.mass, own.squares,
            )  # fmt: skip
            spare.append(own)
            return float(found)

        largest = max(map_blocks(block, len(rows), _BLOCK), default=0.0)
        for own in spare:
            tally.sums[:] += own.sums
            tally.mass[:] += own.mass
            tally.squares[:] += own.squares
        return largest

    def measure(self, X: np.ndarray, rows: np.ndarray, labels: np.ndarray, distances: np.ndarray) -> None:
        """Write squared distances in the frame (float64[n]) of `rows` to the centres of their labels."""
        frame = self.frame
        map_blocks(
            lambda start, stop: rows_measure(
                X, rows[start:stop], frame.shift, frame.scale, frame.unit, self.centers, labels, distances
            ),
            len(rows),
            _BLOCK,
        )


@dataclass(frozen=True)
class Tally:
    """Rows added up cell by cell, in whole steps, so that the order of the rows leaves no trace.

    Attributes
    ----------
    sums : int64 (k, d)
    mass : int64[k]
    squares : int64[k]
        Squared lengths of the rows.
    steps : float64[3]
        How many make 1, of each of the three; powers of two.
    trusted : bool
        Whether no row lies beyond the range of the steps.
    """

    sums: np.ndarray
    mass: np.ndarray
    squares: np.ndarray
    steps: np.ndarray
    trusted: bool = True

    @classmethod
    def empty(cls, shape: tuple[int, ...], total: float, bound: float) -> Tally:
        """For rows of weight `total` with coordinates up to `bound`."""
        sizes = np.array([bound, 1.0, bound * bound * shape[1]]) * max(total, 1e-250)
        steps = np.ldexp(1.0, _BITS - np.frexp(sizes)[1])
        return cls(
            np.zeros(shape, np.int64), np.zeros(shape[0], np.int64), np.zeros(shape[0], np.int64), steps
        )

    def like(self) -> Tally:
        """An empty one with the same steps."""
        empty = [np.zeros_like(own) for own in (self.sums, self.mass, self.squares)]
        return Tally(empty[0], empty[1], empty[2], self.steps)

    def means(self, centers: np.ndarray, *, unit: bool) -> np.ndarray:
        """Centres at the means, float64 (k, d); those without rows stay where they are."""
        means, mass = centers.copy(), self.mass / self.steps[1]
        full = self.mass > 0
        means[full] = self.sums[full] / self.steps[0] / mass[full, None]
        if unit:
            normalise(means)
        return means

    def inertia(self, centers: np.ndarray) -> np.ndarray:
        """Weighted squared distances to the centres, for each cell, float64[k]."""
        mass, sums = self.mass / self.steps[1], self.sums / self.steps[0]
        products = np.einsum("ij,ij->i", centers, sums)
        own = mass * np.einsum("ij,ij->i", centers, centers)
        return np.maximum(self.squares / self.steps[2] + own - 2.0 * products, 0.0)


def _lengths(centers: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("ij,ij->i", centers, centers))
