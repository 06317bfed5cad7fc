"""AcyclicPartition: parts of a directed acyclic graph that can run one after the other. For users."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np

from partita._core.errors import InfeasibleError, InvalidDataError
from partita._core.params import Integer, Optional, Real, Rule
from partita._core.threads import thread_scope
from partita.graphs._input import InputGraph, as_graph
from partita.graphs._part_bounds import check_resources
from partita.hierarchy import Hierarchy, MadeBy
from partita.hierarchy.maker import HierarchyMaker
from partita.kernels.csr import transpose
from partita.kernels.path_parts import best_runs, order_sources

_CITATION = "B. W. Kernighan, Optimal sequential partitions of graphs (1971), doi:10.1145/321623.321627"


class AcyclicPartition(HierarchyMaker):
    """Divide a directed acyclic graph into parts in a sequence: edges lead within a part or to a later one.

    *When to choose this*: the parts are to be run, loaded or timed one after the other (levels of a circuit,
    steps of a workflow), each within a limit. Where order does not matter, take ``MultilevelPartition``.

    Parameters
    ----------
    max_weight : float, optional
        What the nodes of a part weigh together at most. Default: no limit, which needs `n_parts`.
    n_parts : int, optional
        At most so many parts. Default: any number.
    node_weights : array-like of shape (n,), optional
        Default: 1 each.

    Attributes
    ----------
    hierarchy_ : Hierarchy
    labels_ : int32[n]
        Parts, the one of most nodes first.
    steps_ : int32[n]
        The same parts by their place in the sequence.
    cut_ : float
        Weight of the edges between parts.
    order_ : int64[n]
        The order of the nodes of which the parts are runs.
    n_clusters_ : int
    made_by_ : MadeBy

    Notes
    -----
    Nodes are ordered such that edges lead onward, depth first; of all divisions of this order into runs
    within the limit the one of least cut is found by dynamic programming, exactly. Another order may allow
    a smaller cut: choosing it is NP-hard. Without a limit on the number of parts O(n l d) time for runs of
    at most l nodes and d edges a node, otherwise `n_parts` times that; O(n) memory, or ``n * n_parts``.

    References
    ----------
    B. W. Kernighan, Optimal sequential partitions of graphs, Journal of the ACM 18 (1971).
    https://doi.org/10.1145/321623.321627

    R. Zhong et al., PreRoutGNN for timing prediction with order preserving partition, AAAI (2024).
    https://arxiv.org/abs/2403.00012

    Examples
    --------
    >>> edges = [[0, 1], [1, 2], [0, 2], [2, 3], [3, 4], [4, 5], [3, 5]]
    >>> parts = AcyclicPartition(max_weight=3).fit(edges)
    >>> parts.steps_.tolist(), parts.cut_
    ([0, 0, 0, 1, 1, 1], 1.0)
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "max_weight": Optional(Real(low=0.0)),
        "n_parts": Optional(Integer(low=1)),
    }

    steps_: np.ndarray
    order_: np.ndarray
    cut_: float

    def __init__(
        self, max_weight: float | None = None, *, n_parts: int | None = None, node_weights: Any = None
    ) -> None:
        self.max_weight = max_weight
        self.n_parts = n_parts
        self.node_weights = node_weights

    def fit(self, X: Any, y: Any = None) -> AcyclicPartition:
        """Divide the graph `X`.

        Parameters
        ----------
        X : sparse or dense square matrix, networkx or igraph graph, edges (n_edges, 2 or 3), or io.Source
            Entry (u, v) is the weight of the edge from u to v.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        InvalidDataError
            For a graph with a cycle, naming a node on it or behind it.
        InfeasibleError
            For a node heavier than `max_weight`, or where `n_parts` runs can't hold all nodes.
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(1):
            given = as_graph(X, directed=True)
            weight = check_resources(self.node_weights, given.n)
            if weight.shape[1] != 1:
                raise InvalidDataError(
                    "Parts in a sequence have one weight a node.", name="node_weights", got=weight.shape
                )
            order = _onward(given)
            ordered = np.ascontiguousarray(weight[given.order[order], 0])
            begins, cost = self._runs(given, order, ordered)
            self._keep(given, order, begins, cost, started)
        return self

    def _runs(self, given: InputGraph, order: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
        cap = np.inf if self.max_weight is None else float(self.max_weight)
        if len(weight) and weight.max() > cap:
            node = int(given.order[order[np.argmax(weight)]])
            raise InfeasibleError(
                f"Node {node} weighs {weight.max():g} alone.",
                f"max_weight={weight.max():g}",
                name="max_weight",
            )
        start, tail, price = _edges_back(given, order)
        begins, cost = best_runs(start, tail, price, weight, cap, int(self.n_parts or 0))
        if not np.isfinite(cost):
            fewest, _ = best_runs(start, tail, np.zeros_like(price), weight, cap, 0)
            raise InfeasibleError(
                f"Runs of the order that weigh at most {cap:g} are at least {len(fewest)}.",
                f"n_parts={len(fewest)}, or a larger max_weight",
                name="n_parts",
                got=self.n_parts,
            )
        return begins, float(cost)

    def _keep(
        self, given: InputGraph, order: np.ndarray, begins: np.ndarray, cost: float, started: float
    ) -> None:
        from partita import __version__

        step = np.zeros(given.n, np.int32)
        step[begins[1:]] = 1
        steps = np.empty(given.n, np.int32)
        steps[given.order[order]] = np.cumsum(step)
        self.steps_, self.order_, self.cut_ = steps, given.order[order], cost
        made_by = MadeBy(
            method=type(self).__name__,
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=given.fingerprint,
            cost=cost,
            seconds=time.perf_counter() - started,
            citation=_CITATION,
            certificates={"least_cut_of_this_order": cost},
            notes=given.notes,
        )
        self._set_hierarchy(
            Hierarchy.from_labels([steps], item_rank=given.place, item_ids=given.names, made_by=made_by)
        )


def _onward(given: InputGraph) -> np.ndarray:
    graph = given.graph
    degree = np.bincount(graph.indices, minlength=given.n).astype(np.int64)
    order, filled = order_sources(graph.indptr, graph.indices, degree)
    if filled < given.n:
        node = int(given.order[np.flatnonzero(degree > 0)].min())
        shown = node if given.names is None else given.names[node]
        raise InvalidDataError(
            f"The graph has a cycle: node {shown} is on it or behind it.",
            name="X",
            hint="contract cycles first (scipy.sparse.csgraph.connected_components, connection='strong')",
        )
    return order


def _edges_back(given: InputGraph, order: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges into each position of the order: start int64[n + 1], tails (positions) and prices."""
    from scipy.sparse import csr_array

    back = transpose(given.graph)
    matrix = csr_array((back.weights, back.indices, back.indptr), shape=(given.n, given.n))
    position = np.empty(given.n, np.int64)
    position[order] = np.arange(given.n)
    rows = matrix[order]
    return rows.indptr.astype(np.int64), position[rows.indices], rows.data
