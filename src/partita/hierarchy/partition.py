"""One flat level of parts, and the one constant for items in no part. Called by cuts, makers and users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError
from partita.hierarchy._arrays import as_integers, frozen

if TYPE_CHECKING:
    from partita.hierarchy.model import Hierarchy

NOISE = -1


class Partition:
    """A flat division of n items: a label for each, from 0 to ``n_parts - 1``, or ``NOISE``.

    Parameters
    ----------
    labels : array-like of int, shape (n,)
        The part of each item; -1 is noise.
    n_parts : int, optional
        Default: the largest label plus one. Parts without items are allowed.
    parts : array-like of int, shape (n_parts,), optional
        The part of `hierarchy` that each label stands for; -1 for an item that is a part by itself (a
        singleton of a dendrogram).
    hierarchy : Hierarchy, optional
        Where the partition was cut from.
    part_labels : array-like of int, shape (m,), optional
        The label of every part of `hierarchy` that lies in a chosen part; ``NOISE`` for the others. A maker
        predicts at any cut by ``partition.part_labels[part of the new item]``.

    Attributes
    ----------
    labels : int32[n], read-only
    n_parts : int
    sizes : intp[n_parts]
    noise : intp[:], the items in no part

    Raises
    ------
    InvalidDataError
        When a label is not an integer, below -1 or not below `n_parts`.

    Examples
    --------
    >>> p = Partition([0, 1, 0, -1])
    >>> p.n_parts, p.sizes.tolist(), p.members(0).tolist(), p.noise.tolist()
    (2, [2, 1], [0, 2], [3])
    """

    __slots__ = ("_groups", "hierarchy", "labels", "n_parts", "part_labels", "parts")

    labels: np.ndarray
    n_parts: int
    parts: np.ndarray | None
    hierarchy: Hierarchy | None
    part_labels: np.ndarray | None
    _groups: tuple[np.ndarray, np.ndarray] | None

    def __init__(
        self,
        labels: Any,
        *,
        n_parts: int | None = None,
        parts: Any = None,
        hierarchy: Hierarchy | None = None,
        part_labels: Any = None,
    ) -> None:
        labels = as_integers(labels, "labels", dtype=np.int32)
        low, high = (int(labels.min()), int(labels.max())) if labels.size else (NOISE, NOISE)
        count = high + 1 if n_parts is None else int(n_parts)
        if low < NOISE or high >= count:
            row = int(np.flatnonzero((labels < NOISE) | (labels >= count))[0])
            raise InvalidDataError(
                f"The label of item {row} is outside its range.",
                name="labels",
                allowed=f"integers from -1 (noise) to {count - 1}",
                got=int(labels[row]),
            )
        chosen = None if parts is None else frozen(as_integers(parts, "parts"))
        if chosen is not None and len(chosen) != count:
            raise InvalidDataError(f"There are {count} labels and {len(chosen)} parts.", name="parts")
        of_parts = None if part_labels is None else frozen(as_integers(part_labels, "part_labels", np.int32))
        values = (frozen(labels), count, chosen, hierarchy, of_parts, None)
        names = ("labels", "n_parts", "parts", "hierarchy", "part_labels", "_groups")
        for name, value in zip(names, values):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"A Partition is frozen; {name!r} can't be set.")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.labels, self.n_parts, self.parts, self.hierarchy, self.part_labels)

    @property
    def n_items(self) -> int:
        """The number of items."""
        return len(self.labels)

    @property
    def sizes(self) -> np.ndarray:
        """Items in each part, intp[n_parts]; O(n)."""
        return np.bincount(self.labels[self.labels >= 0], minlength=self.n_parts).astype(np.intp)

    @property
    def noise(self) -> np.ndarray:
        """The items in no part, ascending."""
        return np.flatnonzero(self.labels == NOISE)

    def members(self, part: int) -> np.ndarray:
        """The items of one part, ascending; a read-only view. The first call sorts all items, O(n log n).

        Raises
        ------
        InvalidParameterError
            When there is no such part.
        """
        check_part(part, self.n_parts, "partition")
        groups = self._groups
        if groups is None:
            groups = self._grouped()
            object.__setattr__(self, "_groups", groups)
        items, first = groups
        return items[first[part] : first[part + 1]]

    def _grouped(self) -> tuple[np.ndarray, np.ndarray]:
        items = np.argsort(self.labels, kind="stable")
        first = np.searchsorted(self.labels[items], np.arange(self.n_parts + 1))
        return frozen(items), first

    def __len__(self) -> int:
        return self.n_parts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Partition):
            return NotImplemented
        return self.n_parts == other.n_parts and np.array_equal(self.labels, other.labels)

    def __hash__(self) -> int:
        return hash((self.n_items, self.n_parts))

    def __repr__(self) -> str:
        noise = len(self.noise)
        said = f", {noise:,} noise" if noise else ""
        return f"Partition({self.n_items:,} items in {self.n_parts:,} parts{said})"


def check_part(part: int, n_parts: int, whole: str) -> None:
    """Refuse a part that the `whole` (partition, cover) does not have.

    Raises
    ------
    InvalidParameterError
    """
    if not 0 <= part < n_parts:
        raise InvalidParameterError(
            f"The {whole} has no part {part}.",
            name="part",
            allowed=f"0 to {n_parts - 1}" if n_parts else "nothing: there are no parts",
            got=part,
        )


def _rebuild(labels: Any, n_parts: int, parts: Any, hierarchy: Any, part_labels: Any) -> Partition:
    return Partition(labels, n_parts=n_parts, parts=parts, hierarchy=hierarchy, part_labels=part_labels)
