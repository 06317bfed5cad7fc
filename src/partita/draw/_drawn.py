"""The tree that is drawn: shown parts, and a leaf for own items beside children. Callers: the drawings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError
from partita.draw._svg import clean
from partita.hierarchy import Hierarchy
from partita.hierarchy.rows import check_weights


class Drawn(NamedTuple):
    """A tree of t nodes in preorder."""

    parent: np.ndarray
    """intp[t], -1 for the root."""
    weight: np.ndarray
    """float64[t]; of an inner node the sum of its children's, to rounding."""
    part: np.ndarray
    """intp[t]: the part of the hierarchy that a node shows, or whose own items it shows."""
    own: np.ndarray
    """bool[t]: whether a node shows the own items of a part."""
    items: np.ndarray
    """intp[t]: how many items a node shows."""

    @property
    def leaf(self) -> np.ndarray:
        """Which nodes have no children, bool[t]."""
        return leaf_nodes(self.parent)

    @property
    def depth(self) -> np.ndarray:
        """Edges between the root and each node, intp[t]."""
        depth = [0] * len(self.parent)
        for v, up in enumerate(self.parent.tolist()):
            if up >= 0:
                depth[v] = depth[up] + 1
        return np.array(depth, dtype=np.intp)


def leaf_nodes(parent: np.ndarray) -> np.ndarray:
    """Which nodes have no children, bool[t]."""
    leaf = np.ones(len(parent), dtype=bool)
    leaf[parent[1:]] = False
    return leaf


def drawn_tree(
    h: Hierarchy, sample_weight: Any = None, *, depth: int | None = None, levels: Any = None
) -> Drawn:
    """The parts of `h` that are drawn, as a tree with weights.

    Parameters
    ----------
    h : Hierarchy
    sample_weight : array-like (n,), optional
        A weight an item, none negative; default: 1 each. Parts of weight zero stay in the tree.
    depth : int, optional
        Show parts at most so many edges below the root.
    levels : sequence of int, optional
        Show only the parts of these named levels, and the root.

    Returns
    -------
    drawn : Drawn
        O(n + m).

    Examples
    --------
    >>> import partita as pt
    >>> h = pt.Hierarchy([0, 1, 2], [-1, 0], [0, 0], [3, 2], [1.0, 0.0])
    >>> drawn = drawn_tree(h)
    >>> drawn.parent.tolist(), drawn.weight.tolist(), drawn.own.tolist()
    ([-1, 0, 0], [3.0, 2.0, 1.0], [False, False, True])
    """
    own_items, own_weight = _own_sums(h, check_weights(sample_weight, h.n_items))
    shown = _shown(h, depth, levels)
    above = nearest_shown(h.parent, shown)
    owner = (np.cumsum(shown) - 1)[above]
    parts = np.flatnonzero(shown)
    parent = np.full(len(parts), -1, dtype=np.intp)
    parent[1:] = owner[h.parent[parts[1:]]]
    held_weight = np.bincount(owner, weights=own_weight, minlength=len(parts))
    held_items = np.bincount(owner, weights=own_items, minlength=len(parts)).astype(np.intp)
    return _with_own_leaves(parts, parent, held_weight, held_items)


def part_names(h: Hierarchy, names: Any = None) -> list[str]:
    """One clean name a part: `names`, or the column ``name``, else the terms, else nothing.

    Raises
    ------
    InvalidDataError
        When there isn't one name a part.
    """
    if names is None:
        names = h.part_data.get("name", h.part_data.get("terms"))
    if names is None:
        return [""] * h.n_parts
    if isinstance(names, str) or len(names) != h.n_parts:
        raise InvalidDataError(
            "names doesn't fit the hierarchy.",
            name="names",
            allowed=f"{h.n_parts} texts, one a part",
            got=names if isinstance(names, str) else f"{len(names)} texts",
        )
    return [clean(_name_text(name)) for name in names]


def _name_text(name: Any) -> str:
    if name is None:
        return ""
    return ", ".join(str(term) for term in name) if isinstance(name, (list, tuple, np.ndarray)) else str(name)


def _own_sums(h: Hierarchy, sample_weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Own items of each part, and the sum of their weights."""
    below = np.bincount(h.parent[1:], weights=h.sizes[1:], minlength=h.n_parts).astype(np.intp)
    count = h.sizes - below
    if sample_weight is None:
        return count, count.astype(np.float64)
    total = np.zeros(h.n_parts)
    some = np.flatnonzero(count)
    # Each run is summed by itself: differences of one long sum would lose small weights next to large ones.
    begin, end = h.stop[some] - count[some], h.stop[some]
    weight = np.append(sample_weight[h.order], 0.0)
    bounds = np.column_stack([begin, end]).ravel()
    total[some] = np.add.reduceat(weight, bounds)[::2] if len(some) else 0.0
    return count, total


def _shown(h: Hierarchy, depth: int | None, levels: Sequence[int] | None) -> np.ndarray:
    shown = np.ones(h.n_parts, dtype=bool)
    if levels is not None:
        wanted = [levels] if isinstance(levels, (int, np.integer)) else list(levels)
        shown[:] = False
        for level in wanted:
            shown[h._level(level)] = True
    if depth is not None:
        if isinstance(depth, bool) or not isinstance(depth, (int, np.integer)) or depth < 0:
            raise InvalidParameterError(
                "depth is not valid.", name="depth", allowed="None or an integer of at least 0", got=depth
            )
        shown &= h.depth <= depth
    shown[0] = True
    return shown


def nearest_shown(parent: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """For every part the deepest shown part at or above it; pointer doubling, O(m log depth)."""
    above = np.where(shown, np.arange(len(parent)), parent)
    while not shown[above].all():
        above = above[above]
    return above


def _with_own_leaves(parts: np.ndarray, parent: np.ndarray, weight: np.ndarray, items: np.ndarray) -> Drawn:
    """The tree with one more leaf, behind its other children, for each inner node that holds items itself."""
    count = len(parts)
    end = np.arange(1, count + 1)
    inner = np.zeros(count, dtype=bool)
    inner[parent[1:]] = True
    for v in range(count - 1, 0, -1):
        up = parent[v]
        if end[v] > end[up]:
            end[up] = end[v]
    hosts = np.flatnonzero(inner & (items > 0))
    # A deeper host's leaf comes first where several subtrees end at one place.
    hosts = hosts[np.lexsort((-hosts, end[hosts]))]
    place = np.arange(count) + np.searchsorted(end[hosts], np.arange(count), side="right")
    place_own = end[hosts] + np.arange(len(hosts))
    total = count + len(hosts)
    out_parent, out_part = np.empty(total, np.intp), np.empty(total, np.intp)
    out_weight, out_items = np.empty(total), np.empty(total, np.intp)
    own = np.zeros(total, dtype=bool)
    out_parent[place] = np.where(parent >= 0, place[parent], -1)
    out_parent[place_own] = place[hosts]
    own[place_own] = True
    out_part[place], out_part[place_own] = parts, parts[hosts]
    out_weight[place], out_weight[place_own] = np.where(inner, 0.0, weight), weight[hosts]
    out_items[place], out_items[place_own] = np.where(inner, 0, items), items[hosts]
    up = out_parent.tolist()
    for v in range(total - 1, 0, -1):
        out_weight[up[v]] += out_weight[v]
        out_items[up[v]] += out_items[v]
    return Drawn(out_parent, out_weight, out_part, own, out_items)


def heaviest_first(drawn: Drawn) -> Drawn:
    """The same tree with siblings in the order of falling weight, ties as they were; O(t log t)."""
    count = len(drawn.parent)
    size = [1] * count
    parent = drawn.parent.tolist()
    for v in range(count - 1, 0, -1):
        size[parent[v]] += size[v]
    place, free = [0] * count, [1] * count
    # Siblings by weight, and parents before children: a subtree takes its run where its parent's is free.
    for v in np.lexsort((-drawn.weight, drawn.parent)).tolist()[1:]:
        up = parent[v]
        place[v] = place[up] + free[up]
        free[up] += size[v]
    order = np.argsort(place)
    ups = np.array(place)[drawn.parent[order]]
    ups[0] = -1
    return Drawn(ups, *(column[order] for column in drawn[1:]))
