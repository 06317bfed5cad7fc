"""The one door for makers, and hierarchies from linkage matrices, parent pointers and label arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from partita._core.errors import InvalidDataError
from partita.hierarchy._arrays import as_column, as_floats, as_integers, sealed
from partita.hierarchy.model import Hierarchy
from partita.hierarchy.partition import NOISE
from partita.hierarchy.record import MadeBy


class _Grown(NamedTuple):
    """A tree in its old numbering, with everything that the new one needs."""

    queue: np.ndarray
    first: np.ndarray
    children: np.ndarray
    size: np.ndarray
    lowest: np.ndarray
    parts: np.ndarray


def assemble(
    item_part: Any,
    parent: Any,
    height: Any,
    *,
    levels: Sequence[Any] = (),
    part_data: Mapping[str, Any] | None = None,
    item_rank: Any = None,
    part_key: Any = None,
    made_by: MadeBy | None = None,
    item_ids: Any = None,
    own_items_are: str = "noise",
    repair: bool = False,
) -> tuple[Hierarchy, np.ndarray]:
    """A tree in any numbering as a canonical Hierarchy: the door that every maker uses.

    Siblings stand largest first, ties by `part_key`, then by the smallest `item_rank` within; a part's own
    items stand by `item_rank`. So the result does not depend on how parts were numbered, nor, with ranks by
    content, on the order of the rows.

    Parameters
    ----------
    item_part : array-like of int, shape (n,)
        The part that holds each item directly.
    parent : array-like of int, shape (m,)
        The parent of each part, -1 for the one root; in any order.
    height : array-like of float, shape (m,)
        The scale of each part.
    levels : sequence of array-like of int
        Named cuts, coarse to fine, by the old numbers; the root is put in front where it is missing.
    part_data : mapping, optional
        Columns with one row for each old part.
    item_rank : array-like of int, shape (n,), optional
        The rank of each item by its content; default: its position.
    part_key : array-like of float, shape (m,) or (m, d), optional
        Compared, entry by entry, between siblings of equal size (such as their centres).
    made_by, item_ids, own_items_are
        As for `Hierarchy`.
    repair : bool
        Raise parts that are lower than a child of theirs, and say so in ``made_by.notes``.

    Returns
    -------
    hierarchy : Hierarchy
    new_id : intp[m]
        The new number of each old part.

    Raises
    ------
    InvalidDataError
        When the parents form no tree, an item names no part, or a law is broken.

    Notes
    -----
    O(n + m) and a merge sort of each run of siblings; without recursion and without Python loops.

    Examples
    --------
    >>> h, new_id = assemble([0, 1, 1], [2, 2, -1], [0.0, 0.0, 1.0])
    >>> h.members(1).tolist(), new_id.tolist()
    ([1, 2], [2, 1, 0])
    """
    item_part, parent = as_integers(item_part, "item_part"), as_integers(parent, "parent")
    n, m = len(item_part), len(parent)
    height = as_floats(height, "height", m)
    rank = np.arange(n, dtype=np.intp) if item_rank is None else as_integers(item_rank, "item_rank", length=n)
    _check_parts(item_part, m)
    columns = {name: as_column(value, name, m) for name, value in (part_data or {}).items()}
    grown = _grow(item_part, parent, rank, _as_key(part_key, m))
    made_by = made_by or MadeBy()
    if repair:
        height, made_by = _repaired(height, parent, grown.queue, made_by)
    arrays, new_id = _numbered(item_part, parent, height, None if item_rank is None else rank, grown)
    old_id = np.empty(m, dtype=np.intp)
    old_id[new_id] = np.arange(m)
    hierarchy = Hierarchy(
        *arrays,
        levels=_new_levels(levels, new_id),
        part_data={name: sealed(value[old_id]) for name, value in columns.items()},
        made_by=made_by,
        item_ids=item_ids,
        own_items_are=own_items_are,
    )
    return hierarchy, new_id


def _check_parts(item_part: np.ndarray, m: int) -> None:
    outside = np.flatnonzero((item_part < 0) | (item_part >= m))
    if len(outside):
        row = int(outside[0])
        raise InvalidDataError(
            f"Item {row} names no part.", name="item_part", allowed=f"0 to {m - 1}", got=int(item_part[row])
        )


def _as_key(part_key: Any, m: int) -> np.ndarray:
    if part_key is None:
        return np.empty((m, 0))
    key = np.asarray(part_key, dtype=np.float64)
    if len(key) != m:
        raise InvalidDataError(f"part_key has {len(key)} rows where {m} are needed.", name="part_key")
    return np.ascontiguousarray(key.reshape(m, -1))


def _grow(item_part: np.ndarray, parent: np.ndarray, rank: np.ndarray, key: np.ndarray) -> _Grown:
    from partita.kernels import tree_make as kernel

    m = len(parent)
    roots = np.flatnonzero(parent < 0)
    if len(roots) != 1 or (m and int(parent.max()) >= m):
        raise InvalidDataError(
            "The parents form no tree: there must be exactly one root (-1), all others within the parts.",
            name="parent",
            allowed=f"-1 once, otherwise 0 to {m - 1}",
            got=f"{len(roots)} roots, largest parent {int(parent.max()) if m else None}",
        )
    first, children = np.empty(m + 1, dtype=np.intp), np.empty(max(m - 1, 0), dtype=np.intp)
    root = kernel.tree_group(np.ascontiguousarray(parent), first, children)
    queue = np.empty(m, dtype=np.intp)
    reached = kernel.tree_breadth(root, first, children, queue)
    if reached != m:
        raise InvalidDataError(
            f"The parents form no tree: {m - reached} parts lie on or below a cycle.", name="parent"
        )
    size, lowest, parts = (np.empty(m, dtype=np.intp) for _ in range(3))
    item_part, rank = np.ascontiguousarray(item_part), np.ascontiguousarray(rank)
    kernel.tree_gather(queue, np.ascontiguousarray(parent), item_part, rank, size, lowest, parts)
    kernel.tree_sort_children(first, children, size, key, lowest)
    return _Grown(queue, first, children, size, lowest, parts)


def _numbered(
    item_part: np.ndarray, parent: np.ndarray, height: np.ndarray, rank: np.ndarray | None, grown: _Grown
) -> tuple[list[np.ndarray], np.ndarray]:
    """The arrays (order, parent, start, stop, height) by new numbers, sealed; and the new numbers."""
    from partita.kernels import tree_make as kernel

    n, m = len(item_part), len(parent)
    new_id, start, own = (np.empty(m, dtype=np.intp) for _ in range(3))
    kernel.tree_number(grown.queue, grown.first, grown.children, grown.size, grown.parts, new_id, start, own)
    order = np.empty(n, dtype=np.intp)
    ranked = np.arange(n, dtype=np.intp) if rank is None else np.argsort(rank, kind="stable")
    kernel.tree_place(ranked, np.ascontiguousarray(item_part), own, order)
    parent_out, start_out, stop_out = (np.empty(m, dtype=np.intp) for _ in range(3))
    height_out = np.empty(m, dtype=np.float64)
    parent, height = np.ascontiguousarray(parent), np.ascontiguousarray(height)
    kernel.tree_scatter(
        new_id, parent, height, start, grown.size, parent_out, height_out, start_out, stop_out
    )
    return [sealed(a) for a in (order, parent_out, start_out, stop_out, height_out)], new_id


def _repaired(
    height: np.ndarray, parent: np.ndarray, queue: np.ndarray, made_by: MadeBy
) -> tuple[np.ndarray, MadeBy]:
    from partita.kernels import tree_make as kernel

    height = height.copy()
    raised = kernel.tree_raise(queue, np.ascontiguousarray(parent), height)
    return height, made_by.with_notes(*_said(raised))


def _said(raised: int) -> list[str]:
    return [f"{raised:,} inversions repaired: parts raised to their highest child"] if raised else []


def _new_levels(levels: Sequence[Any], new_id: np.ndarray) -> list[np.ndarray]:
    renumbered = []
    for j, level in enumerate(levels):
        old = as_integers(level, f"levels[{j}]")
        if len(old) and (int(old.min()) < 0 or int(old.max()) >= len(new_id)):
            raise InvalidDataError(f"Level {j} names a part outside 0 to {len(new_id) - 1}.", name="levels")
        renumbered.append(new_id[old])
    if not renumbered or renumbered[0].tolist() != [0]:
        renumbered.insert(0, np.zeros(1, dtype=np.intp))
    return renumbered


def from_linkage(
    Z: Any,
    *,
    item_rank: Any = None,
    item_ids: Any = None,
    made_by: MadeBy | None = None,
) -> Hierarchy:
    """A binary hierarchy from SciPy's linkage matrix; see `Hierarchy.from_linkage`."""
    left, right, height, raised = _merges(Z)
    n = len(left) + 1
    m = max(n - 1, 1)
    item_part, parent = np.zeros(n, dtype=np.intp), np.full(m, NOISE, dtype=np.intp)
    merge = np.arange(n - 1, dtype=np.intp)
    for side in (left, right):
        items = side < n
        item_part[side[items]] = merge[items]
        parent[side[~items] - n] = merge[~items]
    if n == 1:
        height = np.zeros(1)
    record = (made_by or MadeBy(method="linkage")).with_notes(*_said(raised))
    hierarchy, _ = assemble(
        item_part,
        parent,
        height,
        item_rank=item_rank,
        item_ids=item_ids,
        made_by=record,
        own_items_are="singletons",
    )
    return hierarchy


def _merges(Z: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """The two sides and the repaired height of each merge, and how many were repaired."""
    from partita.kernels import tree_make as kernel

    Z = np.asarray(Z)
    if Z.size == 0:
        Z = Z.reshape(0, 4).astype(np.float64)
    if Z.ndim != 2 or Z.shape[1] not in (3, 4) or Z.dtype.kind not in "iuf":
        raise InvalidDataError(
            "A linkage matrix has the columns left, right, height and size.",
            name="Z",
            allowed="numbers, shape (n - 1, 4) or (n - 1, 3)",
            got=f"{Z.dtype} of shape {Z.shape}",
        )
    n = len(Z) + 1
    height = np.array(Z[:, 2], dtype=np.float64)
    _refuse_row(np.isnan(height), "The height of merge {row} is NaN.")
    left, right = (_whole(Z[:, side], n) for side in (0, 1))
    size = np.empty(n - 1, dtype=np.intp)
    bad = kernel.linkage_sizes(left, right, n, size)
    if bad >= 0:
        raise InvalidDataError(
            f"Row {bad} of the linkage matrix joins a cluster twice, or one that is not made yet.",
            name="Z",
            allowed=f"items 0 to {n - 1}, merge i is cluster {n} + i, each used once",
            got=(int(left[bad]), int(right[bad])),
        )
    if Z.shape[1] == 4:
        _refuse_row(Z[:, 3] != size, "The size in row {row} of the linkage matrix is wrong.")
    raised = kernel.linkage_repair(left, right, n, height)
    return left, right, height, int(raised)


def _whole(column: np.ndarray, n: int) -> np.ndarray:
    # The comparison is False for NaN, so that the cast below is of numbers in range only.
    with np.errstate(invalid="ignore"):
        _refuse_row(~((column >= 0) & (column < 2 * n)), "Row {row} of the linkage matrix names no cluster.")
        whole = column.astype(np.intp)
    _refuse_row(whole != column, "Row {row} of the linkage matrix names a fraction of a cluster.")
    return whole


def _refuse_row(wrong: np.ndarray, message: str) -> None:
    if wrong.any():
        raise InvalidDataError(message.format(row=int(np.argmax(wrong))), name="Z")


def from_parent(
    parent: Any,
    item_part: Any = None,
    *,
    height: Any = None,
    levels: Sequence[Any] = (),
    part_data: Mapping[str, Any] | None = None,
    item_rank: Any = None,
    item_ids: Any = None,
    made_by: MadeBy | None = None,
    own_items_are: str | None = None,
) -> Hierarchy:
    """A hierarchy from parent pointers; see `Hierarchy.from_parent`."""
    nodes = _as_nodes(parent, by_item=item_part is None)
    up, node_part = nodes.parts()
    if item_part is None:
        part_of = node_part[nodes.parent[~nodes.inner]]
    else:
        part_of = as_integers(item_part, "item_part")
    heights = _node_heights(nodes, up, height, lowest=1 if item_part is None and len(part_of) else 0)
    columns = part_data or {}
    if nodes.joined and columns:
        raise InvalidDataError(
            "part_data has no row for the root that joins several trees.",
            name="part_data",
            hint="add the root to the parents yourself",
        )
    hierarchy, _ = assemble(
        part_of,
        up,
        heights,
        levels=[_node_level(level, node_part, j) for j, level in enumerate(levels)],
        part_data=columns,
        item_rank=item_rank,
        item_ids=item_ids,
        made_by=made_by or MadeBy(method="from_parent"),
        own_items_are=own_items_are or ("singletons" if item_part is None else "noise"),
        repair=True,
    )
    return hierarchy


class _Nodes(NamedTuple):
    """Parent pointers with one root, and which nodes are parts."""

    parent: np.ndarray
    inner: np.ndarray
    joined: int

    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """The parents of the parts by part number, and the part of each node (-1 for items)."""
        node_part = np.where(self.inner, np.cumsum(self.inner) - 1, NOISE)
        up = self.parent[self.inner]
        return np.where(up >= 0, node_part[up], NOISE), node_part


def _as_nodes(parent: Any, *, by_item: bool) -> _Nodes:
    parent = as_integers(parent, "parent").copy()
    count = len(parent)
    parent[parent == np.arange(count)] = NOISE
    outside = np.flatnonzero((parent < NOISE) | (parent >= count))
    if len(outside):
        row = int(outside[0])
        raise InvalidDataError(
            f"Node {row} has a parent outside the nodes.",
            name="parent",
            allowed=f"-1 to {count - 1}",
            got=int(parent[row]),
        )
    inner = np.full(count, not by_item)
    inner[parent[parent >= 0]] = True
    roots = np.flatnonzero(parent < 0)
    if len(roots) == 1 and inner[roots[0]]:
        return _Nodes(parent, inner, 0)
    # Several trees, a node alone, or nothing: one more node holds them.
    parent = np.append(np.where(parent < 0, count, parent), NOISE)
    return _Nodes(parent, np.append(inner, True), max(len(roots), 1))


def _node_heights(nodes: _Nodes, up: np.ndarray, height: Any, *, lowest: int) -> np.ndarray:
    """The height of each part: as given, or the edges down; inf for a root that joins several trees."""
    from partita.kernels import tree_make as kernel

    if height is None:
        heights = np.full(len(up), float(lowest))
        loop = kernel.tree_edges_below(np.ascontiguousarray(up), heights)
        if loop:
            raise InvalidDataError(
                f"The parents form no tree: {loop} nodes lie on or below a cycle.", name="parent"
            )
    else:
        given = as_floats(height, "height", len(nodes.parent) - bool(nodes.joined))
        top = given.max() if len(given) else 0.0
        heights = (np.append(given, top) if nodes.joined else given)[nodes.inner]
    if nodes.joined > 1:
        heights[-1] = np.inf
    return heights


def _node_level(level: Any, node_part: np.ndarray, j: int) -> np.ndarray:
    nodes = as_integers(level, f"levels[{j}]")
    if len(nodes) and (int(nodes.min()) < 0 or int(nodes.max()) >= len(node_part)):
        raise InvalidDataError(f"Level {j} names a node outside 0 to {len(node_part) - 1}.", name="levels")
    if len(nodes) and int(node_part[nodes].min()) < 0:
        raise InvalidDataError(f"Level {j} names an item where a part is needed.", name="levels")
    return node_part[nodes]


def from_labels(
    labels: Any,
    *,
    heights: Sequence[float] | None = None,
    item_rank: Any = None,
    item_ids: Any = None,
    made_by: MadeBy | None = None,
) -> Hierarchy:
    """A hierarchy from label arrays, coarse to fine; see `Hierarchy.from_labels`."""
    coded = [_coded(level, j) for j, level in enumerate(_label_arrays(labels))]
    if not coded:
        raise InvalidDataError("There are no label arrays.", name="labels", hint="give at least one")
    n = len(coded[0][0])
    parents, levels, values = [np.array([NOISE])], [], []
    above, offset = np.zeros(n, dtype=np.intp), 1
    deepest = above
    for j, (codes, names) in enumerate(coded):
        if len(codes) != n:
            raise InvalidDataError(
                f"Label array {j} has {len(codes)} items and the first has {n}.", name="labels"
            )
        parents.append(_refined(codes, len(names), above, j))
        levels.append(np.arange(offset, offset + len(names)))
        values.append(names)
        above = np.where(codes >= 0, codes + offset, NOISE)
        deepest = np.where(codes >= 0, above, deepest)
        offset += len(names)
    hierarchy, _ = assemble(
        deepest,
        np.concatenate(parents),
        _level_heights(heights, [len(names) for names in values]),
        levels=levels,
        part_data={"label": _label_column(values)},
        item_rank=item_rank,
        item_ids=item_ids,
        made_by=made_by or MadeBy(method="from_labels"),
    )
    return hierarchy


def _label_arrays(labels: Any) -> list[np.ndarray]:
    if not isinstance(labels, (list, tuple)):
        array = np.asarray(labels)
        return [array] if array.ndim == 1 else list(array)
    if len(labels) and (np.ndim(labels[0]) == 0 or isinstance(labels[0], str)):
        return [np.asarray(labels)]
    return [np.asarray(level) for level in labels]


def _coded(level: np.ndarray, j: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes (-1 for noise) and the distinct labels of one array."""
    if level.ndim == 1 and level.size == 0:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.int64)
    if level.dtype.kind in "OT":
        level = level.astype(str)
    if level.ndim != 1 or level.dtype.kind not in "iubU":
        raise InvalidDataError(
            f"Label array {j} must hold one integer or text for each item.",
            name="labels",
            got=f"{level.dtype} of shape {level.shape}",
        )
    names, codes = np.unique(level, return_inverse=True)
    codes = codes.astype(np.intp)
    if names.dtype.kind == "i" and names[0] < 0:
        if names[0] < NOISE:
            raise InvalidDataError(
                f"Label array {j} holds negative labels.",
                name="labels",
                allowed="-1 (noise) or more",
                got=int(names[0]),
            )
        return codes - 1, names[1:]
    return codes, names


def _refined(codes: np.ndarray, count: int, above: np.ndarray, j: int) -> np.ndarray:
    """The part above each of `count` parts; refuses one that lies in two, or in none."""
    parent = np.full(count, NOISE, dtype=np.intp)
    rows = np.flatnonzero(codes >= 0)
    parent[codes[rows]] = above[rows]
    wrong = rows[(above[rows] != parent[codes[rows]]) | (above[rows] < 0)]
    if len(wrong):
        item = int(wrong[0])
        other = int(rows[np.flatnonzero(codes[rows] == codes[item])[-1]])
        raise InvalidDataError(
            f"Label array {j} does not refine array {j - 1}: items {item} and {other} share a part in it and "
            "not in the coarser one, or their part there is noise.",
            name="labels",
            hint="give the arrays coarse to fine, each part within one part of the array before",
        )
    return parent


def _level_heights(heights: Sequence[float] | None, counts: list[int]) -> np.ndarray:
    given = np.arange(len(counts))[::-1].astype(float) if heights is None else as_floats(heights, "heights")
    if len(given) != len(counts):
        raise InvalidDataError(
            f"There are {len(counts)} label arrays and {len(given)} heights.", name="heights"
        )
    return np.concatenate([[given[0] + 1.0], np.repeat(given, counts)])


def _label_column(values: list[np.ndarray]) -> np.ndarray:
    if all(names.dtype.kind in "iub" for names in values):
        return np.concatenate([[NOISE], *values]).astype(np.int64)
    return np.concatenate([[""], *(names.astype(str) for names in values)]).astype(object)


def canonical(h: Hierarchy) -> tuple[Hierarchy, np.ndarray]:
    """The same hierarchy with siblings by size, height and first item; and the new number of each part."""
    return assemble(h.item_part, h.parent, h.height, part_key=h.height, own_items_are=h.own_items_are)


def same_content(a: Hierarchy, b: Hierarchy) -> bool:
    """Whether two hierarchies hold the same parts and data, up to the order of children."""
    shape = (a.n_items, a.n_parts, len(a.levels), a.own_items_are, set(a.part_data))
    if shape != (b.n_items, b.n_parts, len(b.levels), b.own_items_are, set(b.part_data)):
        return False
    (one, to_one), (two, to_two) = canonical(a), canonical(b)
    if not all(np.array_equal(x, y) for x, y in zip(one._arrays, two._arrays)):
        return False
    if not all(np.array_equal(np.sort(to_one[x]), np.sort(to_two[y])) for x, y in zip(a.levels, b.levels)):
        return False
    from_one, from_two = np.argsort(to_one), np.argsort(to_two)
    same = all(_same(a.part_data[k][from_one], b.part_data[k][from_two]) for k in a.part_data)
    return same and _same(a.item_ids, b.item_ids)


def _same(x: np.ndarray | None, y: np.ndarray | None) -> bool:
    if x is None or y is None:
        return x is y
    floats = x.dtype.kind == "f" and y.dtype.kind == "f"
    return np.array_equal(x, y, equal_nan=True) if floats else np.array_equal(x, y)
