"""BootstrapMultigrid: parts of a graph with attributes, in coordinates that multigrid finds. For users."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np

from partita._core.errors import InfeasibleError, InvalidDataError
from partita._core.params import Integer, Optional, Real, Rule
from partita._core.threads import thread_scope
from partita.graphs._input import InputGraph, as_graph
from partita.graphs._multigrid import grounded_laplacian, smooth_coordinates, smooth_vectors
from partita.hierarchy import Hierarchy, MadeBy, assemble
from partita.hierarchy.maker import HierarchyMaker

_CITATION = (
    "P. D'Ambra, P. S. Vassilevski, L. Cutillo, Extending bootstrap AMG for clustering of attributed graphs, "
    "Appl. Math. Comput. 447 (2023), doi:10.1016/j.amc.2023.127904, arXiv:2109.09367"
)
_ROUNDS = 15


class BootstrapMultigrid(HierarchyMaker):
    """Parts of nodes that edges and shared attributes hold together.

    *When to choose this*: nodes have attributes (words, categories, tags) that say as much as the edges do.
    For edges alone take ``Communities``; around single nodes ``LocalCluster``.

    Parameters
    ----------
    n_clusters : int, optional
        Parts of the finest level. Default: of 2, 3, 4, 6, 8, 12, … up to 64 and half the nodes, the number of
        largest modularity in the graph.
    attribute_weight : float
        What attributes weigh in all against edges in all.
    n_vectors : int
        Smooth vectors, at most.
    factor : float
        No more vectors are sought where the cycles take away all but this share of any vector in a round.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        Nested cells of the coordinates.
    labels_ : int32[n]
    coordinates_ : float64 (n, r)
        Of the nodes, in the order in which they were given.
    made_by_ : MadeBy
        Certificates: modularity of the finest level; the share that each vector kept in its last round.

    Notes
    -----
    Each value of an attribute is a vertex, tied to the nodes that have it. A multigrid cycle is made by
    matching vertices in pairs along the edges that a vector ties most closely; what the cycles so far leave
    of a random vector is smooth, and the next cycle is made for it. The smoothest directions within the span
    of all of them, the longer the smoother, are the coordinates, in which ``HierarchicalKMeans`` finds nested
    parts. O(e r^2) time.

    References
    ----------
    P. D'Ambra, P. S. Vassilevski and L. Cutillo, Extending bootstrap AMG for clustering of attributed graphs,
    Applied Mathematics and Computation 447 (2023). https://arxiv.org/abs/2109.09367

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.linalg import block_diag
    >>> A = block_diag(np.ones((30, 30)), np.ones((20, 20))) - np.eye(50)
    >>> A[0, 30] = A[30, 0] = 1
    >>> BootstrapMultigrid(2).fit(A).hierarchy_.cut(level=-1).sizes.tolist()
    [30, 20]
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "n_clusters": Optional(Integer(low=1)),
        "attribute_weight": Real(low=0.0, open_low=True),
        "n_vectors": Integer(low=1, high=256),
        "factor": Real(low=0.0, high=1.0),
    }

    def __init__(
        self,
        n_clusters: int | None = None,
        *,
        attribute_weight: float = 1.0,
        n_vectors: int = 24,
        factor: float = 3e-4,
    ) -> None:
        self.n_clusters = n_clusters
        self.attribute_weight = attribute_weight
        self.n_vectors = n_vectors
        self.factor = factor

    def fit(self, graph: Any, y: Any = None, attributes: Any = None) -> BootstrapMultigrid:
        """Divide the nodes of `graph`.

        Parameters
        ----------
        graph : what ``scipy.sparse`` holds, networkx or igraph graph, edges (n_edges, 2 or 3)
            Undirected.
        y : ignored
        attributes : sparse matrix (n, a) or array-like of integers or texts (n, a), optional
            Sparse: a column is a vertex, an entry the weight with which a node is tied to it. Dense: each
            distinct value of a column is a vertex.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError, InvalidDataError
        InfeasibleError
            For more parts than nodes.
        """
        started = time.perf_counter()
        self._check_parameters()
        given = graph if isinstance(graph, InputGraph) else as_graph(graph)
        if self.n_clusters is not None and self.n_clusters > given.n:
            raise InfeasibleError(
                f"n_clusters={self.n_clusters} is more than the {given.n} nodes.",
                f"n_clusters={given.n}",
                name="n_clusters",
                got=self.n_clusters,
            )
        with thread_scope(1):
            coordinates, shares = self._coordinates(given, attributes)
        tree, modularity = self._parts(given, coordinates)
        self.coordinates_ = given.given(coordinates)
        self._set_hierarchy(self._as_hierarchy(given, tree, modularity, shares, started))
        return self

    def _coordinates(self, given: InputGraph, attributes: Any) -> tuple[np.ndarray, list[float]]:
        from scipy.sparse import block_array, csr_array
        from scipy.sparse.csgraph import connected_components

        n = given.n
        if not n:
            return np.zeros((0, 1)), []
        adjacency = csr_array((given.graph.weights, given.graph.indices, given.graph.indptr), shape=(n, n))
        if attributes is not None:
            ties = attribute_ties(attributes, n)[given.order]
            total = ties.sum()
            if total > 0 and adjacency.nnz:
                ties = ties * (self.attribute_weight * 0.5 * adjacency.sum() / total)
            adjacency = block_array([[adjacency, ties], [ties.T, None]]).tocsr()
        piece = connected_components(adjacency, directed=False)[1]
        grounds = np.unique(piece, return_index=True)[1]
        vectors, shares = smooth_vectors(
            grounded_laplacian(adjacency, grounds), self.n_vectors, self.factor, _ROUNDS
        )
        return np.round(smooth_coordinates(adjacency, vectors)[:n], 9), shares

    def _parts(self, given: InputGraph, coordinates: np.ndarray) -> tuple[Hierarchy, float]:
        """The tree of cells of largest modularity, in canonical order."""
        from partita.points import HierarchicalKMeans

        if given.n < 2:
            return Hierarchy.from_labels([np.zeros(given.n, np.int32)]), 0.0
        distinct = len(np.unique(coordinates, axis=0))
        counts = [min(self.n_clusters, distinct)] if self.n_clusters else _counts(min(given.n // 2, distinct))
        best, most = None, -np.inf
        for count in counts:
            tree = HierarchicalKMeans(count).fit(coordinates).hierarchy_
            quality = modularity_of(given, tree.labels())
            if quality > most:
                best, most = tree, quality
        assert best is not None
        return best, float(most)

    def _as_hierarchy(
        self, given: InputGraph, tree: Hierarchy, modularity: float, shares: list[float], started: float
    ) -> Hierarchy:
        from partita import __version__

        choices = {} if self.n_clusters else {"n_clusters": f"{len(tree.levels[-1])}: largest modularity"}
        made_by = MadeBy(
            method="BootstrapMultigrid",
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=given.fingerprint,
            choices=choices,
            cost=-modularity,
            seconds=time.perf_counter() - started,
            citation=_CITATION,
            certificates={"modularity": modularity, "shares": shares},
            notes=given.notes,
        )
        hierarchy, _ = assemble(
            given.given(tree.item_part), tree.parent, tree.height, levels=tree.levels, item_rank=given.place,
            item_ids=given.names, made_by=made_by,
        )  # fmt: skip
        return hierarchy


def attribute_ties(attributes: Any, n: int) -> Any:
    """Nodes against vertices of attributes, as sparse rows."""
    from scipy.sparse import csr_array, hstack, issparse

    if issparse(attributes):
        ties = csr_array(attributes).astype(np.float64)
        bad = ~(np.isfinite(ties.data) & (ties.data >= 0))
        if bad.any():
            raise InvalidDataError(
                "Attributes hold a weight that is negative or not finite.", name="attributes",
                got=float(ties.data[bad][0]),
            )  # fmt: skip
    else:
        columns = np.asarray(attributes)
        columns = columns[:, None] if columns.ndim == 1 else columns
        if columns.ndim != 2 or columns.dtype.kind not in "iubUOT":
            raise InvalidDataError(
                "Dense attributes are categories: integers or texts, one row for each node.",
                name="attributes",
                got=f"{columns.dtype} of shape {columns.shape}",
                hint="bin numbers first (numpy.digitize), or pass a sparse matrix of weights",
            )
        blocks = []
        for column in columns.T:
            values, code = np.unique(
                column.astype(str) if column.dtype.kind in "OT" else column, return_inverse=True
            )
            rows = np.arange(len(code))
            blocks.append(csr_array((np.ones(len(code)), (rows, code)), shape=(len(code), len(values))))
        ties = csr_array(hstack(blocks)) if blocks else csr_array((len(columns), 0))
    if ties.shape[0] != n:
        raise InvalidDataError(
            "There must be one row of attributes for each node.",
            name="attributes",
            allowed=f"{n} rows",
            got=ties.shape[0],
        )
    return ties


def modularity_of(given: InputGraph, labels: np.ndarray) -> float:
    """Modularity of parts of canonical nodes."""
    graph = given.graph
    tail = np.repeat(np.arange(given.n), np.diff(graph.indptr))
    total = graph.weights.sum()
    if total <= 0:
        return 0.0
    count = int(labels.max()) + 1
    volume = np.bincount(labels[tail], graph.weights, count) / total
    within = graph.weights[labels[tail] == labels[graph.indices]].sum() / total
    return float(within - (volume**2).sum())


def _counts(most: int) -> list[int]:
    found = [count for octave in range(1, 6) for count in (2**octave, 3 * 2 ** (octave - 1))] + [64]
    return sorted({count for count in found if count <= max(most, 1)}) or [1]
