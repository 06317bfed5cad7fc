"""Overlapping or soft membership: a weight for items in parts. Made from a tree by rule, or by makers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError, did_you_mean
from partita._core.params import Integer, Optional, Real, Rule, check_parameters
from partita.hierarchy._arrays import as_integers, frozen, sealed
from partita.hierarchy.partition import NOISE, Partition

if TYPE_CHECKING:
    from partita.hierarchy.model import Hierarchy

RULES = ("nearest", "closure", "bisector")
_CHECKS: dict[str, Rule] = {"max_copies": Integer(low=1), "radius": Optional(Real(low=0.0))}
_BLOCK = 2**22
_CANDIDATES = 64


class Cover:
    """Membership of n items in k parts, an item in one part or several, with weights.

    Parameters
    ----------
    matrix : scipy.sparse matrix or array, shape (n, k)
        Weights above 0; stored zeros are dropped.
    hierarchy : Hierarchy, optional
        The tree that the parts come from; then every item must have a part.
    parts : array-like of int, shape (k,), optional
        The part of `hierarchy` that each column stands for.
    n_capped : int
        Items that would be in more parts, had the number of copies not been limited.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array, float64, shape (n, k), read-only
    n_items, n_parts, n_capped : int

    Raises
    ------
    InvalidDataError
        When a weight is negative or not finite, or an item of a tree is in no part.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> c = Cover(csr_array([[1.0, 0.5], [0.0, 1.0]]))
    >>> c.partition().labels.tolist(), c.members(1).tolist()
    ([0, 1], [0, 1])
    """

    __slots__ = ("_columns", "hierarchy", "matrix", "n_capped", "parts")

    matrix: Any
    hierarchy: Hierarchy | None
    parts: np.ndarray | None
    n_capped: int
    _columns: Any

    def __init__(
        self, matrix: Any, *, hierarchy: Hierarchy | None = None, parts: Any = None, n_capped: int = 0
    ) -> None:
        checked = _as_csr(matrix)
        n, k = checked.shape
        if parts is not None:
            parts = frozen(as_integers(parts, "parts", length=k))
        if hierarchy is not None:
            empty = np.flatnonzero(np.diff(checked.indptr) == 0)
            if n != hierarchy.n_items or len(empty):
                what = (
                    f"item {int(empty[0])} is in no part"
                    if len(empty)
                    else f"{n} rows for {hierarchy.n_items} items"
                )
                raise InvalidDataError(
                    f"The cover does not cover the items of its tree: {what}.", name="matrix"
                )
        for array in (checked.data, checked.indices, checked.indptr):
            array.flags.writeable = False
        for name, value in zip(
            ("matrix", "hierarchy", "parts", "n_capped", "_columns"),
            (checked, hierarchy, parts, int(n_capped), None),
        ):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"A Cover is frozen; {name!r} can't be set.")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.matrix, self.hierarchy, self.parts, self.n_capped)

    @property
    def n_items(self) -> int:
        """The number of items."""
        return self.matrix.shape[0]

    @property
    def n_parts(self) -> int:
        """The number of parts."""
        return self.matrix.shape[1]

    @property
    def sizes(self) -> np.ndarray:
        """Items in each part, copies included, intp[n_parts]."""
        return np.bincount(self.matrix.indices, minlength=self.n_parts).astype(np.intp)

    def members(self, part: int) -> np.ndarray:
        """The items of a part, ascending.

        Raises
        ------
        InvalidParameterError
            When there is no such part.
        """
        if not 0 <= part < self.n_parts:
            raise InvalidParameterError(
                f"The cover has no part {part}.", name="part", allowed=f"0 to {self.n_parts - 1}", got=part
            )
        if self._columns is None:
            object.__setattr__(self, "_columns", self.matrix.tocsc())
        first = self._columns.indptr
        return sealed(np.sort(self._columns.indices[first[part] : first[part + 1]]).astype(np.intp))

    def partition(self) -> Partition:
        """Each item in the part of its largest weight, ties to the lower part; ``NOISE`` without any."""
        matrix = self.matrix
        labels = np.full(self.n_items, NOISE, dtype=np.int32)
        rows = np.repeat(np.arange(self.n_items), np.diff(matrix.indptr))
        # Ascending by row, descending by weight, ascending by part: the first of each row wins.
        ranked = np.lexsort((matrix.indices, -matrix.data, rows))
        held, first = np.unique(rows[ranked], return_index=True)
        labels[held] = matrix.indices[ranked[first]]
        return Partition(labels, n_parts=self.n_parts, parts=self.parts, hierarchy=self.hierarchy)

    def __repr__(self) -> str:
        capped = f", {self.n_capped:,} items capped" if self.n_capped else ""
        copies = self.matrix.nnz / max(self.n_items, 1)
        return f"Cover({self.n_items:,} items in {self.n_parts:,} parts, {copies:.2f} each{capped})"


def _rebuild(matrix: Any, hierarchy: Any, parts: Any, n_capped: int) -> Cover:
    return Cover(matrix, hierarchy=hierarchy, parts=parts, n_capped=n_capped)


def _as_csr(matrix: Any) -> Any:
    from scipy import sparse

    checked = sparse.csr_array(matrix, dtype=np.float64, copy=True)
    if checked.ndim != 2:
        raise InvalidDataError("A cover is a matrix of items and parts.", name="matrix", got=checked.shape)
    checked.sum_duplicates()
    checked.eliminate_zeros()
    wrong = np.flatnonzero(~(checked.data > 0) | ~np.isfinite(checked.data))
    if len(wrong):
        row = int(np.searchsorted(checked.indptr, wrong[0], side="right")) - 1
        raise InvalidDataError(
            f"The weight at row {row}, column {int(checked.indices[wrong[0]])} is negative or not finite.",
            name="matrix",
            got=float(checked.data[wrong[0]]),
        )
    return checked


def cover_tree(
    h: Hierarchy, rule: str, X: Any, *, level: int = -1, max_copies: int = 8, radius: float | None = None
) -> Cover:
    """Overlapping membership of the items in the parts of a level, by the distance to the parts' means.

    Every item stays in its own part; noise goes to the nearest centre. Further parts:

    - ``"nearest"``: the nearest centres. *For soft membership and search with spill.*
    - ``"closure"``: the nearest centres, leaving out one that lies nearer to an accepted centre than to the
      item, so that copies go in different directions (SPANN). *For search indices.*
    - ``"bisector"``: each part whose bisector with the item's own part lies within `radius`. With parts that
      are the nearest-centre cells, two items within `radius` of each other then share a part of one of them,
      so that no close pair is missed (while `n_capped` is 0). *For exact de-duplication and joins.*

    Parameters
    ----------
    h : Hierarchy
    rule : {"nearest", "closure", "bisector"}
    X : array-like of float, shape (n, d)
        The items' vectors; finite.
    level : int
        The named level whose parts are covered; the root alone where it holds no item.
    max_copies : int
        The most parts of an item, its own included. Items that this cuts short are counted in ``n_capped``.
    radius : float, optional
        "nearest" and "closure": no centre farther than this (default: any). "bisector": required.

    Returns
    -------
    cover : Cover
        Weight 1 for the item's own part; for another, the distance of its nearest accepted centre over that
        part's, below 1.

    Raises
    ------
    InvalidParameterError, InvalidDataError

    Notes
    -----
    O(n k d) by blocked BLAS; the distances that decide are recomputed in float64 in a fixed order.
    Chen et al., SPANN, NeurIPS 2021, arXiv:2111.08566.
    """
    _check_rule(rule, max_copies, radius)
    X = _as_points(X, h.n_items)
    parts = h._level(level)
    if not (h.sizes[parts] > 0).any():
        parts = h.levels[0]
    labels = np.full(h.n_items, NOISE, dtype=np.int32)
    from partita.kernels.tree import tree_fill_items

    tree_fill_items(h.order, h.start, h.stop, parts, labels)
    holding = np.flatnonzero(h.sizes[parts] > 0)
    centers = _centers(X, h, parts[holding]) if h.n_items else np.empty((0, X.shape[1]))
    matrix, capped = _covered(X, labels, len(parts), holding, centers, rule, max_copies, radius)
    return Cover(matrix, hierarchy=h, parts=parts, n_capped=capped)


def _check_rule(rule: Any, max_copies: Any, radius: Any) -> None:
    if rule not in RULES:
        raise InvalidParameterError(
            "The rule of the cover is not known.",
            name="rule",
            allowed=", ".join(map(repr, RULES)),
            got=rule,
            hint=did_you_mean(rule, RULES),
        )
    check_parameters("cover", _CHECKS, {"max_copies": max_copies, "radius": radius})
    if rule == "bisector" and radius is None:
        raise InvalidParameterError(
            "The rule 'bisector' needs a radius.", name="radius", allowed="the largest distance of a pair"
        )


def _as_points(X: Any, n: int) -> np.ndarray:
    array = np.asarray(X)
    if array.ndim != 2 or array.dtype.kind not in "biuf" or len(array) != n:
        raise InvalidDataError(
            "X must have a row of numbers for each item.",
            name="X",
            allowed=f"numbers, shape ({n}, d)",
            got=f"{array.dtype} of shape {array.shape}",
        )
    array = np.ascontiguousarray(array, dtype=np.float32 if array.dtype == np.float32 else np.float64)
    finite = np.isfinite(array)
    if not finite.all():
        row, column = (int(i) for i in np.argwhere(~finite)[0])
        raise InvalidDataError(f"X is not finite at row {row}, column {column}.", name="X")
    return array


def _covered(
    X: np.ndarray,
    labels: np.ndarray,
    k: int,
    holding: np.ndarray,
    centers: np.ndarray,
    rule: str,
    most: int,
    radius: float | None,
) -> tuple[Any, int]:
    from scipy import sparse

    from partita.kernels.tree_cover import cover_rows

    n = len(X)
    most = min(most, max(len(holding), 1))
    parts, weights = np.zeros((n, most), dtype=np.intp), np.zeros((n, most))
    counts, capped = np.zeros(n, dtype=np.intp), 0
    if n:
        dense = np.full(k + 1, NOISE, dtype=np.intp)
        dense[holding] = np.arange(len(holding))
        home = dense[labels]
        limit = np.inf if radius is None else float(radius)
        block = max(_BLOCK // max(len(holding), 1), 1)
        for low in range(0, n, block):
            rows = slice(low, min(low + block, n))
            near = _candidates(X[rows], centers, home[rows], rule, most)
            capped += cover_rows(X[rows], centers, home[rows], near, RULES.index(rule), most, limit,
                                 parts[rows], weights[rows], counts[rows])  # fmt: skip
    used = np.arange(most) < counts[:, None]
    first = np.concatenate([[0], np.cumsum(counts)])
    columns = holding[parts[used]] if n else np.empty(0, dtype=np.intp)
    return sparse.csr_array((weights[used], columns, first), shape=(n, k)), int(capped)


def _centers(X: np.ndarray, h: Hierarchy, parts: np.ndarray) -> np.ndarray:
    """The mean of each part, float64, summed in the order of the tree: that of the rows does not matter."""
    from scipy import sparse

    items = [h.order[h.start[part] : h.stop[part]] for part in parts]
    sizes = h.sizes[parts]
    rows = np.concatenate(items)
    chosen = sparse.csr_array(
        (np.ones(len(rows)), rows, np.concatenate([[0], np.cumsum(sizes)])), shape=(len(parts), len(X))
    )
    return np.ascontiguousarray(chosen @ X.astype(np.float64)) / sizes[:, None]


def _candidates(X: np.ndarray, centers: np.ndarray, home: np.ndarray, rule: str, most: int) -> np.ndarray:
    """The parts that may be accepted, by BLAS: a few more than can be, ascending in each row."""
    k = len(centers)
    wanted = min(k, max(_CANDIDATES, 2 * most))
    if wanted == k:
        return np.tile(np.arange(k, dtype=np.intp), (len(X), 1))
    norms = (centers**2).sum(axis=1)
    key = norms - 2.0 * (X.astype(np.float64) @ centers.T)
    if rule == "bisector":
        own = np.where(home >= 0, home, key.argmin(axis=1))
        gaps = np.sqrt(np.maximum(norms[own][:, None] + norms - 2.0 * (centers[own] @ centers.T), 0.0))
        rows = np.arange(len(X))
        key = (key - key[rows, own][:, None]) / np.maximum(2.0 * gaps, np.finfo(np.float64).tiny)
    return np.sort(np.argpartition(key, wanted - 1, axis=1)[:, :wanted], axis=1)
