"""THE object: a tree in which every part owns one contiguous slice of one order of the items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError, shorten
from partita.hierarchy._arrays import as_column, as_columns, as_floats, as_integers, frozen, sealed
from partita.hierarchy.doors import Doors
from partita.hierarchy.laws import check_levels, check_tree
from partita.hierarchy.partition import NOISE, Partition
from partita.hierarchy.record import MadeBy

if TYPE_CHECKING:
    from partita.hierarchy.cover import Cover
    from partita.hierarchy.store import Store

OWN_ITEMS = ("noise", "singletons")


class Tree(NamedTuple):
    """The five arrays of a hierarchy."""

    order: np.ndarray
    parent: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    height: np.ndarray


class Hierarchy(Doors):
    """Nested parts of n items: a tree of m parts, each the slice ``order[start:stop]`` of one order.

    Frozen, all arrays read-only; every law is checked at construction in O(n + m). Build one with
    ``pt.divide``, a maker's ``hierarchy_``, or ``from_linkage``, ``from_parent``, ``from_labels``,
    ``from_newick``.

    Parameters
    ----------
    order : array-like of int, shape (n,)
        A permutation of the items.
    parent : array-like of int, shape (m,)
        ``parent[0] == -1`` (the root), otherwise a part before it; in preorder, so a subtree is one run of
        parts.
    start, stop : array-like of int, shape (m,)
        The slice of each part. Children tile a prefix of their parent's slice, left to right; what is left
        are the part's own items.
    height : array-like of float, shape (m,)
        The scale of each part; never grows from parent to child.
    levels : sequence of array-like of int, optional
        Named cuts, coarse to fine, ``levels[0] == [0]``; each an antichain that refines the one before. Kept
        ascending, so that labels number the parts in preorder. Default: the root alone.
    part_data : mapping, optional
        Columns with m rows, by name: numbers (any shape per row), texts, or lists of texts.
    made_by : MadeBy, optional
        The record of how it was made.
    item_ids : array-like, shape (n,), optional
        Names or numbers of the items.
    own_items_are : {"noise", "singletons"}
        What a part's own items are in a cut below it: in no part, or each a part by itself, as in a
        dendrogram.
    check : bool
        False skips the laws of the tree, for arrays that have just been checked.

    Raises
    ------
    InvalidDataError
        Naming the first broken law and where it is broken.

    Examples
    --------
    >>> h = Hierarchy([2, 0, 1], [-1, 0, 0], [0, 0, 2], [3, 2, 3], [1.0, 0.5, 0.0], levels=[[0], [1, 2]])
    >>> h.members(1).tolist(), h.labels().tolist()
    ([2, 0], [0, 1, 0])
    """

    __slots__ = (
        "_cache", "_data", "_ids", "_levels", "_n_items",
        "_n_parts", "_store", "_tree", "made_by", "own_items_are",
    )  # fmt: skip

    made_by: MadeBy
    own_items_are: str
    _n_items: int
    _n_parts: int
    _tree: Tree | None
    _levels: tuple[np.ndarray, ...] | None
    _data: Mapping[str, np.ndarray]
    _ids: np.ndarray | None
    _store: Store | None
    _cache: dict[str, Any]

    def __init__(
        self,
        order: Any,
        parent: Any,
        start: Any,
        stop: Any,
        height: Any,
        *,
        levels: Sequence[Any] | None = None,
        part_data: Mapping[str, Any] | None = None,
        made_by: MadeBy | None = None,
        item_ids: Any = None,
        own_items_are: str = "noise",
        check: bool = True,
    ) -> None:
        arrays = [
            as_integers(a, name)
            for a, name in ((order, "order"), (parent, "parent"), (start, "start"), (stop, "stop"))
        ]
        tree = Tree(*(frozen(a) for a in (*arrays, as_floats(height, "height"))))
        if check:
            check_tree(*tree)
        self._fill(tree, len(tree.order), len(tree.parent), made_by or MadeBy(), own_items_are)
        self._set("_levels", self._checked_levels(levels))
        self._set("_data", as_columns(part_data or {}, self.n_parts))
        self._set("_ids", None if item_ids is None else as_column(item_ids, "item_ids", self.n_items))

    def _fill(
        self, tree: Tree | None, n_items: int, n_parts: int, made_by: MadeBy, own_items_are: str
    ) -> None:
        if own_items_are not in OWN_ITEMS:
            raise InvalidParameterError(
                "own_items_are is not valid.",
                name="own_items_are",
                allowed=" or ".join(OWN_ITEMS),
                got=own_items_are,
            )
        if not isinstance(made_by, MadeBy):
            raise InvalidParameterError(
                "made_by must be a MadeBy record.",
                name="made_by",
                allowed="a partita.hierarchy.MadeBy",
                got=made_by,
            )
        self._set("_tree", tree)
        self._set("_n_items", int(n_items))
        self._set("_n_parts", int(n_parts))
        self._set("made_by", made_by)
        self._set("own_items_are", own_items_are)
        self._set("_store", None)
        self._set("_cache", {})

    @classmethod
    def _from_store(cls, store: Store) -> Hierarchy:
        """A hierarchy whose arrays are read and verified when first touched."""
        self = object.__new__(cls)
        self._fill(None, store.n_items, store.n_parts, store.made_by, store.own_items_are)
        for name, value in (("_store", store), ("_levels", None), ("_data", store), ("_ids", None)):
            self._set(name, value)
        return self

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(
            f"A Hierarchy is frozen; {name!r} can't be set. Use replace(...) for a changed copy."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        data = {name: self.part_data[name] for name in self.part_data}
        state = (*self._arrays, self.levels, data, self.made_by, self.item_ids, self.own_items_are)
        return _rebuild, state

    # ------------------------------------------------------------------ the arrays

    @property
    def _arrays(self) -> Tree:
        if self._tree is None:
            assert self._store is not None
            self._set("_tree", Tree(*self._store.tree()))
        assert self._tree is not None
        return self._tree

    @property
    def n_items(self) -> int:
        """The number of items, n."""
        return self._n_items

    @property
    def n_parts(self) -> int:
        """The number of parts, m, the root included."""
        return self._n_parts

    @property
    def order(self) -> np.ndarray:
        """The items in the order of the tree, intp[n]."""
        return self._arrays.order

    @property
    def parent(self) -> np.ndarray:
        """The parent of each part, intp[m]; -1 for the root."""
        return self._arrays.parent

    @property
    def start(self) -> np.ndarray:
        """Where the slice of each part begins, intp[m]."""
        return self._arrays.start

    @property
    def stop(self) -> np.ndarray:
        """Where the slice of each part ends, intp[m]."""
        return self._arrays.stop

    @property
    def height(self) -> np.ndarray:
        """The scale of each part, float64[m]."""
        return self._arrays.height

    @property
    def levels(self) -> tuple[np.ndarray, ...]:
        """Named cuts, coarse to fine: the parts of each, ascending. ``levels[0]`` is the root."""
        if self._levels is None:
            assert self._store is not None
            self._set("_levels", self._checked_levels(self._store.levels()))
        assert self._levels is not None
        return self._levels

    @property
    def part_data(self) -> Mapping[str, np.ndarray]:
        """Columns with m rows by name; read-only."""
        return self._data

    @property
    def item_ids(self) -> np.ndarray | None:
        """Names or numbers of the items, or None."""
        if self._ids is None and self._store is not None:
            self._set("_ids", self._store.item_ids())
        return self._ids

    # ------------------------------------------------------------------ derived arrays, made once

    def _once(self, name: str, make: Any) -> Any:
        if name not in self._cache:
            value = make()
            self._cache[name] = sealed(value) if isinstance(value, np.ndarray) else value
        return self._cache[name]

    @property
    def sizes(self) -> np.ndarray:
        """Items in each part, intp[m]."""
        return self._once("sizes", lambda: self.stop - self.start)

    @property
    def leaves(self) -> np.ndarray:
        """The parts without children, ascending."""

        def make() -> np.ndarray:
            leaf = np.ones(self.n_parts, dtype=bool)
            leaf[self.parent[1:]] = False
            return np.flatnonzero(leaf)

        return self._once("leaves", make)

    @property
    def depth(self) -> np.ndarray:
        """Edges between the root and each part, intp[m]."""
        return self._once("depth", lambda: self._kernel("tree_depth", self.parent))

    @property
    def item_part(self) -> np.ndarray:
        """The deepest part that holds each item, intp[n]."""
        return self._once(
            "item_part",
            lambda: self._kernel("tree_item_part", self.order, self._own, self.stop, length=self.n_items),
        )

    @property
    def _end(self) -> np.ndarray:
        return self._once("end", lambda: self._kernel("tree_end", self.parent))

    @property
    def _own(self) -> np.ndarray:
        return self._once("own", lambda: self._kernel("tree_own_start", self.parent, self.start, self.stop))

    @property
    def _position(self) -> np.ndarray:
        return self._once("position", lambda: self._kernel("tree_invert", self.order, length=self.n_items))

    def _kernel(self, name: str, *arrays: np.ndarray, length: int | None = None) -> np.ndarray:
        from partita.kernels import tree

        out = np.empty(self.n_parts if length is None else length, dtype=np.intp)
        getattr(tree, name)(*arrays, out)
        return out

    # ------------------------------------------------------------------ parts

    def members(self, part: int) -> np.ndarray:
        """The items of a part: a read-only view of ``order``.

        Raises
        ------
        InvalidParameterError
            When there is no such part.
        """
        part = self._part(part)
        return self.order[self.start[part] : self.stop[part]]

    def own_items(self, part: int) -> np.ndarray:
        """The items of a part that lie in none of its children: a read-only view of ``order``."""
        part = self._part(part)
        return self.order[self._own[part] : self.stop[part]]

    def children(self, part: int) -> np.ndarray:
        """The children of a part in their order, intp; O(children)."""
        from partita.kernels import tree

        return tree.tree_children(self._end, self._part(part))

    def ancestors(self, part: int) -> np.ndarray:
        """The parts above a part, nearest first, the root last; O(depth)."""
        parent, above = self.parent, []
        part = int(parent[self._part(part)])
        while part >= 0:
            above.append(part)
            part = int(parent[part])
        return np.array(above, dtype=np.intp)

    def _part(self, part: Any) -> int:
        if isinstance(part, (bool, np.bool_)) or not isinstance(part, (int, np.integer)):
            raise InvalidParameterError("A part is an integer.", name="part", got=part)
        if not 0 <= part < self.n_parts:
            raise InvalidParameterError(
                f"The hierarchy has no part {part}.",
                name="part",
                allowed=f"0 to {self.n_parts - 1}",
                got=int(part),
            )
        return int(part)

    def _level(self, level: Any) -> np.ndarray:
        count = len(self.levels)
        good = isinstance(level, (int, np.integer)) and not isinstance(level, (bool, np.bool_))
        if not good or not -count <= level < count:
            raise InvalidParameterError(
                f"The hierarchy has no level {shorten(level)}.",
                name="level",
                allowed=f"{-count} to {count - 1} (0 is the root, -1 the finest)",
                got=level,
            )
        return self.levels[level]

    # ------------------------------------------------------------------ labels and cuts

    def labels(self, level: int = -1) -> np.ndarray:
        """The label of each item at a named level, int32[n]; ``NOISE`` for items in none of its parts; O(n).

        Parameters
        ----------
        level : int
            0 is the root, -1 the finest named level. Labels number the level's parts in preorder.
        """
        from partita.kernels import tree

        labels = np.full(self.n_items, NOISE, dtype=np.int32)
        tree.tree_fill_items(self.order, self.start, self.stop, self._level(level), labels)
        return labels

    def part_labels(self, level: int = -1) -> np.ndarray:
        """The label at a level of every part within it, int32[m]; ``NOISE`` for parts above the level."""
        from partita.kernels import tree

        parts = self._level(level)
        labels = np.full(self.n_parts, NOISE, dtype=np.int32)
        tree.tree_fill_parts(self._end, parts, sealed(np.arange(len(parts), dtype=np.int32)), labels)
        return labels

    def cut(
        self,
        n_clusters: int | None = None,
        *,
        height: float | None = None,
        level: int | None = None,
        max_size: int | None = None,
        min_size: int | None = None,
        persistence: float | None = None,
    ) -> Partition:
        """One flat partition of the items, by one rule; labels number the parts in preorder.

        Items that are own items of a part above the cut are ``NOISE``, or each a part by itself where
        ``own_items_are == "singletons"``.

        Parameters
        ----------
        n_clusters : int
            Exactly this many parts: the highest part is split first (ties: the larger, then preorder). May be
            joined with `max_size` or `min_size`.
        height : float
            The largest parts whose height is at most this.
        level : int
            A named level.
        max_size : int
            The largest parts of at most this many items.
        min_size : int
            The finest parts such that all have at least this many items.
        persistence : float
            The finest parts such that all persist at least this long: by ``part_data["persistence"]``, or the
            height of the parent minus the part's own.

        Returns
        -------
        partition : Partition

        Raises
        ------
        InfeasibleError
            When no such cut exists; names the nearest that does.
        InvalidParameterError
            When no rule is given, or rules that don't go together.
        """
        from partita.hierarchy.cut import cut

        return cut(self, n_clusters, height, level, max_size, min_size, persistence)

    def cover(
        self,
        rule: str = "nearest",
        *,
        X: Any,
        level: int | Partition = -1,
        max_copies: int = 8,
        radius: float | None = None,
        penalty: float = 1.0,
    ) -> Cover:
        """Overlapping membership of the items in the parts of a level or cut, by distances to their means.

        Never an item without a part: each stays in its own, and noise goes to the part of the nearest mean.
        With two parts an item is found from both sides of a border. *When to choose this*: to search, join or
        de-duplicate within parts without losing what lies across their borders.

        Parameters
        ----------
        rule : {"nearest", "top", "closure", "bisector", "spill"}
            Which parts an item is in besides:

            - ``"nearest"``: those of the nearest means. *Soft membership.*
            - ``"top"``: the same without regard to its own part: exactly the `max_copies` nearest.
            - ``"closure"``: of the nearest, those whose mean is not nearer to one already taken than to the
              item, so that copies go in different directions; 64 means (or twice `max_copies`) are looked at.
              The rule of relative neighbourhoods, as in SPANN. *Indices with few copies.*
            - ``"bisector"``: every part whose border with its own (the plane midway between the two means) is
              within `radius`. *Joins, de-duplication*: see the notes for what can't be missed.
            - ``"spill"``: one after another, the part of least ``|r|**2 + penalty * sum((r@s)**2 / |s|**2)``
              for the residual r to its mean and the residuals s of the parts taken, so that copies don't fail
              together. With ``max_copies=2`` the rule of SOAR. *Inner-product search.*
        X : array-like of float, shape (n, d)
            The items' vectors: float, integer or boolean; a memory map is read in blocks.
        level : int or Partition
            A named level (-1 the finest), or any cut of this hierarchy. The root where it holds no item.
        max_copies : int
            The most parts of an item, its own included. Items that this cuts short are counted in
            ``n_capped``.
        radius : float, optional
            No mean farther than this from the item (default: any); for "bisector" required.
        penalty : float
            For "spill": the price of correlation, lambda in the paper. 0 gives the nearest means.

        Returns
        -------
        cover : Cover
            Weight 1 for the item's own part ("top": for its nearest); for another, the distance of the
            nearest of its means over the distance of that part's, below 1.

        Raises
        ------
        InvalidParameterError
            For an unknown rule or level, ``max_copies < 1``, ``radius < 0``, or no radius for "bisector".
        InvalidDataError
            For another number of rows than items, or values that are not finite (with row and column).

        Notes
        -----
        O(n k d) time for k parts by blocked products in float32; what decides is worked out in float64 in
        fixed order, ties going to the lower part. The means are sums without rounding. So the result depends
        neither on the number of threads nor on the order of the rows. Memory: the cover, two times k d
        numbers for each thread, at most 2,048**2 distances of means, and blocks of rows.

        "bisector", while ``n_capped`` is 0: two items within ``2 * radius`` of each other share the own part
        of one of them, whatever the parts are. If every item lies on its own side of all borders (the parts
        are the cells of their means), an item has a copy in the own part of every item within `radius`.

        References
        ----------
        Q. Chen et al., SPANN: highly-efficient billion-scale approximate nearest neighbor search, NeurIPS
        2021, arXiv:2111.08566.

        P. Sun et al., SOAR: improved indexing for approximate nearest neighbor search, NeurIPS 2023,
        arXiv:2404.00774.

        Examples
        --------
        >>> h = Hierarchy.from_labels([0, 0, 1, 1])
        >>> cover = h.cover("bisector", X=[[0.0], [4.0], [5.0], [9.0]], radius=1.0)
        >>> cover.members(0).tolist(), cover.members(1).tolist()
        ([0, 1, 2], [1, 2, 3])
        """
        from partita.hierarchy.covering import cover_tree

        return cover_tree(self, rule, X, level=level, max_copies=max_copies, radius=radius, penalty=penalty)

    # ------------------------------------------------------------------ walks

    def lca(self, i: Any, j: Any) -> np.ndarray:
        """The smallest part that holds both items; vectorised.

        Parameters
        ----------
        i, j : int or array-like of int
            Items; broadcast against each other.

        Returns
        -------
        part : intp, of the broadcast shape
            O(log depth) for each pair and O(m) memory.
        """
        from partita.hierarchy.walk import lca

        return lca(self, i, j)

    def cophenetic(self, i: Any, j: Any) -> np.ndarray:
        """The height at which items `i` and `j` meet: that of `lca`, 0 for an item with itself; float64."""
        from partita.hierarchy.walk import cophenetic

        return cophenetic(self, i, j)

    def dasgupta_cost(self, similarity: Any) -> float:
        """Dasgupta's cost: the sum over pairs of similarity times the size of the smallest part holding both.

        Parameters
        ----------
        similarity : scipy.sparse matrix or array, shape (n, n)
            Symmetric; the diagonal is ignored.

        Returns
        -------
        cost : float
            Smaller is better. O(nnz log depth), summed in float64.

        References
        ----------
        S. Dasgupta, A cost function for similarity-based hierarchical clustering, STOC 2016.
        doi:10.1145/2897518.2897527
        """
        from partita.hierarchy.walk import dasgupta_cost

        return dasgupta_cost(self, similarity)

    def sum_up(self, values: Any) -> np.ndarray:
        """For each part, the sum of `values` (one for each part) over its subtree, float64[m]; O(m)."""
        from partita.hierarchy.walk import pass_up

        return pass_up(self, values, "sum")

    def max_up(self, values: Any) -> np.ndarray:
        """For each part, the largest of `values` (one for each part) in its subtree, float64[m]; O(m)."""
        from partita.hierarchy.walk import pass_up

        return pass_up(self, values, "max")

    def min_up(self, values: Any) -> np.ndarray:
        """For each part, the smallest of `values` (one for each part) in its subtree, float64[m]; O(m)."""
        from partita.hierarchy.walk import pass_up

        return pass_up(self, values, "min")

    def sum_down(self, values: Any) -> np.ndarray:
        """For each part, the sum of `values` over it and its ancestors, float64[m]; O(m)."""
        from partita.hierarchy.walk import pass_down

        return pass_down(self, values, "sum")

    def min_down(self, values: Any) -> np.ndarray:
        """For each part, the smallest of `values` over it and its ancestors, float64[m]; O(m)."""
        from partita.hierarchy.walk import pass_down

        return pass_down(self, values, "min")

    # ------------------------------------------------------------------ changes, equality, checks

    def replace(self, **changes: Any) -> Hierarchy:
        """A copy with other levels, part_data, made_by, item_ids or own_items_are; the tree is shared.

        Parameters
        ----------
        **changes
            The new values by name.

        Raises
        ------
        InvalidParameterError
            When another name is given.
        """
        kept = {
            "levels": self.levels,
            "part_data": self.part_data,
            "made_by": self.made_by,
            "item_ids": self.item_ids,
            "own_items_are": self.own_items_are,
        }
        unknown = set(changes) - set(kept)
        if unknown:
            raise InvalidParameterError(
                f"replace() can't change {', '.join(sorted(unknown))}.",
                name="replace",
                allowed=", ".join(kept),
            )
        return Hierarchy(*self._arrays, **{**kept, **changes}, check=False)

    def _checked_levels(self, levels: Iterable[Any] | None) -> tuple[np.ndarray, ...]:
        if levels is None:
            return (sealed(np.zeros(1, dtype=np.intp)),)
        if not isinstance(levels, Iterable):
            raise InvalidDataError("levels must be a sequence of arrays.", name="levels", got=levels)
        arrays = tuple(sealed(np.sort(as_integers(level, f"levels[{j}]"))) for j, level in enumerate(levels))
        check_levels(arrays, self._end)
        return arrays

    def content_equal(self, other: Hierarchy) -> bool:
        """Whether `other` has the same parts, levels, columns and item ids, up to the order of children."""
        from partita.hierarchy.make import same_content

        return same_content(self, other)

    def __eq__(self, other: object) -> bool:
        return self.content_equal(other) if isinstance(other, Hierarchy) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.n_items, self.n_parts))

    def check(self) -> Hierarchy:
        """Recompute every law, and for a loaded hierarchy verify every byte of its files; returns itself.

        Raises
        ------
        InvalidDataError
            Naming the first broken law; FileFormatError for damaged files.
        """
        if self._store is not None:
            self._store.verify()
        check_tree(*self._arrays)
        check_levels(self.levels, self._end)
        for name in self.part_data:
            as_column(self.part_data[name], name, self.n_parts)
        if self.item_ids is not None:
            as_column(self.item_ids, "item_ids", self.n_items)
        from partita.hierarchy.certify import check_certificates

        check_certificates(self)
        return self

    def __repr__(self) -> str:
        from partita.hierarchy.show import as_line

        return as_line(self)

    def _repr_html_(self) -> str:
        from partita.hierarchy.show import as_html

        return as_html(self)


def _rebuild(*state: Any) -> Hierarchy:
    names = ("levels", "part_data", "made_by", "item_ids", "own_items_are")
    return Hierarchy(*state[:5], **dict(zip(names, state[5:])))
