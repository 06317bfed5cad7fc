"""Bridges to SciPy, networkx and Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from partita._core.optional import require

if TYPE_CHECKING:
    from partita.hierarchy.model import Hierarchy


def to_linkage(h: Hierarchy) -> np.ndarray:
    """SciPy's linkage matrix of a hierarchy.

    Parameters
    ----------
    h : Hierarchy
        A part with c children and own items becomes c - 1 merges of one height; a part with one member
        vanishes.

    Returns
    -------
    Z : float64, shape (n - 1, 4)
        Merges by ascending height, a part after those within it. ``from_linkage`` of it holds the same parts
        where all are binary. Levels, columns and ids have no place in it. O(n + m log m).

    Examples
    --------
    >>> from partita.hierarchy import Hierarchy
    >>> to_linkage(Hierarchy.from_linkage([[0, 1, 1.0, 2], [2, 3, 2.0, 3]])).tolist()
    [[0.0, 1.0, 1.0, 2.0], [2.0, 3.0, 2.0, 3.0]]
    """
    from partita.kernels.tree_linkage import tree_merges

    merges = np.empty((max(h.n_items - 1, 0), 4))
    # Children have larger numbers than their parents and are never higher.
    ranked = np.lexsort((-np.arange(h.n_parts), h.height))
    tree_merges(ranked, h.order, h._own, h.stop, h._end, h.height, np.empty(h.n_parts, dtype=np.intp), merges)
    return merges


def to_networkx(h: Hierarchy) -> Any:
    """The parts as a ``networkx.DiGraph``, edges from parent to child.

    Parameters
    ----------
    h : Hierarchy

    Returns
    -------
    graph : networkx.DiGraph
        Nodes 0 to m - 1 with ``size``, ``height``, ``start``, ``stop`` and the columns of ``part_data``; the
        graph attribute ``order`` lists the items.

    Raises
    ------
    MissingPackageError
        Without networkx.
    """
    networkx = require("networkx", extra="graph", purpose="to_networkx")
    graph = networkx.DiGraph(order=h.order.tolist())
    columns = {"size": h.sizes, "height": h.height, "start": h.start, "stop": h.stop, **h.part_data}
    rows = {name: column.tolist() for name, column in columns.items()}
    for part in range(h.n_parts):
        graph.add_node(part, **{name: row[part] for name, row in rows.items()})
    graph.add_edges_from(zip(h.parent[1:].tolist(), range(1, h.n_parts)))
    return graph


def to_arrow(h: Hierarchy) -> dict[str, Any]:
    """The hierarchy as two ``pyarrow.Table``, with the columns of the files.

    Parameters
    ----------
    h : Hierarchy

    Returns
    -------
    tables : dict
        ``"parts"``: parent, start, stop, height, level_1 …, part columns. ``"items"``: ``order`` by place;
        ``item_id`` and ``level_1`` … by item.
    """
    import pyarrow as pa

    from partita.hierarchy.files import item_columns, part_columns

    return {
        name: pa.table({key: _arrow(column) for key, column in columns.items()})
        for name, columns in (("parts", part_columns(h)), ("items", item_columns(h)))
    }


def _arrow(column: np.ndarray) -> Any:
    import pyarrow as pa

    if column.dtype.kind == "O":
        listed = len(column) > 0 and isinstance(column[0], tuple)
        return pa.array([list(row) for row in column] if listed else column,
                        type=pa.list_(pa.string()) if listed else pa.string())  # fmt: skip
    if column.ndim == 1:
        return pa.array(column)
    flat = pa.array(np.ascontiguousarray(column).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, int(np.prod(column.shape[1:], dtype=np.int64)))
