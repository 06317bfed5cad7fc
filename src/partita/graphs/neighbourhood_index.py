"""NeighbourhoodIndex: nodes with similar neighbours, in milliseconds, by minhashes in bands. For users."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from partita._core.errors import FileFormatError, InvalidDataError, InvalidParameterError
from partita._core.memory import check_memory
from partita._core.params import Flag, Integer, OneOf, Rule, check_parameters
from partita._core.threads import map_blocks, thread_scope
from partita.graphs._input import InputGraph, as_graph
from partita.hierarchy import Hierarchy, MadeBy, assemble, load, load_arrays
from partita.kernels.neighbour_hash import (
    community_grow,
    nodes_keys,
    pool_similarities,
    set_keys,
    set_matches,
)

_BLOCK = 1 << 12
_STREAM = 0x5EED
_METHOD = "NeighbourhoodIndex"
_CITATION = (
    "B. P. Chamberlain, J. Levy-Kramer, C. Humby, M. P. Deisenroth, Real-time community detection in full "
    "social networks on a laptop, PLoS ONE 13 (2018), doi:10.1371/journal.pone.0188702, arXiv:1601.03958"
)
_RULES: dict[str, Rule] = {
    "n_bands": Integer(low=1, high=4096),
    "band_rows": Integer(low=1, high=16),
    "closed": Flag(),
}
_QUERY_RULES: dict[str, Rule] = {"k": Integer(low=1)}
_RANK_RULES: dict[str, Rule] = {
    "size": Integer(low=1),
    "rank": OneOf(("mean", "pagerank")),
    "pool": Integer(low=1),
}
_ROUNDS, _DAMPING = 3, 0.9


@dataclass(frozen=True)
class Ranked:
    """Nodes in order, best first.

    Attributes
    ----------
    nodes : intp[k]
        By the numbers of the graph as it was given.
    scores : float64[k]
        Jaccard similarity for ``similar``; for ``community`` the mean similarity at the time of joining, or
        the share of the walk.

    Examples
    --------
    >>> import numpy as np
    >>> len(Ranked(np.array([4, 2]), np.array([0.9, 0.4])))
    2
    """

    nodes: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        """How many there are."""
        return len(self.nodes)


class NeighbourhoodIndex:
    """Nodes whose neighbours are the same, looked up by hashes; made by ``build`` or ``open``.

    *When to choose this*: interactive questions to a large graph, "who is like these?" and "which community
    are these part of?". Two nodes are similar by the Jaccard similarity of their sets of neighbours, whether
    or not they are tied. For what is tied to a node take ``LocalCluster``.

    Parameters
    ----------
    place : int64[n]
        Canonical number of each node. This and what follows is what ``build`` and ``open`` pass.
    arrays : dict of arrays
        Rows of the graph, sorted keys of all bands, and the hash functions.
    names : ndarray (n,) or None
    made_by : MadeBy

    Attributes
    ----------
    n_nodes : int
    n_bands, band_rows : int
        Two nodes of similarity J meet in one of the bands with a chance of ``1 - (1 - J^r)^b``.
    closed : bool
        Whether a node counts among its own neighbours.
    nbytes : int
        Memory of the index: 8 bytes for each band and node, and 4 for each entry of the graph.

    Notes
    -----
    Weights of edges are not used. Hashes are multiply-shift functions from a fixed stream, of canonical
    numbers of nodes: an answer does not depend on the order in which nodes were given. What meets in a band
    is compared exactly, in the graph itself; so similarities are exact and only a node may be missed.
    ``build`` takes O(e b r) time; a query O(b log n) and the neighbours of what it meets. In place of
    similarities estimated from signatures, as the paper has them, the graph is kept: that takes less memory.

    References
    ----------
    B. P. Chamberlain, J. Levy-Kramer, C. Humby and M. P. Deisenroth, Real-time community detection in full
    social networks on a laptop, PLoS ONE 13 (2018). https://arxiv.org/abs/1601.03958

    M. Dietzfelbinger, T. Hagerup, J. Katajainen and M. Penttonen, A reliable randomized algorithm for the
    closest-pair problem, J. Algorithms 25 (1997). https://doi.org/10.1006/jagm.1997.0873 (multiply-shift)

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.linalg import block_diag
    >>> A = block_diag(np.ones((4, 4)), np.ones((5, 5))) - np.eye(9)
    >>> index = NeighbourhoodIndex.build(A, closed=True)
    >>> index.similar(0, k=3).nodes.tolist(), index.community([5], size=3).scores.tolist()
    ([1, 2, 3], [1.0, 1.0, 1.0])
    """

    def __init__(self, place: np.ndarray, arrays: dict[str, np.ndarray], names: Any, made_by: MadeBy) -> None:
        self._place, self._arrays, self._names, self.made_by = place, arrays, names, made_by
        self._order = np.empty(len(place), np.intp)
        self._order[place] = np.arange(len(place))
        self._indptr, self._indices = arrays["indptr"], arrays["indices"]
        self._keys, self._nodes = arrays["keys"], arrays["nodes"]
        self._factor, self._shift = arrays["factor"], arrays["shift"]
        self.n_nodes, self.n_bands = len(place), len(self._keys)
        self.band_rows = len(self._factor) // self.n_bands
        self.closed = bool(made_by.parameters.get("closed", False))

    @classmethod
    def build(
        cls,
        graph: Any,
        *,
        n_bands: int = 64,
        band_rows: int = 1,
        closed: bool = False,
        n_jobs: int | None = None,
    ) -> NeighbourhoodIndex:
        """Hash the neighbourhoods of all nodes.

        Parameters
        ----------
        graph : what ``scipy.sparse`` holds, networkx or igraph graph, edges (n_edges, 2 or 3)
            Undirected.
        n_bands : int
            More bands miss less and take more memory and time.
        band_rows : int
            Hashes in a band. More than 1 lets nodes of little similarity go unseen: shorter queries where
            these are very many, and less recall.
        closed : bool
            Count a node among its own neighbours, so that tied nodes are more similar.
        n_jobs : int, optional
            Threads; the result is the same for any number.

        Returns
        -------
        index : NeighbourhoodIndex

        Raises
        ------
        InvalidParameterError, InvalidDataError, BudgetError
        """
        started = time.perf_counter()
        parameters = {"n_bands": n_bands, "band_rows": band_rows, "closed": closed}
        check_parameters(_METHOD, _RULES, parameters)
        given = graph if isinstance(graph, InputGraph) else as_graph(graph)
        check_memory(
            24 * n_bands * given.n,
            what=f"An index of {given.n} nodes in {n_bands} bands",
            alternative="take fewer bands",
        )
        indptr, indices = _with_itself(given) if closed else (given.graph.indptr, given.graph.indices)
        factor, shift = _hash_functions(n_bands * band_rows)
        with thread_scope(n_jobs):
            keys, nodes = _sorted_keys(indptr, indices, factor, shift, band_rows, n_bands)
        arrays = {"indptr": indptr, "indices": indices, "keys": keys, "nodes": nodes}
        arrays |= {"factor": factor, "shift": shift}
        made_by = MadeBy(
            method=_METHOD,
            parameters=parameters,
            version=_version(),
            fingerprint=given.fingerprint,
            seconds=time.perf_counter() - started,
            citation=_CITATION,
            notes=given.notes,
        )
        return cls(given.place, arrays, given.names, made_by)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays that the index holds."""
        return int(sum(array.nbytes for array in self._arrays.values())) + 2 * self._place.nbytes

    def chance(self, similarity: Any) -> np.ndarray:
        """The chance that nodes of a given similarity meet in a band: ``1 - (1 - J^r)^b``."""
        return 1.0 - (1.0 - np.asarray(similarity, np.float64) ** self.band_rows) ** self.n_bands

    def similar(self, node: Any, k: int = 10) -> Ranked:
        """The nodes most similar to one.

        Parameters
        ----------
        node : int or str
            By number, or by name where the graph has names.
        k : int
            At most so many; less where fewer share a neighbour and were met.

        Returns
        -------
        ranked : Ranked
            Without the node itself; exact similarities.
        """
        check_parameters(f"{_METHOD}.similar", _QUERY_RULES, {"k": k})
        v = self._canonical([node])[0]
        found, similarity = self._matches(self._indices[self._indptr[v] : self._indptr[v + 1]])
        other = found != v
        return self._ranked(found[other], similarity[other], k)

    def like(self, neighbours: Any, k: int = 10) -> Ranked:
        """The nodes whose neighbourhoods are most similar to a set of nodes, such as a new node's neighbours.

        Parameters
        ----------
        neighbours : sequence of int or str
        k : int

        Returns
        -------
        ranked : Ranked
        """
        check_parameters(f"{_METHOD}.like", _QUERY_RULES, {"k": k})
        members = np.unique(self._canonical(neighbours)).astype(np.int32)
        return self._ranked(*self._matches(members), k)

    def community(self, seeds: Any, size: int = 50, *, rank: str = "mean", pool: int = 400) -> Ranked:
        """The community that some nodes are part of, best members first, without the seeds.

        Parameters
        ----------
        seeds : int, str, or sequence of them
        size : int
            At most so many nodes.
        rank : {"mean", "pagerank"}
            "mean": one node after another joins, the one of largest mean similarity to all members so far.
            "pagerank": by three steps of a walk over similarities that returns to the seeds, on the nodes
            most similar to them.
        pool : int
            For "pagerank": nodes that take part.

        Returns
        -------
        ranked : Ranked
        """
        check_parameters(f"{_METHOD}.community", _RANK_RULES, {"size": size, "rank": rank, "pool": pool})
        wanted = np.unique(self._canonical([seeds] if np.ndim(seeds) == 0 else seeds)).astype(np.int32)
        if rank == "pagerank":
            return self._walked(wanted, size, pool)
        most = max(0, min(size, self.n_nodes - len(wanted)))
        joined, scores = np.empty(most, np.int32), np.empty(most)
        count = community_grow(
            self._indptr, self._indices, self._keys, self._nodes, self._factor, self._shift, self.band_rows,
            wanted, joined, scores,
        )  # fmt: skip
        return Ranked(self._order[joined[:count]], scores[:count])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a ``.partita`` folder: aside first, then renamed.

        Parameters
        ----------
        path : str or path

        Returns
        -------
        path : Path
        """
        n = self.n_nodes
        hierarchy, _ = assemble(
            np.zeros(n, np.intp),
            [-1],
            [0.0],
            item_rank=self._place,
            item_ids=self._names,
            made_by=self.made_by,
        )
        return hierarchy.save(path, arrays={**self._arrays, "place": self._place})

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> NeighbourhoodIndex:
        """Open what ``save`` wrote; large arrays are memory-mapped, all are verified.

        Parameters
        ----------
        path : str or path

        Returns
        -------
        index : NeighbourhoodIndex

        Raises
        ------
        FileFormatError
            For a damaged or foreign folder.
        """
        hierarchy: Hierarchy = load(path)
        if hierarchy.made_by.method != _METHOD:
            raise FileFormatError(
                f"{path} holds no index of neighbourhoods.",
                name=str(path),
                got=hierarchy.made_by.method,
                hint="open it by partita.load",
            )
        arrays = load_arrays(path)
        return cls(arrays.pop("place"), arrays, hierarchy.item_ids, hierarchy.made_by)

    def __repr__(self) -> str:
        """Shape and memory in one line."""
        shape = f"{self.n_nodes:,} nodes, {self.n_bands} bands of {self.band_rows}"
        return f"NeighbourhoodIndex({shape}, {self.nbytes:,} bytes)"

    def _matches(self, members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Canonical nodes that meet a set in a band, and their similarity."""
        n = self.n_nodes
        if not len(members):
            return np.empty(0, np.int32), np.empty(0)
        own, least = np.empty(self.n_bands, np.uint32), np.empty(len(self._factor), np.uint64)
        set_keys(members, self._factor, self._shift, self.band_rows, least, own)
        found, similarity = np.empty(n, np.int32), np.empty(n)
        count = set_matches(self._indptr, self._indices, self._keys, self._nodes, own, members,
                            np.zeros(n, bool), np.zeros(n, bool), found, similarity)  # fmt: skip
        return found[:count].copy(), similarity[:count].copy()

    def _ranked(self, found: np.ndarray, score: np.ndarray, k: int) -> Ranked:
        best = np.lexsort((found, -score))[:k]
        return Ranked(self._order[found[best]], score[best])

    def _walked(self, seeds: np.ndarray, size: int, pool: int) -> Ranked:
        total = np.zeros(self.n_nodes)
        for v in seeds:
            found, similarity = self._matches(self._indices[self._indptr[v] : self._indptr[v + 1]])
            total[found] += similarity
        near = np.setdiff1d(np.flatnonzero(total), seeds)
        near = near[np.lexsort((near, -total[near]))[:pool]]
        nodes = np.concatenate((seeds, near)).astype(np.int32)
        similar = np.empty((len(nodes), len(nodes)))
        pool_similarities(self._indptr, self._indices, nodes, np.zeros(self.n_nodes, bool), similar)
        walk = similar / np.maximum(similar.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        start = np.zeros(len(nodes))
        start[: len(seeds)] = 1.0 / len(seeds)
        share = start
        for _ in range(_ROUNDS):
            share = _DAMPING * (share @ walk) + (1.0 - _DAMPING) * start
        return self._ranked(nodes[len(seeds) :], share[len(seeds) :], size)

    def _canonical(self, nodes: Any) -> np.ndarray:
        """Canonical numbers of given nodes."""
        if self._names is not None:
            known = self._known()
            missing = [node for node in nodes if _as_key(node, self._names) not in known]
            if missing:
                raise InvalidDataError(
                    f"{missing[0]!r} is no node of the graph.", name="nodes", got=missing[0]
                )
            return self._place[[known[_as_key(node, self._names)] for node in nodes]]
        numbers = np.asarray(nodes)
        if numbers.ndim != 1 or not len(numbers) or numbers.dtype.kind not in "iu":
            raise InvalidParameterError(
                "Nodes are given by their numbers.", name="nodes", allowed="integers, at least one", got=nodes
            )
        wrong = numbers[(numbers < 0) | (numbers >= self.n_nodes)]
        if len(wrong):
            raise InvalidDataError(
                f"{wrong[0]} is no node of the graph.",
                name="nodes",
                allowed=f"0 to {self.n_nodes - 1}" if self.n_nodes else "a graph with at least one node",
                got=int(wrong[0]),
            )
        return self._place[numbers]

    def _known(self) -> dict[Any, int]:
        if not hasattr(self, "_numbers"):
            self._numbers = {name: number for number, name in enumerate(self._names.tolist())}
        return self._numbers


def _as_key(node: Any, names: np.ndarray) -> Any:
    return str(node) if names.dtype.kind in "OUT" else node


def _hash_functions(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Odd factors and shifts of multiply-shift functions, always the same ones."""
    stream = np.random.default_rng(_STREAM)
    draws = stream.integers(0, 2**64, (2, count), dtype=np.uint64, endpoint=False)
    return draws[0] | np.uint64(1), draws[1]


def _with_itself(given: InputGraph) -> tuple[np.ndarray, np.ndarray]:
    """Rows with the node itself in its place."""
    graph, n = given.graph, given.n
    tail = np.concatenate((np.repeat(np.arange(n), np.diff(graph.indptr)), np.arange(n)))
    head = np.concatenate((graph.indices, np.arange(n, dtype=np.int32)))
    order = np.lexsort((head, tail))
    return graph.indptr + np.arange(n + 1), np.ascontiguousarray(head[order])


def _sorted_keys(
    indptr: np.ndarray,
    indices: np.ndarray,
    factor: np.ndarray,
    shift: np.ndarray,
    band_rows: int,
    n_bands: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Sorted keys of nodes with neighbours, band by band, and the nodes behind them."""
    n = len(indptr) - 1
    keys = np.empty((n_bands, n), np.uint32)
    map_blocks(
        lambda start, stop: nodes_keys(indptr, indices, factor, shift, band_rows, start, stop, keys),
        n,
        _BLOCK,
    )
    listed = np.flatnonzero(np.diff(indptr)).astype(np.int32)
    nodes, ordered = np.empty((n_bands, len(listed)), np.int32), np.empty((n_bands, len(listed)), np.uint32)

    def sort_bands(start: int, stop: int) -> None:
        for b in range(start, stop):
            own = keys[b, listed]
            order = np.argsort(own, kind="stable")
            nodes[b], ordered[b] = listed[order], own[order]

    map_blocks(sort_bands, n_bands, 4)
    return ordered, nodes


def _version() -> str:
    from partita import __version__

    return __version__
