"""LowDiameter: parts within parts of bounded diameter; DistanceOracle: distances by such trees. For users."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from partita._core.errors import InvalidDataError
from partita._core.memory import check_memory
from partita._core.params import Integer, OneOf, Real, Rule, check_parameters
from partita.graphs._input import InputGraph, as_graph
from partita.graphs._shifts import Nested, edge_lengths, nested_clusters
from partita.hierarchy import Hierarchy, MadeBy, assemble
from partita.hierarchy.maker import HierarchyMaker
from partita.kernels.low_diameter import pairs_through

_CITATION = (
    "G. Miller, R. Peng, S. Xu, Parallel graph decompositions using random shifts, SPAA 2013, "
    "doi:10.1145/2486159.2486180"
)
_LENGTHS = OneOf(("hops", "weights", "inverse"))
_SAMPLE = 32
_BALL = 8.0


class LowDiameter(HierarchyMaker):
    """Divide a graph into connected parts of bounded diameter, within parts of a larger bound, and so on.

    *When to choose this*: a hierarchy in which near nodes share a part, and a part's nodes are near each
    other for sure: routing, network design, sketches of distances. For parts of even load take
    ``MultilevelPartition``; for communities ``BottomUp``.

    Parameters
    ----------
    lengths : {"hops", "weights", "inverse"}
        The length of an edge: 1, its weight, or one over its weight (for weights that say how near).
    shrink : float
        The ratio of the bounds of one level and the next.
    random_state : int
        Of the shifts. The same number gives the same parts, in whatever order nodes come.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        ``height`` is the bound of a part's diameter, along ways within it.
    labels_ : int32[n]
        Parts of the finest level.
    radius_ : float64 (levels, n)
        The distance of each node from the centre of its part, within the part, for each named level.
    made_by_ : MadeBy
        Certificates, for each named level: ``scales``; ``diameters``, the largest twice the radius of a part;
        ``cut``, the share of edges between parts; ``overlap_mean`` and ``overlap_max``, how many parts a ball
        of radius scale / 8 around a node meets, of 32 nodes; and ``stretch_mean`` and ``stretch_max`` of
        distances in the tree (through centres) against true ones, from the same nodes to all.

    Notes
    -----
    Random shifts: every node starts to grow a little early, by an exponential time cut off at half the bound,
    and who comes first takes a node. The bound is so kept always, not only with high probability. This is not
    the construction of *Shortcut partitions in minor-free graphs* nor that of *One tree to rule them all*,
    whose guarantees on hops, stretch and overlap it does not share; these are measured instead. O(e log e)
    time for each level, log(diameter / shortest edge) levels.

    References
    ----------
    G. Miller, R. Peng and S. Xu, Parallel graph decompositions using random shifts, SPAA 2013.
    https://doi.org/10.1145/2486159.2486180

    H.-C. Chang et al., Shortcut partitions in minor-free graphs: Steiner point removal, distance oracles,
    tree covers, and more, 2023. https://arxiv.org/abs/2308.00555

    C. Busch et al., One tree to rule them all: poly-logarithmic universal Steiner tree, FOCS 2023.
    https://arxiv.org/abs/2308.01199

    Examples
    --------
    >>> import numpy as np
    >>> path = np.diag(np.ones(15), 1)
    >>> tree = LowDiameter().fit(path + path.T)
    >>> certificates = tree.made_by_.certificates
    >>> bool(np.all(np.array(certificates["diameters"]) <= certificates["scales"]))
    True
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "lengths": _LENGTHS,
        "shrink": Real(low=1.1, high=100.0),
        "random_state": Integer(low=0),
    }

    def __init__(self, *, lengths: str = "hops", shrink: float = 2.0, random_state: int = 0) -> None:
        self.lengths = lengths
        self.shrink = shrink
        self.random_state = random_state

    def fit(self, graph: Any, y: Any = None) -> LowDiameter:
        """Divide `graph`.

        Parameters
        ----------
        graph : what ``scipy.sparse`` holds, networkx or igraph graph, edges (n_edges, 2 or 3)
            Undirected.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError, InvalidDataError
        """
        from partita import __version__

        started = time.perf_counter()
        self._check_parameters()
        given = graph if isinstance(graph, InputGraph) else as_graph(graph)
        lengths = edge_lengths(given.graph, self.lengths)
        nested = nested_clusters(given.graph, lengths, self.shrink, int(self.random_state), 0)
        certificates = _measured(given, lengths, nested)
        made_by = MadeBy(
            method="LowDiameter",
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=given.fingerprint,
            seconds=time.perf_counter() - started,
            citation=_CITATION,
            certificates=certificates,
            notes=given.notes,
        )
        self._set_hierarchy(_hierarchy(given, nested, made_by))
        self.radius_ = nested.distance[:, given.place]
        return self


class DistanceOracle(BaseEstimator):
    """Distances of nodes from both sides, by a cover of trees of bounded diameter.

    *When to choose this*: many questions for distances in a graph too large to hold them all, and a small
    factor does not matter.

    Parameters
    ----------
    n_trees : int
        More trees are closer to the truth, and take more memory and time.
    lengths : {"hops", "weights", "inverse"}
        As for ``LowDiameter``.
    shrink : float
    random_state : int

    Attributes
    ----------
    made_by_ : MadeBy
        Certificates: mean and largest stretch from 32 nodes to all; bytes.
    nbytes_ : int
        12 bytes for each tree, level and node.

    Notes
    -----
    For every tree of ``LowDiameter``: at the finest levels that hold both nodes in one part, the way through
    its centre is a way in the graph, so that no estimate is too small. The components' centres give distances
    that are exact, and two nodes are no nearer than the difference of theirs. A query takes O(trees levels).

    References
    ----------
    H.-C. Chang et al., Shortcut partitions in minor-free graphs: Steiner point removal, distance oracles,
    tree covers, and more, 2023. https://arxiv.org/abs/2308.00555 (that trees cover a graph; made otherwise)

    Examples
    --------
    >>> import numpy as np
    >>> ring = np.roll(np.eye(30), 1, axis=0)
    >>> oracle = DistanceOracle(n_trees=12).fit(ring + ring.T)
    >>> low, high = oracle.bounds([0], [4])
    >>> bool(low[0] <= 4 <= high[0])
    True
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "n_trees": Integer(low=1, high=1024),
        "lengths": _LENGTHS,
        "shrink": Real(low=1.1, high=100.0),
        "random_state": Integer(low=0),
    }

    def __init__(
        self, n_trees: int = 16, *, lengths: str = "hops", shrink: float = 2.0, random_state: int = 0
    ) -> None:
        self.n_trees = n_trees
        self.lengths = lengths
        self.shrink = shrink
        self.random_state = random_state

    def fit(self, graph: Any, y: Any = None) -> DistanceOracle:
        """Make the trees.

        Parameters
        ----------
        graph : what ``scipy.sparse`` holds, networkx or igraph graph, edges (n_edges, 2 or 3)
            Undirected.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError, InvalidDataError, BudgetError
        """
        from partita import __version__

        started = time.perf_counter()
        check_parameters("DistanceOracle", self._rules, self.get_params(deep=False))
        given = graph if isinstance(graph, InputGraph) else as_graph(graph)
        lengths = edge_lengths(given.graph, self.lengths)
        trees: list[Nested] = []
        for tree in range(self.n_trees):
            trees.append(nested_clusters(given.graph, lengths, self.shrink, int(self.random_state), tree))
            check_memory(
                (12 * self.n_trees + 12) * len(trees[0].scales) * given.n,
                what=f"An oracle of {self.n_trees} trees over {given.n} nodes",
                alternative="take fewer trees, or a larger 'shrink'",
            )
        self._place = given.place
        self._labels, self._distance = _stacked(trees, given.n)
        self.nbytes_ = int(self._labels.nbytes + self._distance.nbytes)
        stretch = _stretch(given, lengths, self._labels, self._distance)
        self.made_by_ = MadeBy(
            method="DistanceOracle",
            parameters=dict(self.get_params(deep=False)),
            version=__version__,
            fingerprint=given.fingerprint,
            seconds=time.perf_counter() - started,
            citation=_CITATION,
            certificates={**stretch, "nbytes": self.nbytes_},
            notes=given.notes,
        )
        return self

    def bounds(self, i: Any, j: Any) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bounds of the distances of nodes `i` and `j`.

        Parameters
        ----------
        i, j : array-like of int, of one shape

        Returns
        -------
        low, high : float64, of that shape
            Both inf for nodes of different components.

        Raises
        ------
        InvalidDataError
        """
        check_is_fitted(self, "made_by_")
        first, second = np.broadcast_arrays(np.asarray(i), np.asarray(j))
        for name, nodes in (("i", first), ("j", second)):
            if nodes.dtype.kind not in "iu" or ((nodes < 0) | (nodes >= len(self._place))).any():
                raise InvalidDataError(
                    f"The nodes {name!r} are not valid.", name=name, allowed=f"0 to {len(self._place) - 1}",
                    got=nodes,
                )  # fmt: skip
        low, high = np.empty(first.size), np.empty(first.size)
        pairs_through(self._labels, self._distance, self._place[first.ravel()], self._place[second.ravel()],
                      low, high)  # fmt: skip
        return low.reshape(first.shape), high.reshape(first.shape)

    def distances(self, i: Any, j: Any) -> np.ndarray:
        """Upper bounds of the distances of nodes `i` and `j`: lengths of real ways."""
        return self.bounds(i, j)[1]


def _hierarchy(given: InputGraph, nested: Nested, made_by: MadeBy) -> Hierarchy:
    """A part for each cluster; one component is the root itself."""
    counts = nested.labels.max(axis=1, initial=-1) + 1
    below = nested.labels if counts[0] > 1 else nested.labels[1:]
    scales = nested.scales if counts[0] > 1 else nested.scales[1:]
    parent, height = [np.array([-1])], [np.array([np.inf if counts[0] > 1 else nested.scales[0]])]
    levels, offset, held = [], 1, np.zeros(given.n, np.intp)
    for own, scale in zip(below, scales):
        count = int(own.max(initial=-1)) + 1
        up = np.empty(count, np.intp)
        up[own] = held
        parent.append(up)
        height.append(np.full(count, scale))
        levels.append(np.arange(offset, offset + count))
        held, offset = own + offset, offset + count
    hierarchy, _ = assemble(
        given.given(np.asarray(held, np.intp)),
        np.concatenate(parent),
        np.concatenate(height),
        levels=levels,
        item_rank=given.place,
        item_ids=given.names,
        made_by=made_by,
    )
    return hierarchy


def _stacked(trees: list[Nested], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and distances of all trees; levels that a tree lacks hold every node alone."""
    levels = max(len(tree.scales) for tree in trees)
    labels = np.tile(np.arange(n, dtype=np.int32), (len(trees), levels, 1))
    distance = np.zeros((len(trees), levels, n))
    for t, tree in enumerate(trees):
        labels[t, : len(tree.scales)] = tree.labels
        distance[t, : len(tree.scales)] = tree.distance
    return labels, distance


def _true_distances(given: InputGraph, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Some nodes, evenly taken, and their distances to all."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    nodes = np.unique(np.linspace(0, given.n - 1, min(_SAMPLE, given.n)).astype(np.int64))
    matrix = csr_array((lengths, given.graph.indices, given.graph.indptr), shape=(given.n, given.n))
    return nodes, dijkstra(matrix, directed=True, indices=nodes).reshape(len(nodes), given.n)


def _stretch(
    given: InputGraph, lengths: np.ndarray, labels: np.ndarray, distance: np.ndarray
) -> dict[str, float]:
    if given.n < 2:
        return {"stretch_mean": 1.0, "stretch_max": 1.0}
    nodes, true = _true_distances(given, lengths)
    row, other = np.nonzero(np.isfinite(true) & (true > 0))
    low, high = np.empty(len(row)), np.empty(len(row))
    pairs_through(labels, distance, nodes[row], other.astype(np.int64), low, high)
    ratio = high / true[row, other]
    mean = float(ratio.mean()) if len(ratio) else 1.0
    return {"stretch_mean": mean, "stretch_max": float(ratio.max(initial=1.0))}


def _measured(given: InputGraph, lengths: np.ndarray, nested: Nested) -> dict[str, Any]:
    found: dict[str, Any] = {"scales": nested.scales.tolist()}
    found["diameters"] = (2.0 * nested.distance.max(axis=1, initial=0.0)).tolist()
    tail = np.repeat(np.arange(given.n), np.diff(given.graph.indptr))
    apart = nested.labels[:, tail] != nested.labels[:, given.graph.indices]
    found["cut"] = (apart.mean(axis=1) if apart.shape[1] else np.zeros(len(apart))).tolist()
    if given.n:
        _, true = _true_distances(given, lengths)
        met = [
            [len(np.unique(own[row <= scale / _BALL])) for row in true]
            for own, scale in zip(nested.labels, nested.scales)
        ]
        found["overlap_mean"] = np.mean(met, axis=1).tolist()
        found["overlap_max"] = np.max(met, axis=1).tolist()
    return {**found, **_stretch(given, lengths, nested.labels[None], nested.distance[None])}
