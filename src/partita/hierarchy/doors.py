"""How a hierarchy leaves to files and other tools, and comes from them. The base of ``Hierarchy``."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from partita.hierarchy.model import Hierarchy


class Doors:
    """The doors of a `Hierarchy`; each way is written in the module that it imports."""

    __slots__ = ()

    def save(self: Any, path: str | PathLike[str], *, arrays: Mapping[str, Any] | None = None) -> Path:
        """Write a hierarchy as a folder, aside and then renamed: the old folder or the new one always stands.

        Parameters
        ----------
        path : str or path
            The folder to write, by custom ``NAME.partita``. A Partita folder that is there is replaced;
            anything else is refused.
        arrays : mapping of str to array-like, optional
            Numeric arrays of the maker's model, kept as ``arrays/NAME.npy``; read them with
            `partita.hierarchy.load_arrays`.

        Returns
        -------
        path : Path

        Raises
        ------
        PartitaError
            When the folder can't be written (a full disk, no permission); the old one is untouched.
        InvalidParameterError
            When something else than a Partita folder stands at `path`.
        """
        from partita.hierarchy.files import save

        return save(self, path, arrays=arrays)

    def to_linkage(self: Any) -> np.ndarray:
        """SciPy's linkage matrix, float64 (n - 1, 4); see `partita.hierarchy.bridge.to_linkage`."""
        from partita.hierarchy.bridge import to_linkage

        return to_linkage(self)

    def to_newick(self: Any, *, lengths: bool = True) -> str:
        """The tree as a Newick text: items are leaves, named by id or number; with branch `lengths`."""
        from partita.hierarchy.newick import to_newick

        return to_newick(self, lengths=lengths)

    def to_networkx(self: Any) -> Any:
        """The tree as a ``networkx.DiGraph``; see `partita.hierarchy.bridge.to_networkx`."""
        from partita.hierarchy.bridge import to_networkx

        return to_networkx(self)

    def to_arrow(self: Any) -> dict[str, Any]:
        """Two ``pyarrow.Table``: ``{"parts": …, "items": …}``; see `partita.hierarchy.bridge.to_arrow`."""
        from partita.hierarchy.bridge import to_arrow

        return to_arrow(self)

    @classmethod
    def from_linkage(cls, Z: Any, **options: Any) -> Hierarchy:
        """A binary hierarchy of n - 1 parts from SciPy's linkage matrix; its singletons are own items.

        Parameters
        ----------
        Z : array-like of float, shape (n - 1, 4) or (n - 1, 3)
            The two clusters of each merge, its height, and (checked where given) its size.
        item_rank : array-like of int, shape (n,), optional
            The rank of each item by its content, for the order of siblings of one size; default: the
            position.
        item_ids, made_by
            As for `Hierarchy`.

        Returns
        -------
        hierarchy : Hierarchy
            With ``own_items_are == "singletons"``. Inversions (a merge below one that it joins) are repaired
            by raising the merge, and counted in ``made_by.notes``.

        Raises
        ------
        InvalidDataError
            Naming the first row of `Z` that is no merge.

        Notes
        -----
        O(n) time; about 2 GiB at n = 10^7. An empty `Z` is one item.

        Examples
        --------
        >>> import partita as pt
        >>> h = pt.Hierarchy.from_linkage([[0, 1, 1.0, 2], [2, 3, 2.0, 3]])
        >>> h.members(1).tolist(), h.height.tolist()
        ([0, 1], [2.0, 1.0])
        """
        from partita.hierarchy.make import from_linkage

        return from_linkage(Z, **options)

    @classmethod
    def from_parent(cls, parent: Any, item_part: Any = None, **options: Any) -> Hierarchy:
        """A hierarchy from parent pointers, numbered in any way.

        Parameters
        ----------
        parent : array-like of int
            The parent of each node; a root has -1 or itself. Several roots get a root of height inf above
            them.
        item_part : array-like of int, shape (n,), optional
            The node that holds each item directly; then every node is a part. Default: the nodes without
            children are the items, in their order, and the others are the parts.
        height : array-like of float, one for each node, optional
            Default: edges down to the farthest node. Inversions are repaired and noted.
        levels : sequence of array-like of int
            Named cuts by node number, coarse to fine.
        part_data : mapping, optional
            Columns with one row for each part, ascending by node.
        item_rank, item_ids, made_by
            As for `partita.hierarchy.assemble`.
        own_items_are : {"noise", "singletons"}, optional
            Default: "noise" with `item_part`, "singletons" without.

        Returns
        -------
        hierarchy : Hierarchy

        Raises
        ------
        InvalidDataError
            When the pointers form no tree.

        Examples
        --------
        >>> import partita as pt
        >>> h = pt.Hierarchy.from_parent([3, 3, 4, 4, -1])
        >>> h.n_items, h.n_parts, h.members(1).tolist(), h.height.tolist()
        (3, 2, [0, 1], [2.0, 1.0])
        """
        from partita.hierarchy.make import from_parent

        return from_parent(parent, item_part, **options)

    @classmethod
    def from_labels(cls, labels: Any, **options: Any) -> Hierarchy:
        """A hierarchy from label arrays, coarse to fine; each becomes a named level below the root.

        Parameters
        ----------
        labels : sequence of array-like, each of shape (n,), or one such array
            Integers (-1 is noise) or texts. Items of one fine part must share their coarse part.
        heights : sequence of float, optional
            The height of each level; default: how many levels are finer. The root is one higher than the
            first.
        item_rank, item_ids, made_by
            As for `partita.hierarchy.assemble`.

        Returns
        -------
        hierarchy : Hierarchy
            ``part_data["label"]`` holds the labels as they were given (the root: -1, or the empty text).

        Raises
        ------
        InvalidDataError
            When a level does not refine the one before, naming two items.

        Examples
        --------
        >>> import partita as pt
        >>> h = pt.Hierarchy.from_labels([["a", "a", "b"], ["x", "y", "z"]])
        >>> h.n_parts, h.labels(1).tolist(), h.part_data["label"].tolist()
        (6, [0, 0, 1], ['', 'a', 'x', 'y', 'b', 'z'])
        """
        from partita.hierarchy.make import from_labels

        return from_labels(labels, **options)

    @classmethod
    def from_newick(cls, text: str, **options: Any) -> Hierarchy:
        """A hierarchy from a Newick text: its leaves are the items, its inner nodes the parts.

        Parameters
        ----------
        text : str
            One tree: quoted names, branch lengths and comments are read; underscores in plain names are
            spaces. ``";"`` alone is the tree without items.
        made_by : MadeBy, optional

        Returns
        -------
        hierarchy : Hierarchy
            ``item_ids`` are the names of the leaves (where any has one); ``part_data["name"]`` those of the
            inner nodes (likewise). The height of a part is the longest way down to its leaves, by branch
            lengths (missing ones count 0) or, without any length, by edges. ``own_items_are ==
            "singletons"``.

        Raises
        ------
        FileFormatError
            With line and column where the text is malformed.

        Notes
        -----
        O(length), without recursion: any depth. A tree whose leaves lie at different distances from the root
        has no exact heights; the longest way is taken, and ``made_by.notes`` says so.

        Examples
        --------
        >>> import partita as pt
        >>> h = pt.Hierarchy.from_newick("((a:1,b:1)ab:2,c:3);")
        >>> h.height.tolist(), h.item_ids.tolist(), h.part_data["name"].tolist()
        ([3.0, 1.0], ['a', 'b', 'c'], ['', 'ab'])
        """
        from partita.hierarchy.newick import from_newick

        return from_newick(text, **options)
