"""Given distances, square or condensed: checked, and seen as items. Called by the makers of this room."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidTypeError
from partita._core.memory import check_memory
from partita._core.threads import map_blocks
from partita.dissimilarities._items import Items, Placer
from partita.kernels import square as kernel

_ROWS = 64
_WITNESSES, _SLACK = 12, 1e-5
_ROUNDING = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-9}
_FAULTS = {
    kernel.NOT_A_NUMBER: ("no finite number", "finite numbers of at least 0"),
    kernel.NEGATIVE: ("negative", "finite numbers of at least 0"),
    kernel.DIAGONAL: ("not 0, and it is the distance of an item to itself", "0 on the diagonal"),
}


def check_square(X: Any, symmetric: str = "check") -> np.ndarray:
    """A square matrix of distances, float32 or float64; no copy when it is that already.

    Parameters
    ----------
    X : array-like of shape (n, n), or (n (n - 1) / 2,) as SciPy condenses them
    symmetric : {"check", "mean", "min", "max"}
        What to make of two distances between the same items: refuse when they differ by more than rounding
        (1e-5 of them in float32, 1e-9 in float64), or take their mean, the smaller or the larger one.

    Returns
    -------
    D : float array of shape (n, n), C-contiguous

    Raises
    ------
    InvalidDataError
        For the wrong shape, values that are no distances and differing pairs, with the place of the first.
    """
    if hasattr(X, "tocsr"):
        raise InvalidTypeError(
            "A sparse matrix leaves open what its missing distances are.", name="X", hint="pass X.toarray()"
        )
    D = as_float(X)
    if D.ndim == 1:
        D = square_of_pairs(D)
    if D.ndim != 2 or D.shape[0] != D.shape[1]:
        _refuse_what_is_no_matrix(D)
        raise InvalidDataError(
            "Precomputed distances must be a square matrix, or condensed.",
            name="X",
            got=D.shape,
            hint="for rows of numbers pass metric='euclidean'",
        )
    if not len(D):
        raise InvalidDataError("Found array with 0 sample(s) while a minimum of 1 is required.", name="X")
    _refuse_faults(D)
    if symmetric != "check":
        return _symmetrised(D, symmetric)
    _refuse_asymmetry(D)
    return D


def _refuse_what_is_no_matrix(D: np.ndarray) -> None:
    if D.ndim == 2 and not D.shape[1]:
        raise InvalidDataError(f"0 feature(s) (shape={D.shape}) while a minimum of 1 is required.", name="X")
    if not np.isfinite(D).all():
        raise InvalidDataError("Input X contains NaN or infinity, and is no square matrix.", name="X")


def as_float(X: Any) -> np.ndarray:
    """Distances of any shape in float32 where they are no wider, else float64; contiguous."""
    D = np.asarray(X)
    if D.dtype.kind == "c":
        raise InvalidTypeError("Complex data not supported: distances are real numbers.", name="X")
    if D.dtype.kind not in "fiub":
        try:
            D = D.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise InvalidTypeError(f"X can't be read as distances: {error}", name="X") from error
    kind = np.float32 if D.dtype in (np.float32, np.float16) else np.float64
    return np.ascontiguousarray(D, dtype=kind)


def count_of_pairs(length: int) -> int:
    """The number of items of so many condensed distances."""
    n = round((1 + np.sqrt(1 + 8 * length)) / 2)
    if n * (n - 1) // 2 != length:
        raise InvalidDataError(
            f"{length} condensed distances belong to no number of items.",
            name="X",
            allowed="n (n - 1) / 2",
        )
    return n


def square_of_pairs(condensed: np.ndarray) -> np.ndarray:
    """The square of condensed distances, in their type.

    Raises
    ------
    BudgetError
        When it needs more memory than there may be.
    """
    n = count_of_pairs(len(condensed))
    check_memory(
        condensed.itemsize * n * n,
        what=f"The square matrix of the distances of {n} items",
        alternative="KMedoids with method='fasterpam' and init='auto', or 'onebatch', needs no such matrix",
    )
    D, at = np.zeros((n, n), condensed.dtype), 0
    for i in range(n - 1):
        D[i, i + 1 :] = condensed[at : at + n - 1 - i]
        at += n - 1 - i
    for start in range(0, n, _ROWS):
        D[start + _ROWS :, start : start + _ROWS] = D[start : start + _ROWS, start + _ROWS :].T
        own = D[start : start + _ROWS, start : start + _ROWS]
        own += np.triu(own, 1).T
    return D


def _refuse_faults(D: np.ndarray) -> None:
    for i, j, fault in map_blocks(lambda start, stop: kernel.rows_fault(D, start, stop), len(D), _ROWS):
        if fault != kernel.FINE:
            what, allowed = _FAULTS[fault]
            kind = "NaN" if np.isnan(D[i, j]) else what
            told = "Negative values in data: the" if fault == kernel.NEGATIVE else "The"
            raise InvalidDataError(
                f"{told} distance in row {i}, column {j} is {kind}.",
                name="X",
                allowed=allowed,
                got=float(D[i, j]),
            )


def _refuse_asymmetry(D: np.ndarray) -> None:
    share = _ROUNDING[D.dtype]
    floor = (
        share * float(max(map_blocks(lambda start, stop: float(D[start:stop].max()), len(D), _ROWS))) * 0.01
    )
    pairs = map_blocks(lambda start, stop: kernel.asymmetry_find(D, start, stop, share, floor), len(D), _ROWS)
    for i, j in pairs:
        if i >= 0:
            raise InvalidDataError(
                f"The distances are not symmetric: row {i}, column {j} holds {D[i, j]:g}, "
                f"row {j}, column {i} holds {D[j, i]:g}.",
                name="X",
                hint="say what holds: symmetric='mean', 'min' or 'max'",
            )


def _symmetrised(D: np.ndarray, how: str) -> np.ndarray:
    check_memory(
        2 * D.nbytes, what="A symmetric copy of the distances", alternative="make them symmetric in place"
    )
    if how == "mean":
        return 0.5 * D + 0.5 * D.T
    return np.minimum(D, D.T) if how == "min" else np.maximum(D, D.T)


class RowsPlacer(Placer):
    """For the items of the fit: their numbers are the data."""

    def __init__(self, rows: np.ndarray) -> None:
        self._rows = rows

    def distances(self, data: np.ndarray, start: int, stop: int) -> np.ndarray:
        return self._rows[:, data[start:stop]].T


class ColumnsPlacer(Placer):
    """For new items: the data are their distances to the items of the fit, (m, n)."""

    def __init__(self, medoids: np.ndarray) -> None:
        self._medoids = medoids

    def distances(self, data: np.ndarray, start: int, stop: int) -> np.ndarray:
        return data[start:stop][:, self._medoids]


class GivenItems(Items):
    """Items of given distances, each its own; ordered by what distances they have.

    Subclasses write ``rows``, ``fill``, ``placer`` and ``_signature``.
    """

    given = True

    def __init__(self, n: int, weight: np.ndarray | None) -> None:
        super().__init__()
        self.weight = np.ones(n) if weight is None else weight
        self.first = self.inverse = np.arange(n)
        signature = self._signature(np.ascontiguousarray(self.weight).view(np.uint64))
        if len(np.unique(signature)) < n:
            signature = self._signature(signature)
        order = np.argsort(signature, kind="stable")
        self.rank = np.empty(n, np.intp)
        self.rank[order] = np.arange(n)
        self.fingerprint = hashlib.blake2b(signature[order].tobytes(), digest_size=8).hexdigest()

    def rows(self, some: np.ndarray) -> np.ndarray:
        """All distances of some items, float (some, n), as they were given."""
        raise NotImplementedError

    def _signature(self, known: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def note_triangle(self, medoids: np.ndarray) -> None:
        """Say so where distances to some of the medoids break the triangle inequality."""
        some = medoids[:_WITNESSES]
        D = self.rows(some)
        for place, a in enumerate(some):
            for further, b in enumerate(some[place + 1 :], start=place + 1):
                apart = np.abs(D[place] - D[further])
                o = int(np.argmax(apart))
                if apart[o] > D[place, b] + _SLACK * max(D[place, o], D[further, o]):
                    self.notes.append(
                        f"no metric: rows {a} and {b} are {D[place, b]:g} apart, "
                        f"and {D[place, o]:g} and {D[further, o]:g} from row {o}"
                    )
                    return

    @property
    def data(self) -> np.ndarray:
        return self.order


class PrecomputedItems(GivenItems):
    """The items of a square matrix.

    Parameters
    ----------
    D : float (n, n), checked
    weight : float64[n] or None
    """

    kept: np.ndarray

    def __init__(self, D: np.ndarray, weight: np.ndarray | None) -> None:
        self.kept = D
        super().__init__(len(D), weight)

    def rows(self, some: np.ndarray) -> np.ndarray:
        return self.kept[some]

    def _signature(self, known: np.ndarray) -> np.ndarray:
        D, out = self.kept, np.empty(self.n, np.uint64)
        map_blocks(lambda start, stop: kernel.rows_signature(D, known, start, stop, out), self.n, _ROWS)
        return out

    def fill(self, rows: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
        with np.errstate(over="ignore"):  # what float32 can't hold is refused as infinite
            out[:] = self.kept[np.ix_(rows, columns)]

    def placer(self, medoids: np.ndarray) -> Placer:
        return RowsPlacer(self.kept[medoids])
