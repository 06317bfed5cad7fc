"""What a file turned out to hold. Callers: the readers of this room; users get it from ``read``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Source:
    """What a file holds, and how that was decided.

    Attributes
    ----------
    kind : {"points", "graph", "text", "table", "hypergraph"}
        What the data are.
    data : object
        ``points``: float32 or float64 array (n, d), memory-mapped where the file allows it, or a
        ``scipy.sparse.csr_array`` (n, d). ``graph``: ``scipy.sparse.csr_array`` (n, n) of float64 weights,
        symmetric unless the graph was read with ``directed=True``. ``hypergraph``:
        ``scipy.sparse.csr_array`` (n, nets), an entry the weight of its net. ``text``: list of n ``str``.
        ``table``: ``pyarrow.Table`` of n rows.
    names : ndarray (n,) or None
        Ids of the items: ``int64``, or ``object`` holding ``str``. None where the file carries none.
    notes : tuple of str
        In plain words: what was inferred, why, and what was left out.
    path : str
        Where it was read from.
    extra : mapping of str to object
        What came along: ``"labels"`` of a labelled archive, ``"node_weights"`` float64 (n, r) and
        ``"node_sizes"`` float64 (n,) of a METIS graph.

    Examples
    --------
    >>> Source("points", np.zeros((3, 2), np.float32), path="vectors.npy")
    Source(kind='points', shape (3, 2), path='vectors.npy')
    """

    kind: str
    data: Any
    names: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    path: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_items(self) -> int:
        """Number of rows, nodes or documents."""
        return len(self.data) if isinstance(self.data, list) else int(self.data.shape[0])

    def __repr__(self) -> str:
        shape = f"{self.n_items:,} documents" if self.kind == "text" else f"shape {tuple(self.data.shape)}"
        return f"Source(kind={self.kind!r}, {shape}, path={self.path!r})"
