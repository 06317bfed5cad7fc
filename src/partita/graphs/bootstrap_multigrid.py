"""BootstrapMultigrid: parts of a graph with attributes, in coordinates that multigrid finds. For users."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from partita._core.errors import InfeasibleError, InvalidDataError
from partita._core.params import Integer, OneOf, Optional, Real, Rule
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
_WEIGHTS = (0.0, 0.1, 0.3, 1.0)
_STANDS_OUT = 3.0  # standard deviations


@dataclass(frozen=True)
class _Found:
    """Parts at one weight of the attributes, and how well they hold edges and ties together."""

    coordinates: np.ndarray
    shares: list[float]
    tree: Hierarchy
    modularity: float
    of_ties: float
    weight: float
    said: str


class BootstrapMultigrid(HierarchyMaker):
    """Parts of nodes that edges and shared attributes hold together.

    *When to choose this*: nodes have attributes (words, categories, tags) that say as much as the edges do.
    For edges alone take ``Communities``; around single nodes ``LocalCluster``.

    Parameters
    ----------
    n_clusters : int, optional
        Parts of the finest level. Default: of 2, 3, 4, 6, 8, 12, … up to 64 and half the nodes, the number of
        largest modularity in the graph.
    attribute_weight : float, optional
        What attributes weigh in all against edges in all; 0 leaves them out. Default: of 0, .1, .3 and 1 that
        whose parts have the largest sum of two modularities, of the edges and of the ties to attributes.
    attribute_values : {"informative", "equal"}
        "informative": the ties to a value of an attribute count by the square of how much more often edges
        join two nodes with the value than by chance, where that is more than chance alone explains (three
        standard deviations); all alike where no value stands out. "equal": as given.
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
    parts. O(e r^2) time for each weight that is tried.

    Which values of attributes count, and how much they count in all, is chosen by the data unless you say:
    words that are everywhere would tie everything to everything. "equal" with a weight is the paper's way.

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
        "attribute_weight": Optional(Real(low=0.0)),
        "attribute_values": OneOf(("informative", "equal")),
        "n_vectors": Integer(low=1, high=256),
        "factor": Real(low=0.0, high=1.0),
    }

    def __init__(
        self,
        n_clusters: int | None = None,
        *,
        attribute_weight: float | None = None,
        attribute_values: str = "informative",
        n_vectors: int = 24,
        factor: float = 3e-4,
    ) -> None:
        self.n_clusters = n_clusters
        self.attribute_weight = attribute_weight
        self.attribute_values = attribute_values
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
        found = self._best(given, attributes)
        self.coordinates_ = given.given(found.coordinates)
        self._set_hierarchy(self._as_hierarchy(given, found, started))
        return self

    def _best(self, given: InputGraph, attributes: Any) -> _Found:
        """The parts at the weight of attributes that was asked for, or at the one that serves both best."""
        ties, said = None, ""
        if attributes is not None:
            ties = attribute_ties(attributes, given.n)[given.order]
            if self.attribute_values == "informative":
                ties, said = informative_ties(given, ties)
        if ties is None or not ties.nnz or not len(given.graph.indices):
            weights: tuple[float, ...] = (1.0,)
        else:
            weights = _WEIGHTS if self.attribute_weight is None else (float(self.attribute_weight),)
        found = [self._found(given, ties, weight, said) for weight in weights]
        return max(found, key=lambda one: one.modularity + one.of_ties)

    def _found(self, given: InputGraph, ties: Any, weight: float, said: str) -> _Found:
        with thread_scope(1):
            coordinates, shares = _coordinates(
                given, ties if weight > 0.0 else None, weight, self.n_vectors, self.factor
            )
        tree, modularity = self._parts(given, coordinates)
        of_ties = 0.0 if ties is None else modularity_of_ties(ties, tree.labels())
        return _Found(coordinates, shares, tree, modularity, of_ties, weight, said)

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

    def _as_hierarchy(self, given: InputGraph, found: _Found, started: float) -> Hierarchy:
        from partita import __version__

        tree = found.tree
        choices: dict[str, Any] = {}
        if not self.n_clusters:
            choices["n_clusters"] = f"{len(tree.levels[-1])}: largest modularity"
        if found.said:
            choices["attribute_values"] = found.said
            if self.attribute_weight is None:
                choices["attribute_weight"] = found.weight
        made_by = MadeBy(
            method="BootstrapMultigrid",
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=given.fingerprint,
            choices=choices,
            cost=-found.modularity,
            seconds=time.perf_counter() - started,
            citation=_CITATION,
            certificates={
                "modularity": found.modularity,
                "modularity_of_ties": found.of_ties,
                "shares": found.shares,
            },
            notes=given.notes,
        )
        hierarchy, _ = assemble(
            given.given(tree.item_part), tree.parent, tree.height, levels=tree.levels, item_rank=given.place,
            item_ids=given.names, made_by=made_by,
        )  # fmt: skip
        return hierarchy


def _coordinates(
    given: InputGraph, ties: Any, weight: float, n_vectors: int, factor: float
) -> tuple[np.ndarray, list[float]]:
    """Coordinates of canonical nodes, and the share that each smooth vector kept in its last round."""
    from scipy.sparse import block_array, csr_array
    from scipy.sparse.csgraph import connected_components

    n = given.n
    if not n:
        return np.zeros((0, 1)), []
    adjacency = csr_array((given.graph.weights, given.graph.indices, given.graph.indptr), shape=(n, n))
    if ties is not None:
        total = ties.sum()
        if total > 0 and adjacency.nnz:
            ties = ties * (weight * 0.5 * adjacency.sum() / total)
        adjacency = block_array([[adjacency, ties], [ties.T, None]]).tocsr()
    piece = connected_components(adjacency, directed=False)[1]
    grounds = np.unique(piece, return_index=True)[1]
    vectors, shares = smooth_vectors(grounded_laplacian(adjacency, grounds), n_vectors, factor, _ROUNDS)
    return np.round(smooth_coordinates(adjacency, vectors)[:n], 9), shares


def informative_ties(given: InputGraph, ties: Any) -> tuple[Any, str]:
    """Ties by how much more often than by chance edges join two nodes with the same value.

    For the nodes of a value, which hold a share v of all ends of edges and a share e of the edges within,
    that is ``(e - v^2) / (v - v^2)``, with a standard deviation of one over the root of the number of edges
    where edges know nothing of the value. O(e) for each entry of a row.

    Returns
    -------
    ties : csr_array
        Without the values that don't stand out; unchanged where none does.
    said : str
    """
    from scipy.sparse import csr_array, diags_array

    graph = given.graph
    adjacency = csr_array((graph.weights, graph.indices, graph.indptr), shape=(given.n, given.n))
    total = float(graph.weights.sum())
    if not total:
        return ties, "all alike: there are no edges"
    there = csr_array((np.ones(len(ties.data)), ties.indices, ties.indptr), shape=ties.shape)
    volume = there.T @ np.asarray(adjacency.sum(axis=1)).ravel() / total
    within = np.asarray(there.multiply(adjacency @ there).sum(axis=0)).ravel() / total
    spread = volume - volume**2
    excess = np.divide(within - volume**2, spread, out=np.zeros(len(volume)), where=spread > 1e-12)
    held = excess > _STANDS_OUT / np.sqrt(len(graph.indices) / 2)
    if not held.any():
        return ties, "all alike: edges know of none"
    kept = csr_array(ties @ diags_array(np.where(held, excess**2, 0.0)))
    kept.eliminate_zeros()
    return kept, f"{int(held.sum())} of {len(held)} values, by how edges hold their nodes together"


def modularity_of_ties(ties: Any, labels: np.ndarray) -> float:
    """Barber's modularity of the ties, each value with the part that makes it largest."""
    from scipy.sparse import csr_array

    total = float(ties.sum())
    if not total:
        return 0.0
    n, count = len(labels), int(labels.max()) + 1
    member = csr_array((np.ones(n), (labels, np.arange(n))), shape=(count, n))
    share = (member @ ties).toarray() / total
    return float((share - np.outer(share.sum(axis=1), share.sum(axis=0))).max(axis=0).sum())


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
