"""Overlapping or soft membership: a weight for items in parts. Made by ``covering``, or by makers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from partita._core.errors import InvalidDataError
from partita.hierarchy._arrays import as_integers, frozen, sealed
from partita.hierarchy.partition import Partition, check_part

if TYPE_CHECKING:
    from partita.hierarchy.model import Hierarchy


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
        self._fill(checked, hierarchy, parts, n_capped)

    @classmethod
    def _of_rule(cls, matrix: Any, hierarchy: Hierarchy, parts: np.ndarray, n_capped: int) -> Cover:
        """A cover whose matrix was made here: in canonical form, positive, without empty rows."""
        self = object.__new__(cls)
        self._fill(matrix, hierarchy, frozen(parts), n_capped)
        return self

    def _fill(
        self, matrix: Any, hierarchy: Hierarchy | None, parts: np.ndarray | None, n_capped: int
    ) -> None:
        for array in (matrix.data, matrix.indices, matrix.indptr):
            array.flags.writeable = False
        for name, value in zip(
            ("matrix", "hierarchy", "parts", "n_capped", "_columns"),
            (matrix, hierarchy, parts, int(n_capped), None),
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
        check_part(part, self.n_parts, "cover")
        if self._columns is None:
            object.__setattr__(self, "_columns", self.matrix.tocsc())
        first = self._columns.indptr
        return sealed(np.sort(self._columns.indices[first[part] : first[part + 1]]).astype(np.intp))

    def partition(self) -> Partition:
        """Each item in the part of its largest weight, ties to the lower part; ``NOISE`` without any."""
        from partita.kernels.tree_cover import rows_strongest

        labels = np.empty(self.n_items, dtype=np.int32)
        rows_strongest(self.matrix.indptr, self.matrix.indices, self.matrix.data, labels)
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
