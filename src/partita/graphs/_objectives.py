"""What makes communities good, each as weight within less a form of summed vectors. Called by Communities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from partita._core.errors import InvalidDataError
from partita.graphs._leiden import Problem
from partita.kernels.csr import Graph, row_sums, transpose


@dataclass(frozen=True)
class Objective:
    """A problem in the engine's terms, and the way back to the quality that papers define.

    Attributes
    ----------
    problem : Problem
    scale, offset : float
        ``quality = (value + offset) / scale``.
    size : float64[n] or None
        With these sizes, the density between two communities is the resolution at which joining them pays;
        None where the objective has no such scale.
    """

    problem: Problem
    scale: float
    offset: float
    size: np.ndarray | None

    def quality(self, labels: np.ndarray) -> float:
        """The quality of a partition, recomputed from its labels."""
        return (self.problem.value(labels) + self.offset) / self.scale


def degrees(graph: Graph) -> np.ndarray:
    """Row sums of the weights, the loops included, float64[n]."""
    out = np.empty(len(graph.loops))
    row_sums(graph.indptr, graph.weights, graph.loops, out)
    return out


def _total(sums: np.ndarray) -> float:
    return float(sums.sum()) or 1.0


def modularity(graph: Graph, resolution: float) -> Objective:
    """M. E. J. Newman, M. Girvan (2004), doi:10.1103/PhysRevE.69.026113, with a resolution."""
    k = degrees(graph)
    total = _total(k)
    problem = Problem(graph, k[:, None].copy(), np.array([[resolution / total]]))
    return Objective(problem, total, 0.0, k / np.sqrt(total))


def cpm(graph: Graph, resolution: float) -> Objective:
    """V. A. Traag, P. Van Dooren, Y. Nesterov (2011), doi:10.1103/PhysRevE.84.016114."""
    size = graph.node_weight
    problem = Problem(graph, size[:, None].copy(), np.array([[float(resolution)]]))
    return Objective(problem, 2.0, resolution * float((size * size).sum()), size)


def directed(graph: Graph, resolution: float) -> Objective:
    """E. A. Leicht, M. E. J. Newman (2008), doi:10.1103/PhysRevLett.100.118703. IN entries u to v."""
    back = transpose(graph)
    out, into = degrees(graph), degrees(back)
    total = _total(out)
    pull = resolution / total
    both = _sum(graph, back)._replace(loops=2.0 * graph.loops)
    problem = Problem(both, np.column_stack((out, into)), np.array([[0.0, pull], [pull, 0.0]]))
    return Objective(problem, 2.0 * total, 0.0, (out + into) / np.sqrt(2.0 * total))


def bipartite(graph: Graph, resolution: float, side: np.ndarray) -> Objective:
    """M. J. Barber (2007), doi:10.1103/PhysRevE.76.066102. IN side bool[n]."""
    k = degrees(graph)
    total = _total(k)
    pull = 2.0 * resolution / total
    vectors = np.column_stack((np.where(side, k, 0.0), np.where(side, 0.0, k)))
    problem = Problem(graph, vectors, np.array([[0.0, pull], [pull, 0.0]]))
    return Objective(problem, total, 0.0, k / np.sqrt(total))


def signed(graph: Graph, resolution: float) -> Objective:
    """S. Gómez, P. Jensen, A. Arenas (2009), doi:10.1103/PhysRevE.80.016114."""
    plus = degrees(graph._replace(weights=np.maximum(graph.weights, 0.0), loops=np.maximum(graph.loops, 0.0)))
    minus = degrees(
        graph._replace(weights=np.maximum(-graph.weights, 0.0), loops=np.maximum(-graph.loops, 0.0))
    )
    form = np.diag([resolution / _total(plus), -resolution / _total(minus)])
    problem = Problem(graph, np.column_stack((plus, minus)), form)
    return Objective(problem, float(plus.sum() + minus.sum()) or 1.0, 0.0, None)


def multicut(graph: Graph, resolution: float) -> Objective:
    """The weight within communities alone, each edge once: N. Bansal, A. Blum, S. Chawla (2004),
    doi:10.1023/B:MACH.0000033116.57574.95."""
    return Objective(Problem(graph, np.zeros((len(graph.loops), 1)), np.zeros((1, 1))), 2.0, 0.0, None)


def multiplex(layers: list[Graph], resolution: float, share: np.ndarray) -> Objective:
    """The sum over layers of share times modularity: P. J. Mucha et al. (2010), doi:10.1126/science.1184819,
    where a node has one community in all layers."""
    sums = [degrees(layer) for layer in layers]
    totals = [_total(k) for k in sums]
    graph = layers[0]._replace(
        weights=layers[0].weights * (share[0] / totals[0]), loops=layers[0].loops * (share[0] / totals[0])
    )
    for layer, total, part in zip(layers[1:], totals[1:], share[1:]):
        scaled = layer._replace(weights=layer.weights * (part / total), loops=layer.loops * (part / total))
        graph = _sum(graph, scaled)._replace(loops=graph.loops + scaled.loops)
    form = np.diag([resolution * part / (total * total) for part, total in zip(share, totals)])
    return Objective(
        Problem(graph, np.column_stack(sums), form), float(np.abs(share).sum()) or 1.0, 0.0, None
    )


UNDIRECTED: dict[str, Callable[[Graph, float], Objective]] = {
    "modularity": modularity,
    "cpm": cpm,
    "directed": directed,
    "signed": signed,
    "multicut": multicut,
}


def _sum(a: Graph, b: Graph) -> Graph:
    """The graph whose weights are the sums of those of `a` and `b`; the loops of `a`."""
    from scipy.sparse import csr_array

    n = len(a.loops)
    both = csr_array((a.weights, a.indices, a.indptr), shape=(n, n)) + csr_array(
        (b.weights, b.indices, b.indptr), shape=(n, n)
    )
    both.sort_indices()
    return a._replace(
        indptr=both.indptr.astype(np.int64), indices=both.indices.astype(np.int32), weights=both.data
    )


def two_sides(graph: Graph, side: np.ndarray | None, shown: np.ndarray) -> np.ndarray:
    """The side of each node, bool[n]: as given and checked, or by colouring every component.

    Raises
    ------
    InvalidDataError
        For an edge within one side, or an odd cycle; each names an edge.
    """
    rows = np.repeat(np.arange(len(graph.loops)), np.diff(graph.indptr))
    if side is None:
        side = _coloured(graph)
        why = "the graph has an odd cycle, and so no two sides"
    else:
        why = "both ends are on one side"
    same = np.flatnonzero(side[rows] == side[graph.indices])
    if len(same):
        u, v = rows[same[0]], graph.indices[same[0]]
        raise InvalidDataError(
            f"The edge {shown[u]} - {shown[v]} is not bipartite: {why}.",
            name="sides",
            hint="remove such edges, or choose objective='modularity'",
        )
    return side


def _coloured(graph: Graph) -> np.ndarray:
    """Depth from the first node of each component, modulo two."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    n = len(graph.loops)
    matrix = csr_array((np.ones(len(graph.indices)), graph.indices, graph.indptr), shape=(n, n))
    side, seen = np.zeros(n, bool), np.zeros(n, bool)
    for root in range(n):
        if seen[root]:
            continue
        order, above = breadth_first_order(matrix, root, directed=False)
        seen[order] = True
        for v in order[1:]:
            side[v] = not side[above[v]]
    return side
