"""What a local search has met of a graph: rows, and columns over them, that grow. Called by graphs."""

from __future__ import annotations

import numpy as np

from partita.kernels.csr import Graph
from partita.kernels.local_rows import met_empty, met_find, met_open

_FIRST_NODES, _FIRST_ENTRIES = 64, 256


class MetRows:
    """Nodes met by a search from seeds, with columns by slot. Its memory and work grow with what it meets.

    Parameters
    ----------
    graph : Graph
    degree : float64[n]
        Volume of each node.
    features : float64 (n, d)
        Attributes; d = 0 for none.
    decay : float
        An edge counts its weight times ``exp(-decay |x - y|^2)``.
    """

    def __init__(self, graph: Graph, degree: np.ndarray, features: np.ndarray, decay: float) -> None:
        self.graph, self._degree, self._features, self._decay = graph, degree, features, float(decay)
        self.met = met_empty(_FIRST_NODES, _FIRST_ENTRIES)
        self.degree, self.mass, self.value = (np.zeros(_FIRST_NODES) for _ in range(3))
        self.scratch, self.bound = np.zeros(_FIRST_NODES), np.zeros(_FIRST_NODES)
        self.active = np.empty(_FIRST_NODES, np.int32)

    @property
    def n_met(self) -> int:
        """Nodes met: opened ones and their neighbours."""
        return int(self.met.used[0])

    @property
    def n_entries(self) -> int:
        """Entries of opened rows."""
        return int(self.met.used[1])

    @property
    def nodes(self) -> np.ndarray:
        """The node of each slot, int32[n_met]."""
        return self.met.node[: self.n_met]

    @property
    def opened_volume(self) -> float:
        """Volume of the opened rows."""
        return float(self.degree[: self.n_met][self.met.start[: self.n_met] >= 0].sum())

    @property
    def reached_volume(self) -> float:
        """Volume of the nodes with a value."""
        return float(self.degree[: self.n_met][self.value[: self.n_met] > 0].sum())

    def slots(self, nodes: np.ndarray) -> np.ndarray:
        """Slots of nodes, int32; those not met before are met now."""
        self._make_room(len(nodes), 0)
        before, out = self.n_met, np.empty(len(nodes), np.int32)
        met_find(self.met, np.ascontiguousarray(nodes, np.int64), out)
        self._fill(before)
        return out

    def open(self, slots: np.ndarray) -> None:
        """Copy the rows of slots that are not opened yet; their neighbours are met."""
        closed = np.ascontiguousarray(slots[self.met.start[slots] < 0])
        if not len(closed):
            return
        nodes = self.met.node[closed]
        entries = int((self.graph.indptr[nodes + 1] - self.graph.indptr[nodes]).sum())
        self._make_room(entries, entries)
        before = self.n_met
        met_open(self.met, self.graph, self._features, self._decay, closed)
        self._fill(before)

    def _fill(self, before: int) -> None:
        self.degree[before : self.n_met] = self._degree[self.met.node[before : self.n_met]]

    def _make_room(self, nodes: int, entries: int) -> None:
        count, filled = self.n_met, self.n_entries
        met = self.met
        if filled + entries > len(met.neighbour):
            room = 2 * (filled + entries)
            met = met._replace(neighbour=_grown(met.neighbour, room), share=_grown(met.share, room))
        if count + nodes > len(met.node):
            room = 2 * (count + nodes)
            roomier = met_empty(room, 0)
            met_find(roomier, met.node[:count].astype(np.int64), np.empty(count, np.int32))
            for column in ("start", "stop", "strength"):
                getattr(roomier, column)[:count] = getattr(met, column)[:count]
            roomier.used[1] = filled
            met = roomier._replace(neighbour=met.neighbour, share=met.share)
            for name in ("degree", "mass", "value", "scratch", "bound", "active"):
                setattr(self, name, _grown(getattr(self, name), room))
        self.met = met


def _grown(column: np.ndarray, room: int) -> np.ndarray:
    out = np.zeros(room, column.dtype)
    out[: len(column)] = column
    return out
